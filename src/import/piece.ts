import type { MarkedTree } from "../topology/marks.ts";
import type { Problem } from "../topology/problem.ts";

/** One document, or one item of a list that was cut up while it was read. */
export interface Piece {
  readonly read: MarkedTree;
  /** Its path in the document: `items[3]`, or nothing for the whole of it. */
  readonly path: string;
  /** What the list around it said its items are, if it was cut out of one. */
  readonly list?: ListHead;
}

/** What stands around the items of a list. */
export interface ListHead {
  readonly kind?: string;
  readonly apiVersion?: string;
}

/** What is done with the pieces of an input as they come. */
export interface PieceSink {
  readonly piece: (piece: Piece) => void;
  readonly problem: (problem: Problem) => void;
}

/** What a list says of its items. */
export function listHead(tree: unknown): ListHead {
  const kind: unknown = Reflect.get(Object(tree), "kind");
  const apiVersion: unknown = Reflect.get(Object(tree), "apiVersion");
  return { ...(typeof kind === "string" && { kind }), ...(typeof apiVersion === "string" && { apiVersion }) };
}
