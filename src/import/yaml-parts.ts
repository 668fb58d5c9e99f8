import { LIMITS } from "../topology/limits.ts";
import type { Part, Spot } from "./json-cutter.ts";

/**
 * A part of a YAML stream: a document; or of one that is a large list what stands before its items, each item as a list of
 * one, and what stands behind them. What is too large to be parsed has no text.
 */
export interface YamlPart extends Part {
  readonly is: "document" | "head" | "item" | "tail" | "too-large";
}

/** A list above this size is cut into its items before it is parsed: the parser holds much for each character. */
const WHOLE = 2 ** 18;

/**
 * Cuts a YAML stream while it comes, in as much memory as a document or an item takes. A line that starts with `---` or
 * `...` is always a marker (YAML 1.2.2 section 9.1.2: the production `c-forbidden` keeps it out of every scalar).
 *
 * Items are those of the list that a document is, or of its `items:`, in block style, as kubectl prints them: there a line
 * that starts an item has exactly the list's own indentation and a dash, and whatever continues an item is indented
 * further; so the lines tell, and no scalar has to be understood.
 */
export function* yamlParts(texts: Iterable<string>): Generator<YamlPart> {
  const lines = new Lines(texts);
  while (lines.peek() !== undefined) {
    yield* document(lines);
    lines.passMarker();
  }
}

function* document(lines: Lines): Generator<YamlPart> {
  const start = new Growing(lines.spot, LIMITS.json);
  while (!lines.isOver && start.size <= WHOLE) start.add(lines.next());
  const found = lines.isOver ? undefined : itemsOf(start.text);
  if (!found) {
    while (!lines.isOver) start.add(lines.next());
    yield start.part("document");
    return;
  }
  lines.back(start.text.slice(found.from));
  yield { is: "head", text: start.text.slice(0, found.from), at: start.at };
  yield* itemsIn(lines, found.indent);
  const tail = new Growing(lines.spot, LIMITS.yaml);
  while (!lines.isOver) tail.add(lines.next());
  yield tail.part("tail");
}

/** Where the items of a list start, and how far they are indented. */
function itemsOf(text: string): { readonly from: number; readonly indent: string } | undefined {
  const blank = "(?:[ \\t]*(?:#.*)?\\r?\\n)*";
  const found =
    new RegExp(`^${blank}(?=-[ \\r\\n])`).exec(text) ??
    new RegExp(`^items:[ \\t]*(?:#.*)?\\r?\\n${blank}(?=( *)-[ \\r\\n])`, "m").exec(text);
  return found ? { from: found.index + found[0].length, indent: found[1] ?? "" } : undefined;
}

function* itemsIn(lines: Lines, indent: string): Generator<YamlPart> {
  const starts = new RegExp(`^${indent}-(?=[ \\r\\n]|$)`);
  const continues = new RegExp(`^(?:${indent} |[ \\t]*(?:#.*)?\\r?\\n?$)`);
  let item = new Growing(lines.spot, LIMITS.yaml);
  while (!lines.isOver) {
    const line = lines.peek() ?? "";
    if (starts.test(line)) {
      if (item.size > 0) yield item.part("item");
      item = new Growing(lines.spot, LIMITS.yaml);
    } else if (!continues.test(line)) break;
    item.add(lines.next());
  }
  if (item.size > 0) yield item.part("item");
}

/** A text that grows line by line, up to a limit. */
class Growing {
  readonly at: Spot;
  readonly #most: number;
  text = "";
  size = 0;

  constructor(at: Spot, most: number) {
    this.at = at;
    this.#most = most;
  }

  add(line: string): void {
    this.size += line.length;
    this.text = this.size > this.#most ? "" : this.text + line;
  }

  part(is: YamlPart["is"]): YamlPart {
    const { text, at } = this;
    return this.size > this.#most ? { is: "too-large", text: "", at } : { is, text, at };
  }
}

/** The marker of a document, and a comment behind it; what else stands on its line belongs to the document. */
const MARKER = /^(?:---|\.\.\.)(?=[ \t\r\n]|$)[ \t]*(?:#[^\n]*)?(?:\r?\n)?/;

/** The lines of a text that comes in pieces, ends of lines included. */
class Lines {
  readonly #texts: Iterator<string>;
  #text = "";
  #at = 0;
  #line = 1;
  #column = 1;
  #next: string | undefined;

  constructor(texts: Iterable<string>) {
    this.#texts = texts[Symbol.iterator]();
  }

  get spot(): Spot {
    return { line: this.#line, column: this.#column };
  }

  /** Whether the document ends here. */
  get isOver(): boolean {
    const line = this.peek();
    return line === undefined || MARKER.test(line);
  }

  peek(): string | undefined {
    if (this.#next !== undefined) return this.#next;
    let end = this.#text.indexOf("\n", this.#at);
    // A line without an end is cut where it alone is too much to be read.
    while (end < 0 && this.#text.length - this.#at <= LIMITS.json) {
      const more = this.#texts.next();
      if (more.done) break;
      const rest = this.#text.slice(this.#at);
      end = more.value.indexOf("\n");
      if (end >= 0) end += rest.length;
      this.#text = rest + more.value;
      this.#at = 0;
    }
    const line = this.#text.slice(this.#at, end < 0 ? this.#text.length : end + 1);
    this.#next = line === "" ? undefined : line;
    return this.#next;
  }

  next(): string {
    const line = this.peek() ?? "";
    this.#pass(line.length);
    if (line.endsWith("\n")) {
      this.#line++;
      this.#column = 1;
    }
    return line;
  }

  passMarker(): void {
    const [marker] = MARKER.exec(this.peek() ?? "") ?? [];
    if (marker === undefined) return;
    if (marker.endsWith("\n")) this.next();
    else this.#pass(marker.length);
  }

  /** Takes back lines that were read last. */
  back(text: string): void {
    this.#text = text + this.#text.slice(this.#at);
    this.#at = 0;
    this.#next = undefined;
    this.#line -= text.split("\n").length - 1;
    this.#column = 1;
  }

  #pass(length: number): void {
    this.#at += length;
    this.#column += length;
    this.#next = undefined;
  }
}
