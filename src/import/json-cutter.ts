import { LIMITS } from "../topology/limits.ts";

/** A part of a text, blanks before it aside, and where it stands. */
export interface Part {
  readonly text: string;
  readonly at: Spot;
}

/** A line and a column, from 1. */
export interface Spot {
  readonly line: number;
  readonly column: number;
}

/** What is done with the parts of JSON documents: of a list its head, its items and its tail; any other is all tail. */
export interface CutSink {
  /** Up to the bracket before the items of a list. */
  readonly head: (part: Part) => void;
  /** What stands between two commas. */
  readonly item: (part: Part) => void;
  /** From the bracket behind the items, or from the start, to the end of the document. */
  readonly tail: (part: Part) => void;
  /** Maps and lists stand deeper inside one another, here, than anything that is read. */
  readonly tooDeep: (at: Spot) => void;
}

/**
 * Cuts JSON documents, one behind another, into the items of their lists while they come, in as much memory as an item
 * takes: the items of a list that stands by itself, and of the one under `items`.
 *
 * Only strings and nesting are followed here. Whether a part is JSON is for `JSON.parse` to say, of every item and of
 * head and tail together; so nothing that is not JSON as a whole goes through in parts.
 */
export class JsonCutter {
  readonly #sink: CutSink;
  /** The part that is not at its end yet, how much of it has been looked at, and how many bytes there were before it. */
  readonly #rest = new Bytes();
  #seen = 0;
  #before = 0;
  #inString = false;
  #depth = 0;
  /** How deep the commas between items are; 0 outside of them. */
  #itemDepth = 0;
  /** Whether this document's items have come, and whether a comma has. */
  #hadItems = false;
  #hadComma = false;
  /** The line that is being read and the byte it starts at, and the same of the part's start. */
  #line: number;
  #lineStart: number;
  #partLine: number;
  #partLineStart: number;

  constructor(sink: CutSink, { line, column }: Spot) {
    this.#sink = sink;
    this.#line = line;
    this.#lineStart = 1 - column;
    this.#partLine = this.#line;
    this.#partLineStart = this.#lineStart;
  }

  /** How many bytes are held: those of the part that is being read. */
  get held(): number {
    return this.#rest.held.length;
  }

  /** Where the bytes end that have been looked at. */
  get spot(): Spot {
    return this.#spotAt(this.#seen);
  }

  write(chunk: Uint8Array): void {
    const bytes = this.#rest.with(chunk);
    const { length } = bytes;
    let from = 0;
    let at = this.#seen;
    while (at < length) {
      if (this.#inString) {
        while (at < length && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at++;
        if (at >= length) break;
        this.#inString = bytes[at] === BACKSLASH;
        // What stands behind a backslash is passed with it, even if it is still to come.
        at += this.#inString ? 2 : 1;
        continue;
      }
      while (at < length && MEANT[bytes[at] ?? 0] === 0) at++;
      if (at >= length) break;
      const code = bytes[at++];
      if (code === QUOTE) this.#inString = true;
      else if (code === NEWLINE) {
        this.#line++;
        this.#lineStart = this.#before + at;
      } else if (code === COMMA) {
        if (this.#depth === 0 || this.#depth !== this.#itemDepth) continue;
        this.#hadComma = true;
        this.#sink.item(this.#part(bytes, from, at - 1));
        from = this.#start(at);
      } else if (code === OPEN_MAP || code === OPEN_LIST) {
        if (code === OPEN_LIST && !this.#hadItems && this.#isOfItems(bytes, from, at - 1)) {
          this.#hadItems = true;
          this.#hadComma = false;
          this.#itemDepth = this.#depth + 1;
          this.#sink.head(this.#part(bytes, from, at));
          from = this.#start(at);
        }
        if (++this.#depth - this.#itemDepth > MOST_DEPTH) this.#sink.tooDeep(this.#spotAt(at - 1));
      } else if (this.#depth > 0) {
        if (this.#depth === this.#itemDepth) {
          const last = this.#part(bytes, from, at - 1);
          if (this.#hadComma || last.text !== "") this.#sink.item(last);
          this.#itemDepth = 0;
          from = this.#start(at - 1);
        }
        if (--this.#depth > 0) continue;
        this.#sink.tail(this.#part(bytes, from, at));
        this.#hadItems = false;
        from = this.#start(at);
      }
    }
    this.#rest.keep(bytes.subarray(from));
    this.#seen = at - from;
    this.#before += from;
  }

  /** The end of the text: what is left is a document that is not whole, or nothing. */
  end(): void {
    const { held } = this.#rest;
    const last = this.#part(held, 0, held.length);
    if (this.#itemDepth > 0) this.#sink.tail({ text: "", at: this.#spotAt(held.length) });
    else if (this.#depth > 0 || last.text !== "") this.#sink.tail(last);
  }

  /** A part begins at a byte of the chunk. */
  #start(at: number): number {
    this.#partLine = this.#line;
    this.#partLineStart = this.#lineStart;
    return at;
  }

  #spotAt(at: number): Spot {
    return { line: this.#line, column: this.#before + at - this.#lineStart + 1 };
  }

  #part(bytes: Uint8Array, from: number, to: number): Part {
    let line = this.#partLine;
    let lineStart = this.#partLineStart;
    let at = from;
    for (let code = bytes[at]; at < to && isBlank(code); code = bytes[++at]) {
      if (code !== NEWLINE) continue;
      line++;
      lineStart = this.#before + at + 1;
    }
    return { text: decoder.decode(bytes.subarray(at, to)), at: { line, column: this.#before + at - lineStart + 1 } };
  }

  /** Whether a bracket opens the list that the document is, or the one under its key `items`; Go's own types write `Items`. */
  #isOfItems(bytes: Uint8Array, from: number, bracket: number): boolean {
    if (this.#depth === 0) return true;
    if (this.#depth > 1) return false;
    return /"[iI]tems"\s*:\s*$/.test(decoder.decode(bytes.subarray(Math.max(from, bracket - 64), bracket)));
  }
}

/** Objects of Kubernetes nest deeper than our own files, but not endlessly: a pod's affinity is the deepest of them. */
const MOST_DEPTH = 4 * LIMITS.depth;

const NEWLINE = 10;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const OPEN_MAP = 123;

/** The bytes that mean something outside of strings. */
const MEANT = new Uint8Array(256);
for (const code of [NEWLINE, QUOTE, COMMA, OPEN_LIST, 93, OPEN_MAP, 125]) MEANT[code] = 1;

const decoder = new TextDecoder();

function isBlank(code: number | undefined): boolean {
  return code === SPACE || code === NEWLINE || code === 13 || code === 9;
}

/** Bytes that are kept from one chunk to the next, in room that grows by doubling. */
class Bytes {
  #room = new Uint8Array(0);
  held: Uint8Array = this.#room;

  /** What is held with more behind it; as it stands, until something is kept again. */
  with(chunk: Uint8Array): Uint8Array {
    const before = this.held.length;
    if (before === 0) return chunk;
    const size = before + chunk.length;
    if (size > this.#room.length) {
      const room = new Uint8Array(2 * size);
      room.set(this.held);
      this.#room = room;
    }
    this.#room.set(chunk, before);
    return this.#room.subarray(0, size);
  }

  /** Copies what stands elsewhere, or farther behind in the room itself. */
  keep(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length > this.#room.length) this.#room = Uint8Array.from(bytes);
    else if (length > 0) this.#room.set(bytes);
    this.held = this.#room.subarray(0, length);
  }
}
