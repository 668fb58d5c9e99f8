import { tableLines } from "../render/table.ts";
import type { Agreement } from "./agree.ts";
import type { Disagreement } from "./compare.ts";

const WIDTH = 80;

/** Disagreements that are shown in full; the rest are counted. */
const SHOWN = 20;

/** Everything on which model and kernel differ. */
export function disagreementsOf({ tables, pairs }: Agreement): readonly Disagreement[] {
  return [...tables, ...pairs.flatMap(({ disagreements }) => disagreements)];
}

/** A table of what agrees, and each disagreement with both sides and the row that decided. */
export function agreementText(agreement: Agreement): string {
  const { mode, topology, kernel, pairs, tables, missing } = agreement;
  const all = disagreementsOf(agreement);
  const rows = pairs.map(({ from, to, family, cases, frames, disagreements }) => [
    `${from} > ${to}${family === 6 ? ", IPv6" : ""}`,
    `${cases}`,
    `${frames}`,
    `${disagreements.length}`,
  ]);
  return [
    `${mode} on ${topology}, Linux ${kernel}`,
    "",
    ...tableLines(
      [["pair", "packets", "frames", "disagreements"], ...rows, ["tables", "", "", `${tables.length}`]],
      WIDTH,
    ),
    ...missing.map((sentence) => `left out: ${sentence}`),
    ...all.slice(0, SHOWN).flatMap(disagreementLines),
    ...(all.length > SHOWN ? ["", `and ${all.length - SHOWN} more; --format json has them all`] : []),
    "",
    all.length === 0 ? "AGREED" : `DISAGREED on ${all.length} points`,
    "",
  ].join("\n");
}

function disagreementLines({ case: name, about, expected, observed, row }: Disagreement): readonly string[] {
  const [ours, theirs] = [only(expected, observed), only(observed, expected)];
  // The same lines in another order: from where the orders part.
  const longer = expected.length > observed.length ? expected : observed;
  const parts = longer.findIndex((_, k) => expected[k] !== observed[k]);
  const shown = ours.length + theirs.length > 0 ? [ours, theirs] : [expected.slice(parts), observed.slice(parts)];
  return [
    "",
    `${name}: ${about}`,
    ...(shown[0] ?? []).map((line) => `  expected  ${line}`),
    ...(shown[1] ?? []).map((line) => `  observed  ${line}`),
    ...(row === undefined ? [] : [`  decided by  ${row}`]),
  ];
}

function only(lines: readonly string[], others: readonly string[]): readonly string[] {
  return lines.filter((line) => !others.includes(line));
}
