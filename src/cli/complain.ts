import type { Problem } from "../topology/problem.ts";
import { problemText } from "../topology/problem-text.ts";
import type { Io } from "./io.ts";

/** The exit status of a command line or an input that is wrong. */
export const USAGE = 2;

/** Prints every problem on a line of its own, and answers the exit status. */
export function complain(problems: readonly Problem[], io: Io): number {
  io.writeError(
    problems.map((problem) => `${problem.place ? "" : "cni-trace: "}${visible(problemText(problem))}\n`).join(""),
  );
  return USAGE;
}

/** Something that the reader should know and did not ask about. */
export function note(text: string, io: Io): void {
  io.writeError(`cni-trace: ${visible(text)}\n`);
}

/**
 * A text in which nothing can steer a terminal: control characters, line breaks and marks that change the direction of
 * writing appear as `\u{1b}`.
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`);
}
