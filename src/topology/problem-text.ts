import type { Problem } from "./problem.ts";

/** One line: `file:line:column  message (hint)`. */
export function problemText({ place, message, hint }: Problem): string {
  const where = place ? `${place.file}:${place.line}:${place.column}  ` : "";
  return `${where}${message}${hint === undefined ? "" : ` (${hint})`}`;
}
