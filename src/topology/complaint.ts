import { locate } from "./locate.ts";
import type { MarkedTree } from "./marks.ts";
import type { Path } from "./path.ts";
import type { Problem } from "./problem.ts";

/** A problem that still says where by path. */
export interface Complaint {
  /** A stable word: `unknown-key`, `address-on-no-subnet` … */
  readonly code: string;
  readonly message: string;
  readonly path: Path;
  /** Which end of the last step is wrong; the value unless told. */
  readonly part?: "key" | "value";
  readonly hint?: string | undefined;
}

/** What a check calls for each thing it finds wrong. */
export type Complain = (complaint: Complaint) => void;

/** How many problems are told one by one; the rest is a number. */
const MOST_PROBLEMS = 1000;

/** Problems found so far; past the first thousand they are only counted. */
export interface Complaints {
  readonly complain: Complain;
  readonly count: () => number;
  /** In the order of the file, each told once. */
  readonly problems: () => readonly Problem[];
}

/** Collects complaints about a tree; each gets its place at once, because mending moves things. */
export function collectComplaints(read: MarkedTree, already: readonly Problem[]): Complaints {
  const told: Problem[] = [...already];
  let count = told.length;
  return {
    complain({ code, message, path, part = "value", hint }) {
      count++;
      if (told.length >= MOST_PROBLEMS) return;
      const place = locate(read, path, part);
      told.push({ code, message, ...(place && { place }), ...(hint !== undefined && { hint }) });
    },
    count: () => count,
    problems: () => {
      const sorted = inFileOrder(told);
      const more = count - told.length;
      const message = `${more} more problems, not listed`;
      return more > 0 ? [...sorted, { code: "too-many-problems", message }] : sorted;
    },
  };
}

/** Problems of a file come before those of edits laid over it; then by line and column; equal ones are told once. */
export function inFileOrder(problems: readonly Problem[]): readonly Problem[] {
  const rank = ({ place }: Problem) => (place?.file.startsWith("--set ") ? 1 : 0);
  const seen = new Set<string>();
  return problems
    .filter(({ place, message }) => {
      const key = `${place?.file}:${place?.line}:${place?.column} ${message}`;
      return !seen.has(key) && seen.add(key);
    })
    .sort(
      (a, b) =>
        rank(a) - rank(b) ||
        (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
        (a.place?.column ?? 0) - (b.place?.column ?? 0),
    );
}
