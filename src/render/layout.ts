import type { Paint } from "./paint.ts";

/** How a text view is set. */
export interface Layout {
  /** No line is longer than this, unless a single word is. */
  readonly columns: number;
  readonly paint: Paint;
  /** Draws with ASCII characters alone. */
  readonly ascii: boolean;
}

/** What interface words stand before: a break between the two would part a name from what it is the name of. */
const BINDERS: ReadonlySet<string> = new Set([
  "via",
  "dev",
  "lladdr",
  "dst",
  "src",
  "in",
  "table",
  "metric",
  "mtu",
  "vni",
  "id",
  "proto",
  "scope",
  "from",
  "to",
  "→",
  "->",
  "frame",
  "ttl",
  "by",
  "at",
]);

/**
 * Breaks text at spaces so that no line is longer than `width`; a word that is longer stands alone. A word stays with
 * the one that names it: `dev eth0`, `→ node-2`.
 */
export function wrap(text: string, width: number, first: number = width): readonly string[] {
  return fill(pieces(text), width, first).flatMap((line, i) => {
    const room = i === 0 ? first : width;
    return line.length > room ? fill(line.split(" "), width, room) : [line];
  });
}

function fill(words: readonly string[], width: number, first: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    const room = lines.length === 0 ? first : width;
    if (line === "") line = word;
    else if (line.length + 1 + word.length <= room) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  return line === "" ? lines : [...lines, line];
}

function pieces(text: string): readonly string[] {
  const made: string[] = [];
  let held = "";
  for (const word of text.split(" ")) {
    held = held === "" ? word : `${held} ${word}`;
    if (BINDERS.has(word)) continue;
    made.push(held);
    held = "";
  }
  return held === "" ? made : [...made, held];
}

/** Puts `right` behind `left` with at least two spaces, at `column` if there is room; on a line of its own if not. */
export function beside(left: string, right: string, column: number, columns: number): readonly string[] {
  const gap = Math.max(2, column - left.length);
  if (left.length + gap + right.length <= columns) return [`${left}${" ".repeat(gap)}${right}`];
  if (left.length + 2 + right.length <= columns) return [`${left}  ${right}`];
  return [left, right];
}

const ASCII: ReadonlyMap<string, string> = new Map([
  ["▼", "v"],
  ["▲", "^"],
  ["→", "->"],
  ["←", "<-"],
  ["↔", "<->"],
  ["│", "|"],
  ["┌", "+"],
  ["└", "`"],
  ["─", "-"],
  ["═", "="],
  ["−", "-"],
  ["–", "-"],
  ["…", "..."],
  ["·", "."],
  ["×", "x"],
  ["↻", "@"],
  ["≤", "<="],
  ["≥", ">="],
]);

/** Text in ASCII alone; what has no likeness becomes a question mark. Some signs grow, so this comes before wrapping. */
export function asciiOf(text: string): string {
  let out = "";
  for (const char of text) out += char <= "\u007f" ? char : (ASCII.get(char) ?? "?");
  return out;
}
