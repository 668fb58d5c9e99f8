import { Chalk } from "chalk";

/** How text is set off; without colour each gives the text back, and the words alone must say it all. */
export interface Paint {
  /** Names of places, verdicts. */
  readonly strong: (text: string) => string;
  /** What a reader may pass over. */
  readonly faint: (text: string) => string;
  /** Green, for what was delivered and nothing else. */
  readonly good: (text: string) => string;
  /** Red, for what was dropped or refused and nothing else. */
  readonly bad: (text: string) => string;
}

/** No colour at all. */
export const plain: Paint = {
  strong: (text) => text,
  faint: (text) => text,
  good: (text) => text,
  bad: (text) => text,
};

/** The sixteen colours that every terminal has. Whether to use them is for the caller to say. */
export function ansi(): Paint {
  const chalk = new Chalk({ level: 1 });
  return {
    strong: (text) => chalk.bold(text),
    faint: (text) => chalk.dim(text),
    good: (text) => chalk.green(text),
    bad: (text) => chalk.red(text),
  };
}
