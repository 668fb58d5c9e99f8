import type { SourceText } from "../topology/marks.ts";

/**
 * The documents of a YAML stream as texts of their own. A line that starts with `---` or `...` is always a marker
 * (YAML 1.2.2 section 9.1.2: the production `c-forbidden` keeps it out of every scalar).
 */
export function splitDocuments(file: string, text: string): readonly SourceText[] {
  const parts: SourceText[] = [];
  let start = 0;
  let line = 1;
  const cut = (end: number, next: number) => {
    const part = text.slice(start, end);
    parts.push({ file, text: part, at: { line, column: 1 } });
    line += linesIn(text, start, next);
    start = next;
  };
  // `--- {` and `--- # comment` start a document on the marker's own line; only blanks go with the marker.
  for (const { 0: marker, index } of text.matchAll(/^(?:---|\.\.\.)(?=[ \t\r\n]|$)[ \t]*(?:#[^\n]*)?(?:\r?\n)?/gm)) {
    cut(index, index + marker.length);
  }
  cut(text.length, text.length);
  return parts;
}

/** A list cut up: what stands around its items, and each item as a list of one. */
export interface Cut {
  readonly head: SourceText;
  readonly items: Iterable<SourceText>;
}

/**
 * Cuts a YAML document at the items of its `items:`, as kubectl prints them; `undefined` when it is not written so.
 *
 * In block style a line that starts an item has exactly the list's own indentation and a dash, and whatever continues
 * an item is indented further; so the lines tell, and no scalar has to be understood.
 */
export function splitItems({ file, text, at = { line: 1, column: 1 } }: SourceText): Cut | undefined {
  const key = /^items:[ \t]*\r?\n(?=([ ]*)- )/m.exec(text);
  const bare = key ? undefined : /^(?:[ \t]*(?:#.*)?\r?\n)*(?=- )/.exec(text);
  const found = key ?? bare;
  if (!found) return undefined;
  const indent = key?.[1] ?? "";
  const from = found.index + found[0].length;
  const end = listEnd(text, from, indent);
  const firstLine = at.line + linesIn(text, 0, from);
  // Line for line the same file, with an empty list, so that what is wrong around the items has its place.
  const head = `${text.slice(0, found.index)}${key ? "items: []" : ""}\n${"\n".repeat(linesIn(text, from, end))}${text.slice(end)}`;
  function* items(): Generator<SourceText> {
    let start = from;
    let line = firstLine;
    while (start < end) {
      const next = nextItem(text, start, indent, end);
      yield { file, text: text.slice(start, next), at: { line, column: 1 } };
      line += linesIn(text, start, next);
      start = next;
    }
  }
  return { head: { file, text: head, at }, items: items() };
}

function nextItem(text: string, start: number, indent: string, end: number): number {
  const next = text.indexOf(`\n${indent}- `, start);
  const bare = text.indexOf(`\n${indent}-\n`, start);
  const found = [next, bare].filter((at) => at >= 0 && at < end);
  return found.length === 0 ? end : Math.min(...found) + 1;
}

/** Where the list is over: at a line with less indentation, or as much and no dash. */
function listEnd(text: string, from: number, indent: string): number {
  const over = new RegExp(`^(?! *(?:#.*)?\\r?$)(?!${indent}-[ \\n])(?!${indent} )`, "gm");
  over.lastIndex = from;
  return over.exec(text)?.index ?? text.length;
}

function linesIn(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = text.indexOf("\n", from); i >= 0 && i < to; i = text.indexOf("\n", i + 1)) count++;
  return count;
}
