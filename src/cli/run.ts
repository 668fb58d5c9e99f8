import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";

/** A command: does what was asked and answers the exit status. */
export type Run = (args: readonly string[], flags: Flags, io: Io) => number | Promise<number>;
