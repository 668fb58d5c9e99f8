import type { Refused } from "../kernel/refused.ts";
import type { Diagnosis, Fix } from "../trace/answer.ts";
import type { Code } from "../trace/codes.ts";

/** What to type on a real machine, and what comes then. */
export type Look = Diagnosis["seeIt"][number];

/** Commands that belong together, in the order they are to be given. */
export type Change = Fix["edits"];

/** Something a rule has found out: the death of a packet, or a fact behind it. */
export interface Fact {
  readonly code: Code;
  /** The place by its plain name. */
  readonly at: string;
  /** One sentence with the row and the numbers in it. */
  readonly text: string;
  /** The row the kernel refused, when that is the fact. */
  readonly refused?: Refused;
  /** The same for a person, without rows where they do not help; default: the text. */
  readonly plain?: readonly string[];
  readonly look?: readonly Look[];
  /** Changes that may mend it; asked only when somebody wants them. */
  readonly mend?: () => readonly Change[];
}

/** One change of one command. */
export function change(at: string, command: string): Change {
  return [{ at, command }];
}
