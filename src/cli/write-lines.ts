import type { Io } from "./io.ts";

/** As much text as is handed over at once: what grows with a cluster is never held. */
const BATCH = 64 * 1024;

/** Writes lines as they are made; false once nobody reads any more. */
export function writeLines(lines: Iterable<string>, io: Io): boolean {
  let text = "";
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < BATCH) continue;
    if (!io.write(text)) return false;
    text = "";
  }
  return io.write(text);
}
