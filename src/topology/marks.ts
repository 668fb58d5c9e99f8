import type { PodColumns } from "./pod-scan.ts";
import type { Place, Problem } from "./problem.ts";

/** A text with its name, whose offsets can be told as lines and columns. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
  /** Where the text starts in the file, when it is only a part of it; default: line 1, column 1. */
  readonly at?: { readonly line: number; readonly column: number };
  /** Offsets at which lines start; made when the first place is asked for. */
  lines?: readonly number[];
}

/** Where one entry of a map or list stands: offsets of its key and its value. */
export interface Mark {
  readonly source: SourceText;
  readonly key: number;
  readonly value: number;
}

/** The marks of every container of a tree, by the container itself, so that trees can be edited and still be located. */
export type Marks = Map<object, Map<string | number, Mark>>;

/** A tree of plain maps and lists with the places of its entries. */
export interface MarkedTree {
  readonly tree: unknown;
  readonly marks: Marks;
  /** Whether values inside pods have no marks yet: the text is JSON, and `locate` makes them when one is asked for. */
  readonly podsUnmarked?: boolean;
  /** Pods that were scanned out of a large text; the tree then has an empty map in their place. */
  readonly pods?: PodColumns;
}

/** What a text gives: a tree unless it is beyond reading, and what is wrong already. */
export interface SourceTree {
  readonly problems: readonly Problem[];
  readonly read?: MarkedTree;
}

/** The line and column, from 1, of an offset; columns count UTF-16 units, as editors do. */
export function placeAt(source: SourceText, offset: number): Place {
  source.lines ??= lineStarts(source.text);
  let low = 0;
  let high = source.lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((source.lines[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  const { file, at = { line: 1, column: 1 } } = source;
  const column = offset - (source.lines[low] ?? 0);
  return { file, line: low + at.line, column: column + (low === 0 ? at.column : 1) };
}

/** Whether a tree was read with its places; edits laid over one that was not do not change that. */
export function isMarked({ marks }: MarkedTree): boolean {
  return marks.has(ROOT);
}

/** The key under which the mark of the whole tree is kept. */
export const ROOT: object = {};

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) starts.push(i + 1);
  return starts;
}
