import { Tokenizer, TokenParser, TokenType } from "@streamparser/json";
import { LIMITS } from "../topology/limits.ts";
import { type MarkedTree, ROOT } from "../topology/marks.ts";
import { type ListHead, listHead, type PieceSink } from "./piece.ts";

interface Spot {
  readonly line: number;
  readonly column: number;
}

/**
 * Reads JSON of any length in flat memory: one item of a list at a time, or one document of several behind another.
 *
 * An item has no marks but its own: what is wrong in it is told with the line on which it starts, and its path.
 */
export function streamJson(file: string, chunks: Iterable<Uint8Array>, sink: PieceSink, start: Spot = TOP): void {
  let reader: Reader | undefined;
  for (const chunk of chunks) {
    reader ??= new Reader(file, isList(chunk), sink, start);
    if (!reader.write(chunk)) return;
  }
  reader?.end();
}

const TOP: Spot = { line: 1, column: 1 };

/** Whether a text starts with a list, or with what stands before the items of one. */
function isList(head: Uint8Array): boolean {
  const text = new TextDecoder().decode(head.subarray(0, 65536));
  const items = text.search(/"[iI]tems"\s*:/);
  const body = text.search(/"(?:[sS]pec|[sS]tatus|data)"\s*:/);
  return /^\s*\[/.test(text) || (items >= 0 && (body < 0 || items < body));
}

const PATHS = ["$.items.*", "$.Items.*", "$.kind", "$.apiVersion", "$.selfLink", "$.SelfLink"];

class Reader {
  readonly #file: string;
  readonly #sink: PieceSink;
  readonly #tokenizer = new Tokenizer({ stringBufferSize: 4096, separator: "" });
  /** How deep the values are that are handed on. */
  #level = 0;
  #depth = 0;
  #chunk: Uint8Array = new Uint8Array(0);
  /** Bytes of the chunks that are done, and the lines up to where they have been counted. */
  #before = 0;
  #counted = 0;
  #line: number;
  #lineStart: number;
  #start: Spot;
  #head: ListHead = {};
  #index = 0;
  #failed = false;

  constructor(file: string, isList: boolean, sink: PieceSink, start: Spot) {
    this.#file = file;
    this.#sink = sink;
    this.#start = start;
    this.#line = start.line;
    this.#lineStart = 1 - start.column;
    const tokenizer = this.#tokenizer;
    let parser: TokenParser | undefined;
    tokenizer.onToken = (token) => {
      const { token: type, offset } = token;
      if (type === TokenType.LEFT_BRACE || type === TokenType.LEFT_BRACKET) {
        if (!parser) {
          const isArray = type === TokenType.LEFT_BRACKET;
          this.#level = isArray ? 1 : isList ? 2 : 0;
          parser = this.#parserFor(isArray ? ["$.*"] : isList ? PATHS : ["$"]);
        }
        if (this.#depth === this.#level) this.#start = this.#spot(offset);
        this.#depth++;
        if (this.#depth > this.#level + MOST_DEPTH)
          throw new Error(`more than ${MOST_DEPTH} maps and lists inside one another`);
      } else if (type === TokenType.RIGHT_BRACE || type === TokenType.RIGHT_BRACKET) this.#depth--;
      parser ??= this.#parserFor(["$"]);
      parser.write(token);
    };
    tokenizer.onError = (error) => this.#fail(error);
  }

  #parserFor(paths: string[]): TokenParser {
    const parser = new TokenParser({ paths, keepStack: false, separator: "" });
    parser.onError = (error) => this.#fail(error);
    parser.onValue = ({ value, key, stack }) => {
      if (this.#level === 2 && stack.length === 1)
        this.#head = { ...this.#head, ...listHead({ [String(key)]: value }) };
      else this.#hand(value);
    };
    return parser;
  }

  /** False once the text is not JSON any more. */
  write(chunk: Uint8Array): boolean {
    this.#chunk = chunk;
    if (!this.#failed) this.#tokenizer.write(chunk);
    this.#spot(this.#before + chunk.length);
    this.#before += chunk.length;
    return !this.#failed;
  }

  end(): void {
    if (!this.#failed && this.#depth > 0) this.#fail(new Error("it ends in the middle"));
  }

  #hand(value: unknown): void {
    const source = { file: this.#file, text: "", at: this.#start };
    const read: MarkedTree = { tree: value, marks: new Map([[ROOT, new Map([[0, { source, key: 0, value: 0 }]])]]) };
    if (this.#level === 0) this.#sink.piece({ read, path: "" });
    else this.#sink.piece({ read, path: `${this.#level === 2 ? "items" : ""}[${this.#index++}]`, list: this.#head });
  }

  #fail(error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    const place = { file: this.#file, ...this.#spot(this.#before + this.#chunk.length) };
    this.#sink.problem({ code: "not-json", message: "this is not JSON", place, hint: error.message });
  }

  /** The line and column of a byte of this chunk; later calls ask for later bytes. */
  #spot(offset: number): Spot {
    const end = Math.min(offset - this.#before, this.#chunk.length);
    for (let i = Math.max(0, this.#counted - this.#before); i < end; i++) {
      if (this.#chunk[i] !== 10) continue;
      this.#line++;
      this.#lineStart = this.#before + i + 1;
    }
    this.#counted = this.#before + Math.max(0, end);
    return { line: this.#line, column: offset - this.#lineStart + 1 };
  }
}

/** Objects of Kubernetes nest deeper than our own files, but not endlessly: a pod's affinity is the deepest of them. */
const MOST_DEPTH = 4 * LIMITS.depth;
