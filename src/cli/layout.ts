import type { Layout } from "../render/layout.ts";
import type { Paint } from "../render/paint.ts";
import type { Io } from "./io.ts";

/** Colour needs a terminal that wants it; a terminal that may not know other characters gets ASCII. */
export async function layoutOf(io: Io, flags: { readonly ascii?: true }): Promise<Layout> {
  const { env } = io;
  const { isTty, columns } = io.terminal();
  const isDumb = env.TERM === "dumb";
  const isPlain = isDumb || env.LC_ALL === "C" || env.LC_ALL === "POSIX";
  return {
    columns: columns ?? 80,
    paint: isTty && !isDumb && !env.NO_COLOR ? (await import("../render/paint.ts")).ansi() : NO_PAINT,
    ascii: flags.ascii === true || isPlain,
  };
}

const same = (text: string) => text;

/** Without colour the library that makes it is not even loaded. */
const NO_PAINT: Paint = { strong: same, faint: same, good: same, bad: same };
