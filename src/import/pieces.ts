import { LIMITS } from "../topology/limits.ts";
import { type MarkedTree, type Marks, ROOT, type SourceText } from "../topology/marks.ts";
import { markedSource, parseJson } from "../topology/source.ts";
import type { Input } from "./input.ts";
import { streamJson } from "./json-stream.ts";
import { type ListHead, listHead, type PieceSink, startingAt } from "./piece.ts";
import { type YamlPart, yamlParts } from "./yaml-parts.ts";

/** JSON up to this size is read whole, with the place of every value; a larger one item by item. */
const WHOLE_JSON = 2 ** 20;

/** Takes an input apart: the documents of a text, the items of a list too large to be held. */
export async function eachPiece(input: Input, sink: PieceSink): Promise<void> {
  const { file } = input;
  const chunks = ("text" in input ? [new TextEncoder().encode(input.text)] : input.chunks)[Symbol.iterator]();
  const head = take(chunks, WHOLE_JSON);
  const isJson = /^\uFEFF?\s*[[{]/.test(new TextDecoder().decode(head[0]));
  if (isJson && head.reduce((size, part) => size + part.length, 0) > WHOLE_JSON) {
    streamJson(file, joined(head, chunks), sink);
    return;
  }
  const reader = new Reader(file, sink);
  for (const part of yamlParts(texts(joined(head, chunks)))) await reader.take(part);
}

/** Makes pieces of the parts of a YAML stream. JSON is YAML too. */
class Reader {
  readonly #file: string;
  readonly #sink: PieceSink;
  #list: ListHead = {};
  /** The path of the list of items, and how many there were. */
  #path = "";
  #index = 0;

  constructor(file: string, sink: PieceSink) {
    this.#file = file;
    this.#sink = sink;
  }

  async take({ is, text, at }: YamlPart): Promise<void> {
    const source = { file: this.#file, text, at };
    if (is === "too-large") this.#tooLarge(source);
    else if (is === "document" && /^\s*[[{]/.test(text)) await this.#json(source);
    else if (is === "document") await this.#yaml(source);
    else if (is === "item") await this.#item(source);
    else if (is === "head") {
      this.#index = 0;
      this.#path = /^items:/m.test(text) ? "items" : "";
      this.#list = listHead((await this.#read(source))?.tree);
    } else await this.#read(source);
  }

  async #json(source: SourceText): Promise<void> {
    const { text, at } = source;
    if (text.length <= WHOLE_JSON && parseJson(text).ok) {
      const { read, problems } = markedSource(source);
      for (const problem of problems) this.#sink.problem(problem);
      if (read) this.#sink.piece({ read, path: "" });
      return;
    }
    // What is not one JSON text may be several, one behind another; what is not JSON at all may be YAML's flow style.
    if (text.length > WHOLE_JSON || /\.json$/i.test(this.#file) || /[}\]]\s*[[{]/.test(text)) {
      streamJson(this.#file, [new TextEncoder().encode(text)], this.#sink, at);
    } else await this.#yaml(source);
  }

  async #yaml(source: SourceText): Promise<void> {
    const read = await this.#read(source);
    if (read) this.#sink.piece({ read, path: "" });
  }

  /** An item is kept without its text, as one that was cut out of JSON is. */
  async #item(source: SourceText): Promise<void> {
    const path = `${this.#path}[${this.#index++}]`;
    const read = onlyItem(await this.#read(source));
    if (!read) return;
    const { readYaml } = await import("../topology/yaml-source.ts");
    const plain = startingAt(JSON.parse(JSON.stringify(read.tree)), source);
    this.#sink.piece({ read: plain, path, list: this.#list, again: () => onlyItem(readYaml(source).read) });
  }

  async #read(source: SourceText): Promise<MarkedTree | undefined> {
    const { text } = source;
    if (!/^[ \t]*[^#\s]/m.test(text)) return undefined;
    if (text.length > LIMITS.yaml) {
      this.#tooLarge(source);
      return undefined;
    }
    const { readYaml } = await import("../topology/yaml-source.ts");
    const { read, problems } = readYaml(source);
    for (const problem of problems) this.#sink.problem(problem);
    return problems.length === 0 ? read : undefined;
  }

  #tooLarge({ at = { line: 1, column: 1 } }: SourceText): void {
    const message = `more than ${LIMITS.yaml / 2 ** 20} MiB stand here in one piece, too much to read as YAML`;
    const hint = "print it as JSON: kubectl get … -o json";
    this.#sink.problem({ code: "file-too-large", message, place: { file: this.#file, ...at }, hint });
  }
}

/** A list of one item as that item. */
function onlyItem(read: MarkedTree | undefined): MarkedTree | undefined {
  if (!read || !Array.isArray(read.tree) || read.tree.length !== 1) return undefined;
  const { tree, marks } = read;
  const mark = marks.get(tree)?.get(0);
  const below: Marks = new Map(marks);
  if (mark) below.set(ROOT, new Map([[0, mark]]));
  return { tree: tree[0], marks: below };
}

/** Chunks until there is more than so many bytes of them, or no more; copied, as a chunk is written over by the next. */
function take(chunks: Iterator<Uint8Array>, most: number): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let size = 0;
  while (size <= most) {
    const next = chunks.next();
    if (next.done) break;
    // Not slice(): that of Node's Buffer is a view of the same bytes.
    parts.push(Uint8Array.from(next.value));
    size += next.value.length;
  }
  return parts;
}

function* joined(head: readonly Uint8Array[], rest: Iterator<Uint8Array>): Generator<Uint8Array> {
  yield* head;
  for (let next = rest.next(); !next.done; next = rest.next()) yield next.value;
}

function* texts(chunks: Iterable<Uint8Array>): Generator<string> {
  const decoder = new TextDecoder();
  for (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}
