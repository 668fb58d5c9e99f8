import type { Layout } from "./layout.ts";
import { labelled, Page } from "./page.ts";
import { tableLines } from "./table.ts";

/** A table of words: its first row names the columns. */
export interface Grid {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A table in columns; one that is too wide, row by row with a line for each cell. */
export function textGrid({ title, head, rows }: Grid, layout: Layout): string {
  const page = new Page(layout);
  page.text(title, "strong");
  page.gap();
  const lines = tableLines([head, ...rows], layout.columns);
  if (lines.every((line) => line.length <= layout.columns)) page.raw(lines);
  else {
    for (const [first = "", ...cells] of rows) {
      page.gap();
      page.text(first, "strong");
      labelled(
        page,
        cells.flatMap((text, i) => (text === "" ? [] : [{ label: `  ${head[i + 1]}`, text }])),
      );
    }
  }
  return page.toString();
}

/** A table in GitHub's Markdown. */
export function markdownGrid({ title, head, rows }: Grid): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [`**${title}**`, "", line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A table as RFC 4180 has it; a cell that a spreadsheet would take for a formula is quoted as text. */
export function csvGrid({ head, rows }: Grid): string {
  return [head, ...rows].map((cells) => cells.map(csvCell).join(",")).join("\n");
}

function csvCell(cell: string): string {
  const safe = /^[=+\-@\t\r]/.test(cell) && !/^[+-]\d+(\.\d+)?$/.test(cell) ? `'${cell}` : cell;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
