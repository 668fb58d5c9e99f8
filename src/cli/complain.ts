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
  return PLAIN.test(text) ? text : text.replace(STEERING, (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`);
}

/** Most texts, told without the long list below, which is not even compiled for them. */
const PLAIN = /^[ -~]*$/;

/** Cc, Cf, Zl, Zp and Cs of Unicode, written out: their names would cost every start the tables behind them. */
const STEERING =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\0-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u08e2\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
