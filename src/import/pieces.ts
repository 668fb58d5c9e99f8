import { LIMITS } from "../topology/limits.ts";
import { type MarkedTree, type Marks, ROOT, type SourceText } from "../topology/marks.ts";
import { markedSource } from "../topology/source.ts";
import type { Input } from "./input.ts";
import { listHead, type PieceSink } from "./piece.ts";
import { splitDocuments, splitItems } from "./split.ts";
import { streamJson } from "./stream.ts";

/** JSON up to this size is read whole, with the place of every value; a larger one item by item. */
const WHOLE_JSON = 2 ** 20;
/** YAML above this size is cut into the items of its list before it is parsed: the parser holds much for each character. */
const WHOLE_YAML = 2 ** 18;
/** Characters of YAML that are read at most; its parser takes two seconds for a million. */
const MOST_YAML = 24 * 2 ** 20;

const AS_JSON = "print it as JSON, which has no limit: kubectl get … -o json";

/** Takes an input apart: the documents of a text, the items of a list too large to be held. */
export async function eachPiece(input: Input, sink: PieceSink): Promise<void> {
  if ("text" in input) {
    await textPieces(input.file, input.text, sink);
    return;
  }
  const { file } = input;
  const chunks = input.chunks[Symbol.iterator]();
  const head = take(chunks, WHOLE_JSON);
  const isJson = /^\uFEFF?\s*[[{]/.test(textOf(head.slice(0, 1)));
  if (isJson && sizeOf(head) > WHOLE_JSON) {
    streamJson(file, joined(head, chunks), sink);
    return;
  }
  await textPieces(file, textOf([...head, ...take(chunks, MOST_YAML * 3)]), sink);
}

async function textPieces(file: string, whole: string, sink: PieceSink): Promise<void> {
  const text = whole.startsWith("\uFEFF") ? whole.slice(1) : whole;
  for (const part of splitDocuments(file, text)) {
    if (/^\s*[[{]/.test(part.text)) await jsonPiece(part, sink);
    else if (/^[^#\s]/m.test(part.text)) await yamlPieces(part, sink);
  }
}

async function jsonPiece(source: SourceText, sink: PieceSink): Promise<void> {
  const { text } = source;
  if (text.length <= WHOLE_JSON && isJson(text)) {
    const { read, problems } = markedSource(source);
    for (const problem of problems) sink.problem(problem);
    if (read) sink.piece({ read, path: "" });
    return;
  }
  // What is not one JSON text may be several, one behind another; what is not JSON at all may be YAML's flow style.
  if (text.length > WHOLE_JSON || /\.json$/i.test(source.file) || /[}\]]\s*[[{]/.test(text)) {
    streamJson(source.file, [new TextEncoder().encode(text)], sink, source.at);
  } else await yamlPieces(source, sink);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

async function yamlPieces(source: SourceText, sink: PieceSink): Promise<void> {
  const { text } = source;
  if (text.length > MOST_YAML) {
    tooLarge(source, sink);
    return;
  }
  const { readYaml } = await import("../topology/yaml-source.ts");
  const cut = text.length > WHOLE_YAML ? splitItems(source) : undefined;
  if (!cut) {
    if (text.length > LIMITS.yaml) {
      tooLarge(source, sink);
      return;
    }
    const { read, problems } = readYaml(source);
    for (const problem of problems) sink.problem(problem);
    if (read) sink.piece({ read, path: "" });
    return;
  }
  const head = readYaml(cut.head);
  for (const problem of head.problems) sink.problem(problem);
  const list = listHead(head.read?.tree);
  let at = 0;
  for (const item of cut.items) {
    const { read, problems } = readYaml(item);
    for (const problem of problems) sink.problem(problem);
    const only = read && onlyItem(read);
    if (only) sink.piece({ read: only, path: `items[${at}]`, list });
    at++;
  }
}

function tooLarge(source: SourceText, sink: PieceSink): void {
  const mib = Math.ceil(source.text.length / 2 ** 20);
  const place = { file: source.file, ...(source.at ?? { line: 1, column: 1 }) };
  sink.problem({ code: "file-too-large", message: `${mib} MiB are too much to read as YAML`, place, hint: AS_JSON });
}

/** A list of one item as that item. */
function onlyItem({ tree, marks }: MarkedTree): MarkedTree | undefined {
  if (!Array.isArray(tree) || tree.length !== 1) return undefined;
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

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((size, part) => size + part.length, 0);
}

function textOf(parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
}
