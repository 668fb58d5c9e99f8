import type { Finding } from "../trace/answer.ts";
import type { Path, Place, Step } from "../trace/steps.ts";
import { type Turns, turnsOf } from "../trace/turns.ts";
import { dropWords, kernelReason } from "./drop-words.ts";
import type { Page } from "./page.ts";
import { refusedWords } from "./row-words.ts";
import { type Entry, entryOf, writerOf } from "./step-text.ts";
import { underWords } from "./under-text.ts";

export interface PathOptions {
  /** Adds losing rows, MACs, filters and skipped steps under their rows. */
  readonly verbose: boolean;
  /** Earlier facts to tell at their place. */
  readonly findings: readonly Finding[];
}

/** From this width on every row says who wrote it. */
const WIDE = 101;

/** The way of a packet: a line for each place, under it the rows that decided. */
export function writePath(page: Page, path: Path, options: PathOptions): void {
  page.row({ head: "    ttl  len", text: "", tones: { head: "faint" } });
  const turns = turnsOf(path.places);
  let previous: Step | undefined;
  for (const [i, place] of path.places.entries()) {
    if (turns && i === turns.first + turns.period) writeTurns(page, path.places, turns);
    if (turns && i >= turns.first + turns.period && i < turns.first + turns.period * turns.count) continue;
    previous = writePlace(page, place, previous, options);
  }
  writeEnd(page, path.places.at(-1)?.steps ?? []);
}

function writePlace(page: Page, place: Place, before: Step | undefined, options: PathOptions): Step | undefined {
  const gap = " ".repeat(Math.max(3, 10 - place.name.length));
  page.row({
    head: `${String(place.number).padStart(14)} ${place.name}${gap}`,
    text: place.in.length > 0 ? `in ${place.in.join(", ")}` : "",
    under: " ".repeat(17),
    tones: { head: "strong" },
  });
  const facts = options.findings.filter(({ at }) => at === place.name);
  for (const fact of facts) writeFinding(page, fact);
  let previous = before;
  for (const step of place.steps) {
    writeStep(page, step, previous, options);
    previous = step;
  }
  return previous;
}

/** What the kernel refused stands where the row would have been, with the kernel's words under it. */
function writeFinding(page: Page, { text, refused }: Finding): void {
  if (!refused) {
    page.row({ head: prefix({ label: "because" }), text: text.replace(/\.$/, ""), under: " ".repeat(19) });
    return;
  }
  page.row({
    head: prefix({ label: "refused" }),
    text: refusedWords(refused),
    note: refused.by,
    tones: { head: "bad" },
  });
  page.row({ head: " ".repeat(24), text: text.replace(/\.$/, "") });
}

function writeStep(page: Page, step: Step, previous: Step | undefined, { verbose }: PathOptions): void {
  const { columns } = page.layout;
  const inside = bars(step.depth);
  for (const entry of entryOf(step, previous)) {
    const writer = columns >= WIDE ? writerOf(step) : undefined;
    const note = [entry.note && `(${entry.note})`, writer && `# ${writer}`].filter(Boolean).join("  ");
    page.row({
      head: prefix(entry),
      text: entry.text,
      under: `${" ".repeat(15)}${inside.padEnd(2)}${" ".repeat(entry.label === "" ? 2 : 7)}`,
      ...(note !== "" && { note }),
      ...(entry.label === "refused" && { tones: { head: "bad" } }),
    });
  }
  if (!verbose) return;
  for (const text of underWords(step)) {
    const head = `${" ".repeat(15)}${inside.padEnd(2)}${" ".repeat(9)}`;
    page.row({ head, text, under: `${head}  `, tones: { text: "faint" } });
  }
}

function bars(depth: number): string {
  return "│".repeat(Math.min(depth, 2));
}

/** The columns before a row's text: crossing, TTL, length, tunnel, label. */
function prefix(entry: Partial<Entry>): string {
  const { crossing, ttl = "", bar = "", label = "" } = entry;
  const arrow = crossing === "down" ? "▼" : crossing === "up" ? "▲" : " ";
  const bytes = entry.bytes === undefined ? "" : `${entry.bytes} `;
  const length = entry.length ?? bytes;
  const named = label === "" ? "" : `${label.padEnd(6)} `;
  return ` ${arrow}${ttl.padStart(5)}${length.padStart(5)}   ${bar.padEnd(2)}${named}`;
}

function writeTurns(page: Page, places: readonly Place[], { first, period, count }: Turns): void {
  const from = places[first];
  const to = places[first + period - 1];
  if (!from || !to) return;
  const range = period === 1 ? `place ${from.number}` : `places ${from.number}–${to.number}`;
  page.row({ head: "             ↻ ", text: `${range} again, ${count - 1} times more` });
}

/** Where the packet was lost, set apart so that it is found at once. */
function writeEnd(page: Page, steps: readonly Step[]): void {
  const drop = steps.find((step) => step.event.action.kind === "drop");
  if (drop?.event.action.kind !== "drop") return;
  const reason = kernelReason(drop.event.action.reason);
  page.row({
    head: " X           DROPPED ",
    text: `here${reason ? `  (kernel: ${reason})` : ""}`,
    tones: { head: "bad" },
  });
}

/** How a side way ended, in one line. */
export function endWords(path: Path): string {
  const steps = path.places.flatMap((place) => place.steps);
  const last = path.places.at(-1);
  if (steps.some((step) => step.event.action.kind === "deliver")) return `delivered at ${last?.name}`;
  const drop = steps.find((step) => step.event.action.kind === "drop");
  return drop ? `dropped at ${last?.name}: ${dropWords(drop)}` : `ends at ${last?.name}`;
}
