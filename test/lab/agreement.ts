import { readFileSync, writeFileSync } from "node:fs";
import { modes } from "../../src/modes/registry.ts";
import { CODES } from "../../src/trace/codes.ts";
import { DUAL, OWN, type Result, TOPOLOGIES } from "./cells.ts";
import { UNMODELLED } from "./unmodelled.ts";
import { UNSHOWN } from "./unshown.ts";

const DATA = new URL("../fixtures/agreement.json", import.meta.url);
const README = new URL("../../README.md", import.meta.url);

/** What was compared in a kernel. */
interface Compared {
  readonly labs: readonly Result[];
  /** The diagnosis codes that it showed (shown.ts), by name. */
  readonly codes: readonly string[];
}

/** By kernel: `npm run agreement` writes it, and every run with that kernel must come to the same. */
export type Agreements = Readonly<Record<string, Compared>>;

export function agreements(): Agreements {
  return JSON.parse(readFileSync(DATA, "utf8"));
}

/** Holds results against those of the README, or makes them the README's where `npm run agreement` asks for it. */
export function recorded(kernel: string, results: Compared): Compared {
  const all = agreements();
  if (process.env.CNI_TRACE_AGREEMENT !== "write") return all[kernel] ?? results;
  const kernels = { ...all, [kernel]: results };
  const sorted = Object.entries(kernels).sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  const lines = (rows: readonly unknown[]) => rows.map((row) => `      ${JSON.stringify(row)}`).join(",\n");
  const text = sorted.map(
    ([name, { labs, codes }]) =>
      `  ${JSON.stringify(name)}: {\n    "labs": [\n${lines(labs)}\n    ],\n    "codes": [\n${lines(codes)}\n    ]\n  }`,
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

/** The columns of the table: a topology each, and those of one mode together. */
const COLUMNS: readonly (readonly [head: string, topologies: readonly string[]])[] = [
  ...TOPOLOGIES.map((name) => [name, [name]] as const),
  ["seed-*", [...new Set(OWN.map(({ topology }) => topology))].filter((name) => name.startsWith("seed-"))],
  ["2 of huge", ["huge"]],
  [DUAL, [DUAL]],
];

/** Modes by topologies: frames compared, the same number in every kernel in which the mode can be; kernels at the end. */
export function agreementTable(all: Agreements): string {
  const kernels = Object.keys(all);
  const rows = modes.map(({ name }) => {
    const own = kernels.filter((kernel) => all[kernel]?.labs.some(({ mode }) => mode === name));
    const counts = COLUMNS.map(([, topologies]) => {
      const sums = own.flatMap((kernel) => {
        const labs = all[kernel]?.labs.filter((one) => one.mode === name && topologies.includes(one.topology)) ?? [];
        return labs.length > 0 ? [[total(labs, "frames"), total(labs, "disagreements")] as const] : [];
      });
      const frames = [...new Set(sums.map(([sum]) => sum))].join(" / ");
      const differs = sums.reduce((sum, [, some]) => sum + some, 0);
      return differs > 0 ? `${frames} (${differs})` : frames;
    });
    return [name, ...counts, own.join(", ")];
  });
  const head = ["mode", ...COLUMNS.map(([title]) => title), "Linux"];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const totals = kernels.map((kernel) => {
    const { labs = [], codes = [] } = all[kernel] ?? {};
    const counted = `${total(labs, "frames")} frames compared, ${total(labs, "disagreements")} disagreements`;
    return `- Linux ${kernel}: ${labs.length} labs, ${counted}; ${codes.length} diagnosis codes seen`;
  });
  const list = (rows: typeof UNMODELLED) => rows.map(([name, reason]) => `- ${name}: ${reason}`);
  const seen = new Set(kernels.flatMap((kernel) => all[kernel]?.codes ?? []));
  const table = [line(head), line(head.map((_, k) => (k === 0 ? "---" : "---:"))), ...rows.map(line)];
  const parts = [
    table,
    totals,
    ["What kernels do that is not modelled, and left out on both sides:"],
    list(UNMODELLED),
    [`Of ${CODES.length} diagnosis codes ${seen.size} were seen in a kernel, each on tables made for it. The others:`],
    list(UNSHOWN.map(([code, reason]) => [`\`${code}\``, reason])),
  ];
  return `\n${parts.map((part) => part.join("\n")).join("\n\n")}\n\n`;
}

function total(labs: readonly Result[], what: "frames" | "disagreements"): number {
  return labs.reduce((sum, one) => sum + one[what], 0);
}
