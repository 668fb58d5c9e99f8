/** What came of reading an input: its text, or a few words why not. */
export type Reading = { readonly ok: true; readonly text: string } | NotRead;

/** What came of opening an input: its bytes as they come, or a few words why not. */
export type Opening = { readonly ok: true; readonly chunks: Iterable<Uint8Array> } | NotRead;

interface NotRead {
  readonly ok: false;
  readonly why: string;
  /** Set when it is there, but is no file of that size. */
  readonly is?: "folder" | "larger";
}

/** What came of writing a file: done, or a few words why not. */
export type Writing = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** The topologies that come with the program. */
export interface Packaged {
  /** The names of the plain ones in code-point order. */
  names(): readonly string[];
  /** The names of those that each answer a question, in code-point order. */
  questions(): readonly string[];
  /** Reads one of either; `file` is what problems name it by. */
  read(name: string): Packed;
}

/** What came of reading a packaged topology. */
export type Packed =
  | { readonly ok: true; readonly text: string; readonly file: string }
  | { readonly ok: false; readonly why: string };

/** All that the program sees of the world around it, so that tests can be that world. */
export interface Io {
  readonly packaged: Packaged;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether standard output is a terminal, and how wide it is. */
  readonly terminal: () => { readonly isTty: boolean; readonly columns?: number | undefined };
  /** Reads a whole file; one that is larger than `most` bytes is not read. */
  read(file: string, most: number): Reading;
  /** Opens a file, or standard input as `-`. A chunk may be written over by the next one. */
  open(file: string): Opening;
  /** The files under a folder, however deep, in code-point order; links are not followed. */
  list(folder: string): readonly string[];
  /** Makes a file, or writes over the one that is there. */
  writeFile(file: string, bytes: Uint8Array): Writing;
  /** To standard output; false once nobody reads it any more. */
  write(text: string | Uint8Array): boolean;
  writeError(text: string): void;
  /** Shows on a terminal how far long work is, over what stood there before; empty text takes it away. */
  progress(text: string): void;
  /** The day it is, as `2026-11-26`. */
  today(): string;
}
