import { asciiOf, type Layout, wrap } from "./layout.ts";
import type { Paint } from "./paint.ts";

export type Tone = keyof Paint;

/** A line with a fixed beginning; what does not fit goes on under the text, not under the head. */
export interface Row {
  readonly head: string;
  readonly text: string;
  /** Begins the lines that follow; by default as many spaces as the head is long. */
  readonly under?: string;
  /** Stands behind the text, never aligned; on a line of its own when it does not fit. */
  readonly note?: string;
  readonly tones?: { readonly head?: Tone; readonly text?: Tone };
}

/** The narrowest text column; a terminal narrower than head and this is not served. */
const LEAST = 24;

/** Collects the lines of a text view. ASCII comes before wrapping, colour after it. */
export class Page {
  readonly layout: Layout;
  readonly #lines: string[] = [];

  constructor(layout: Layout) {
    this.layout = layout;
  }

  row({ head, text, under, note, tones = {} }: Row): void {
    const { columns, paint } = this.layout;
    const first = this.#chars(head);
    const next = under === undefined ? " ".repeat(first.length) : this.#chars(under);
    const width = Math.max(LEAST, columns - next.length);
    const lines = wrap(this.#chars(text), width, Math.max(LEAST, columns - first.length));
    const notes = note === undefined ? [] : wrap(this.#chars(note), width);
    const last = lines.at(-1) ?? "";
    const start = lines.length > 1 ? next.length : first.length;
    const fits = notes.length === 1 && last !== "" && start + last.length + 2 + (notes[0] ?? "").length <= columns;
    const texts = lines.length === 0 ? [""] : lines;
    for (const [i, line] of texts.entries()) {
      // Blanks at the end go before the colour, so that they do not hide inside it.
      const begin = i === 0 ? tone(paint, tones.head, line === "" ? first.trimEnd() : first) : next;
      const end = fits && i === texts.length - 1 ? `  ${paint.faint(notes[0] ?? "")}` : "";
      this.#push(`${begin}${tone(paint, tones.text, line)}${end}`);
    }
    if (!fits) for (const line of notes) this.#push(`${next}${paint.faint(line)}`);
  }

  /** Text over the whole width. */
  text(text: string, as?: Tone): void {
    this.row({ head: "", text, ...(as && { tones: { text: as } }) });
  }

  /** Lines that are set already; they must fit. */
  raw(lines: readonly string[]): void {
    for (const line of lines) this.#push(this.#chars(line));
  }

  /** An empty line, never two in a row and never the first. */
  gap(): void {
    if (this.#lines.length > 0 && this.#lines.at(-1) !== "") this.#lines.push("");
  }

  /** Everything, ending in a line feed. */
  toString(): string {
    return `${this.#lines.join("\n").trimEnd()}\n`;
  }

  #chars(text: string): string {
    return this.layout.ascii ? asciiOf(text) : text;
  }

  #push(line: string): void {
    this.#lines.push(line.trimEnd());
  }
}

function tone(paint: Paint, name: Tone | undefined, text: string): string {
  return name === undefined || text.trim() === "" ? text : paint[name](text);
}

/** Rows whose labels stand in one column, wide enough for the longest. */
export function labelled(
  page: Page,
  rows: readonly { readonly label: string; readonly text: string; readonly tone?: Tone }[],
): void {
  const width = Math.max(12, ...rows.map(({ label }) => label.length + 2));
  for (const { label, text, tone: head } of rows) {
    page.row({ head: label.padEnd(width), text, ...(head && { tones: { head } }) });
  }
}
