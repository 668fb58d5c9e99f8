import { readFileSync, writeFileSync } from "node:fs";
import { modes } from "../../src/modes/registry.ts";
import { type Result, TOPOLOGIES } from "./cells.ts";
import { UNMODELLED } from "./unmodelled.ts";

const DATA = new URL("../fixtures/agreement.json", import.meta.url);
const README = new URL("../../README.md", import.meta.url);

/** What was compared in each kernel: `npm run agreement` writes it, and every run with that kernel must come to the same. */
export type Agreements = Readonly<Record<string, readonly Result[]>>;

export function agreements(): Agreements {
  return JSON.parse(readFileSync(DATA, "utf8"));
}

/** Holds results against those of the README, or makes them the README's where `npm run agreement` asks for it. */
export function recorded(kernel: string, results: readonly Result[]): readonly Result[] {
  const all = agreements();
  if (process.env.CNI_TRACE_AGREEMENT !== "write") return all[kernel] ?? results;
  const kernels = { ...all, [kernel]: results };
  const sorted = Object.entries(kernels).sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  const text = sorted.map(
    ([name, rows]) =>
      `  ${JSON.stringify(name)}: [\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(",\n")}\n  ]`,
  );
  writeFileSync(DATA, `{\n${text.join(",\n")}\n}\n`);
  writeFileSync(README, withTable(readFileSync(README, "utf8"), agreementTable(agreements())));
  return results;
}

const BEGIN = "<!-- npm run agreement -->\n";
const END = "<!-- end -->";

/** The README around the table, and the table as it stands. */
function cut(readme: string): { readonly before: string; readonly table: string; readonly after: string } {
  const from = readme.indexOf(BEGIN) + BEGIN.length;
  const to = readme.indexOf(END);
  return { before: readme.slice(0, from), table: readme.slice(from, to), after: readme.slice(to) };
}

export function tableOf(readme: string): string {
  return cut(readme).table;
}

function withTable(readme: string, table: string): string {
  const { before, after } = cut(readme);
  return `${before}${table}${after}`;
}

/** Modes by topologies: frames compared, the same number in every kernel in which the mode can be; kernels at the end. */
export function agreementTable(all: Agreements): string {
  const kernels = Object.keys(all);
  const found = (kernel: string, mode: string, topology: string) =>
    all[kernel]?.find((one) => one.mode === mode && one.topology === topology);
  const topologies = TOPOLOGIES.filter((topology) =>
    kernels.some((kernel) => modes.some(({ name }) => found(kernel, name, topology))),
  );
  const rows = modes.map(({ name }) => {
    const own = kernels.filter((kernel) => topologies.some((topology) => found(kernel, name, topology)));
    const counts = topologies.map((topology) => {
      const seen = own.flatMap((kernel) => found(kernel, name, topology) ?? []);
      const frames = [...new Set(seen.map((one) => one.frames))].join(" / ");
      const differs = seen.reduce((sum, { disagreements }) => sum + disagreements, 0);
      return seen.length === 0 ? "–" : differs > 0 ? `${frames} (${differs})` : frames;
    });
    return [name, ...counts, own.join(", ")];
  });
  const head = ["mode", ...topologies, "Linux"];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const totals = kernels.map((kernel) => {
    const results = all[kernel] ?? [];
    const frames = results.reduce((sum, one) => sum + one.frames, 0);
    const differs = results.reduce((sum, one) => sum + one.disagreements, 0);
    return `- Linux ${kernel}: ${results.length} labs, ${frames} frames compared, ${differs} disagreements`;
  });
  const list = UNMODELLED.map(([name, reason]) => `- ${name}: ${reason}`);
  const table = [line(head), line(head.map((_, k) => (k === 0 ? "---" : "---:"))), ...rows.map(line)];
  const parts = [table, totals, ["What kernels do that is not modelled, and left out on both sides:"], list];
  return `\n${parts.map((part) => part.join("\n")).join("\n\n")}\n\n`;
}
