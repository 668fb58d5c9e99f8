import { complain } from "../complain.ts";
import { grammarOf } from "../completion/grammar.ts";
import { shells } from "../completion/shell.ts";
import type { Run } from "../run.ts";

/** `completion SHELL`: a script that completes commands, options and the words behind them. */
export const completion: Run = ([name = ""], _flags, io) => {
  const shell = shells.get(name);
  if (!shell) {
    const hint = `there is completion for ${[...shells.keys()].join(", ")}`;
    return complain([{ code: "unknown-shell", message: `${name} is no shell known here`, hint }], io);
  }
  io.write(shell(grammarOf([...io.packaged.names(), ...io.packaged.questions()])));
  return 0;
};
