import { Tokenizer, TokenizerError, TokenType } from "@streamparser/json";
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
 * A library tells the tokens. Whether a part is JSON is for `JSON.parse` to say, of every item and of head and tail
 * together; so nothing that is not JSON as a whole goes through in parts.
 */
export class JsonCutter {
  readonly #sink: CutSink;
  /** The part that is not at its end yet, how much of it has been looked at, and how many bytes there were before it. */
  readonly #rest = new Bytes();
  #seen = 0;
  #before = 0;
  /** The tokens of a document, and the byte it begins at; none between documents. */
  #document: { readonly tokens: Tokenizer; readonly begin: number } | undefined;
  #bytes: Uint8Array = this.#rest.held;
  /** Where the part begins in the bytes. */
  #from = 0;
  #depth = 0;
  /** How deep the commas between items are; 0 outside of them. */
  #itemDepth = 0;
  /** Whether this document's items have come, and whether a comma has. */
  #hadItems = false;
  #hadComma = false;
  /** The line of the part's start, and the byte that line starts at. */
  #line: number;
  #lineStart: number;

  constructor(sink: CutSink, { line, column }: Spot) {
    this.#sink = sink;
    this.#line = line;
    this.#lineStart = 1 - column;
  }

  /** How many bytes are held: those of the part that is being read. */
  get held(): number {
    return this.#rest.held.length;
  }

  /** Where the bytes end that have been looked at. */
  get spot(): Spot {
    return this.#spotOf(this.#bytes.length);
  }

  write(chunk: Uint8Array): void {
    this.#bytes = this.#rest.with(chunk);
    this.#from = 0;
    let at = this.#seen;
    while (at < this.#bytes.length) {
      if (!this.#document) {
        at = firstBracket(this.#bytes, at);
        if (at === this.#bytes.length) break;
        this.#document = { tokens: this.#tokenizer(), begin: this.#before + at };
      }
      at = this.#feed(this.#document, at);
    }
    this.#before += this.#from;
    this.#rest.keep(this.#bytes.subarray(this.#from));
    this.#bytes = this.#rest.held;
    this.#seen = this.#bytes.length;
    this.#from = 0;
  }

  /** The end of the text: what is left is a document that is not whole, or nothing. */
  end(): void {
    const last = this.#part(this.#bytes.length);
    if (this.#itemDepth > 0) this.#sink.tail({ text: "", at: this.spot });
    else if (this.#depth > 0 || last.text !== "") this.#sink.tail(last);
  }

  /** Reads a document on, to its end or to that of the bytes. */
  #feed({ tokens, begin }: { readonly tokens: Tokenizer; readonly begin: number }, at: number): number {
    try {
      tokens.write(this.#bytes.subarray(at));
      return this.#bytes.length;
    } catch (error) {
      if (error instanceof DocumentEnd) {
        this.#document = undefined;
        return begin - this.#before + error.length;
      }
      if (!(error instanceof TokenizerError)) throw error;
      // What is no token is no JSON either, and the parser of the part says where.
      this.#hand(this.#bytes.length);
      this.#sink.tail({ text: "", at: this.spot });
      return this.#bytes.length;
    }
  }

  #tokenizer(): Tokenizer {
    const tokens = new Tokenizer();
    tokens.onToken = ({ token, offset }) => this.#token(token, offset);
    return tokens;
  }

  /** `offset` counts from the document's start. */
  #token(token: TokenType, offset: number): void {
    const at = (this.#document?.begin ?? 0) - this.#before + offset;
    switch (token) {
      case TokenType.COMMA:
        if (this.#depth !== this.#itemDepth) return;
        this.#hadComma = true;
        this.#hand(at);
        this.#start(at + 1);
        return;
      case TokenType.LEFT_BRACKET:
        if (!this.#hadItems && this.#isOfItems(at)) {
          this.#hadItems = true;
          this.#hadComma = false;
          this.#itemDepth = this.#depth + 1;
          this.#sink.head(this.#part(at + 1));
          this.#start(at + 1);
        }
        this.#deeper(at);
        return;
      case TokenType.LEFT_BRACE:
        this.#deeper(at);
        return;
      case TokenType.RIGHT_BRACKET:
      case TokenType.RIGHT_BRACE:
        if (this.#depth === this.#itemDepth) {
          if (this.#hadComma || this.#part(at).text !== "") this.#hand(at);
          this.#itemDepth = 0;
          this.#start(at);
        }
        if (--this.#depth > 0) return;
        this.#sink.tail(this.#part(at + 1));
        this.#hadItems = false;
        this.#start(at + 1);
        throw new DocumentEnd(offset + 1);
    }
  }

  #deeper(at: number): void {
    if (++this.#depth - this.#itemDepth > MOST_DEPTH) this.#sink.tooDeep(this.#spotOf(at));
  }

  /** Hands on what ends here: an item, or all there is of a document. */
  #hand(to: number): void {
    const part = this.#part(to);
    if (this.#itemDepth > 0) this.#sink.item(part);
    else this.#sink.tail(part);
  }

  /** A part begins at one of the bytes. */
  #start(at: number): void {
    const { line, column } = this.#spotOf(at);
    this.#line = line;
    this.#lineStart = this.#before + at - column + 1;
    this.#from = at;
  }

  #spotOf(at: number): Spot {
    let line = this.#line;
    let lineStart = this.#lineStart;
    const passed = this.#bytes.subarray(this.#from, at);
    for (let k = passed.indexOf(NEWLINE); k >= 0; k = passed.indexOf(NEWLINE, k + 1)) {
      line++;
      lineStart = this.#before + this.#from + k + 1;
    }
    return { line, column: this.#before + at - lineStart + 1 };
  }

  #part(to: number): Part {
    let at = this.#from;
    while (at < to && isBlank(this.#bytes[at])) at++;
    return { text: decoder.decode(this.#bytes.subarray(at, to)), at: this.#spotOf(at) };
  }

  /** Whether a bracket opens the list that the document is, or the one under its key `items`; Go's own types write `Items`. */
  #isOfItems(bracket: number): boolean {
    if (this.#depth === 0) return true;
    if (this.#depth > 1) return false;
    const before = this.#bytes.subarray(Math.max(this.#from, bracket - 64), bracket);
    return /"[iI]tems"\s*:\s*$/.test(decoder.decode(before));
  }
}

/** Thrown out of the library where a document ends: another may stand behind it. */
class DocumentEnd extends Error {
  readonly length: number;

  constructor(length: number) {
    super("the document ends");
    this.length = length;
  }
}

/** Where a document can begin; the end of the bytes when nowhere. */
function firstBracket(bytes: Uint8Array, from: number): number {
  const found = [OPEN_MAP, OPEN_LIST].map((code) => bytes.indexOf(code, from)).filter((at) => at >= 0);
  return Math.min(bytes.length, ...found);
}

/** Objects of Kubernetes nest deeper than our own files, but not endlessly: a pod's affinity is the deepest of them. */
const MOST_DEPTH = 4 * LIMITS.depth;

const NEWLINE = 10;
const SPACE = 32;
const OPEN_LIST = 91;
const OPEN_MAP = 123;

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
