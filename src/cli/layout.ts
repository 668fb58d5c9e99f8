import type { Layout } from "../render/layout.ts";
import { ansi, plain } from "../render/paint.ts";
import type { Io } from "./io.ts";

/** Colour needs a terminal that wants it; a terminal that may not know other characters gets ASCII. */
export function layoutOf(io: Io, flags: { readonly ascii?: true }): Layout {
  const { env } = io;
  const { isTty, columns } = io.terminal();
  const isDumb = env.TERM === "dumb";
  const isPlain = isDumb || env.LC_ALL === "C" || env.LC_ALL === "POSIX";
  return {
    columns: columns ?? 80,
    paint: isTty && !isDumb && !env.NO_COLOR ? ansi() : plain,
    ascii: flags.ascii === true || isPlain,
  };
}
