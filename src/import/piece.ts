import { type Mark, type MarkedTree, ROOT, type SourceText } from "../topology/marks.ts";
import type { Problem } from "../topology/problem.ts";

/** One document, or one item of a list that was cut up while it was read. */
export interface Piece {
  readonly read: MarkedTree;
  /** Its path in the document: `items[3]`, or nothing for the whole of it. */
  readonly path: string;
  /** What the list around it said its items are, if it was cut out of one. */
  readonly list?: ListHead;
  /** The same tree with the place of every entry, where `read` only has that of the whole. */
  readonly again?: () => MarkedTree | undefined;
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

/** A tree of which only is told where it starts. */
export function startingAt(tree: unknown, { file, at = { line: 1, column: 1 } }: SourceText): MarkedTree {
  const mark: Mark = new StartOf(file, at.line, at.column);
  return { tree, marks: new Map([[ROOT, new Map([[0, mark]])]]) };
}

/** Where an item starts, in as few words as can be: a cluster has 150,000 of them. */
class StartOf implements Mark {
  readonly #file: string;
  readonly #line: number;
  readonly #column: number;

  constructor(file: string, line: number, column: number) {
    this.#file = file;
    this.#line = line;
    this.#column = column;
  }

  get source(): SourceText {
    return { file: this.#file, text: "", at: { line: this.#line, column: this.#column } };
  }

  get key(): number {
    return 0;
  }

  get value(): number {
    return 0;
  }
}
