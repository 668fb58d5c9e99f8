import type { Input } from "../import/input.ts";
import { LIMITS } from "../topology/limits.ts";
import { nearest } from "../topology/nearest.ts";
import type { Outcome, Problem } from "../topology/problem.ts";
import type { Io, Reading } from "./io.ts";
import { looksLikeObjects } from "./sniff.ts";

/** A topology of our own format, as text. */
export interface Own {
  readonly text: string;
  /** As problems name it. */
  readonly file: string;
  /** Default: the file's name without folder and ending. */
  readonly name?: string;
}

/** What the words behind `--topology` lead to: one file of ours, or objects and whatever is laid over them. */
export type Source = { readonly own: Own } | { readonly inputs: Iterable<Input>; readonly name: string };

/** No text within the limit of characters is longer in UTF-8. */
const MOST_BYTES = LIMITS.json * 3;
/** A file of this size is read before it is known what it is; a larger one is looked at first. */
const SMALL = 8 * 2 ** 20;

/** Opens what `--topology` names: files, folders, `-` for standard input, packaged topologies. */
export function openSource(words: readonly [string, ...string[]], io: Io): Outcome<Source> {
  const [first, ...more] = words;
  const opened = words.map((word) => open(word, io));
  const problems = opened.flatMap((each) => ("why" in each ? [unreadable(each.file, each.why, io)] : []));
  if (problems.length > 0) return { ok: false, problems };
  const [only] = opened;
  if (more.length === 0 && only && "own" in only) return { ok: true, value: only };
  const inputs = opened.map((each) => ("inputs" in each ? each.inputs : "own" in each ? [each.own] : []));
  return { ok: true, value: { inputs: chain(inputs), name: first === "-" ? "stdin" : baseName(first) } };
}

type Opened =
  | { readonly own: Own }
  | { readonly inputs: Iterable<Input> }
  | { readonly file: string; readonly why: string };

/** A packaged name wins over a file of that name, which `./name` still reaches. */
function open(word: string, io: Io): Opened {
  if (word === "-") return openStdin(io);
  const packaged = /^[-a-z0-9]+$/.test(word) ? io.packaged.read(word) : undefined;
  if (packaged?.ok) return { own: { file: packaged.file, name: word, text: packaged.text } };
  const reading = io.read(word, SMALL);
  if (reading.ok) {
    const { text } = reading;
    return looksLikeObjects(text.slice(0, HEAD)) ? { inputs: [{ file: word, text }] } : { own: { file: word, text } };
  }
  if (reading.is === "folder") return { inputs: filesOf(word, io) };
  if (reading.is !== "larger") return { file: word, why: reading.why };
  const [head] = chunks(word, io);
  if (head && looksLikeObjects(textOf(head))) return { inputs: [{ file: word, chunks: chunks(word, io) }] };
  return owned(word, io.read(word, MOST_BYTES));
}

/** How much of a text is looked at to see what it is. */
const HEAD = 65536;

/** Chunks are copied: what is read next overwrites them, and a Buffer's own `slice` would not keep them from it. */
function openStdin(io: Io): Opened {
  const iterator = chunks("-", io)[Symbol.iterator]();
  const first = iterator.next();
  const head = first.done ? new Uint8Array() : Uint8Array.from(first.value);
  const rest = { [Symbol.iterator]: () => iterator };
  if (looksLikeObjects(textOf(head))) return { inputs: [{ file: "stdin", chunks: chain([[head], rest]) }] };
  const parts = [head];
  let size = head.length;
  for (const chunk of rest) {
    size += chunk.length;
    if (size > MOST_BYTES) return { file: "stdin", why: `it is larger than ${MOST_BYTES / 2 ** 20} MiB` };
    parts.push(Uint8Array.from(chunk));
  }
  return { own: { file: "stdin", name: "stdin", text: textOf(...parts) } };
}

function owned(file: string, reading: Reading): Opened {
  return reading.ok ? { own: { file, text: reading.text } } : { file, why: reading.why };
}

/** The files of a folder that can hold objects, each opened when it is its turn. Nobody's secrets are opened at all. */
function* filesOf(folder: string, io: Io): Generator<Input> {
  for (const file of io.list(folder)) {
    if (/\.(?:ya?ml|json)$/i.test(file) && !/(?:^|[/\\])secrets?\b[^/\\]*$/i.test(file))
      yield { file, chunks: chunks(file, io) };
  }
}

/** How much is read between two words on how far it is. */
const STEP = 4 * 2 ** 20;

/** The bytes of a file or of standard input as they come; on the way through a long one the terminal says how far it is. */
function* chunks(file: string, io: Io): Generator<Uint8Array> {
  const opening = io.open(file);
  if (!opening.ok) return;
  let read = 0;
  try {
    for (const chunk of opening.chunks) {
      const steps = Math.floor(read / STEP);
      read += chunk.length;
      if (Math.floor(read / STEP) > steps)
        io.progress(`${file === "-" ? "stdin" : file}: ${Math.floor(read / 2 ** 20)} MiB read`);
      yield chunk;
    }
  } finally {
    if (read >= STEP) io.progress("");
  }
}

function* chain<T>(parts: Iterable<Iterable<T>>): Generator<T> {
  for (const part of parts) yield* part;
}

function textOf(...parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
}

function baseName(file: string): string {
  const [, name = file] = /([^/\\]*?)(?:\.(?:ya?ml|json))?[/\\]*$/i.exec(file) ?? [];
  return name === "" || name === "." ? "objects" : name;
}

function unreadable(file: string, why: string, io: Io): Problem {
  const names = io.packaged.names();
  const isPath = /[/\\.]/.test(file);
  const meant = nearest(file.replace(/\.ya?ml$/, ""), [...names, ...io.packaged.questions()]);
  const hint = meant !== undefined ? `did you mean the packaged ${meant}?` : `packaged are ${names.join(", ")}`;
  const message = `${file === "" ? "an empty name" : file} cannot be read: ${why}`;
  return { code: "unreadable", message, ...((meant !== undefined || !isPath) && { hint }) };
}
