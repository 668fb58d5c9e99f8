/** Where in an input something stands; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing wrong with an input: what, where, and what to write instead. */
export interface Problem {
  /** A stable word for tests and JSON: `unknown-key`, `address-on-no-subnet` … */
  readonly code: string;
  /** One sentence without a full stop, naming the value that is wrong. */
  readonly message: string;
  readonly place?: Place;
  /** The nearest valid spelling, or what to do. */
  readonly hint?: string;
}

/** What a reader answers: the thing, or everything that is wrong with its text at once. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };
