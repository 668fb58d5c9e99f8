import type { Path } from "../topology/path.ts";
import type { Place } from "../topology/problem.ts";
import type { LintCode } from "./codes.ts";

/** `error`: packets are lost, or a session stays down. `warning`: it works until something else happens. */
export type Severity = "error" | "warning" | "note";

/** The worst first. */
export const SEVERITIES: readonly Severity[] = ["error", "warning", "note"];

/** What a rule has seen, before it is known where in the file that stands. */
export interface Sighting {
  readonly code: LintCode;
  readonly severity: Severity;
  /** The machine, pod or subnet by its plain name. */
  readonly at: string;
  /** Which part of the file says so; the innermost part that is there is shown. */
  readonly path: Path;
  /** What is wrong: whole sentences, with the row and the numbers in them. */
  readonly text: string;
  /** How many machines it is about, `at` among them; default 1. */
  readonly count?: number;
  /** Instead of what the registry says of the code. */
  readonly sees?: string;
  readonly fix?: string;
  /** A packet's way on which it was seen, and how many such ways there were. */
  readonly way?: { readonly example: string; readonly times: number };
  /** Where it stands, when that is known better than by a path. */
  readonly place?: Place;
}

/** One thing that is wrong, or may become so: what, where, what will be seen of it, what to do. */
export interface LintFinding {
  readonly code: LintCode;
  readonly severity: Severity;
  readonly at: string;
  readonly count: number;
  readonly place?: Place;
  readonly text: string;
  readonly sees: string;
  readonly fix: string;
}
