import type { Checked, CheckedFinding } from "./check-text.ts";
import { fields, type Json, plainOf, SCHEMA_VERSION } from "./json.ts";

/** The answer to `check` as plain data; `schemas.ts` has its schema. */
export function checkJson(checked: Checked): { readonly [key: string]: Json } {
  const { mode, topology, lint, pairs, unnamed, expected, losses, items, stale } = checked;
  const { findings, counts, looked } = lint;
  return fields({
    schemaVersion: SCHEMA_VERSION,
    kind: "check",
    mode,
    topology,
    lint: { findings: findings.map(findingJson), counts: plainOf(counts), looked: plainOf(looked) },
    pairs: pairs && plainOf(pairs),
    unnamed: unnamed && { pairs: unnamed.pairs, endings: unnamed.endings.map((each) => plainOf(each)) },
    expected: expected.map((each) => plainOf(each)),
    losses: losses && plainOf(losses),
    items: items.map((each) => plainOf(each)),
    stale: stale.map((each) => plainOf(each)),
  });
}

/** The same as a line for each thing that grows with the network; the first line says what the others are about. */
export function checkLines({
  mode,
  topology,
  lint,
  pairs,
  expected,
  losses,
  items,
  stale,
}: Checked): readonly string[] {
  const line = (kind: string, value: Json) => JSON.stringify({ kind, ...(value as { readonly [key: string]: Json }) });
  const head = { schemaVersion: SCHEMA_VERSION, mode, topology };
  return [
    line("check", pairs ? { ...head, pods: pairs.pods, pairs: pairs.pairs, classes: pairs.classes } : head),
    ...lint.findings.map((finding) => line("finding", findingJson(finding))),
    ...(pairs?.endings ?? []).map((ending) => line("ending", plainOf(ending))),
    ...expected.map((each) => line("expected", plainOf(each))),
    ...(losses?.losses ?? []).map(({ kind, ...loss }) => line("loss", plainOf({ element: kind, ...loss }))),
    ...items.map((each) => line("item", plainOf(each))),
    ...stale.map((each) => line("stale", plainOf(each))),
  ];
}

function findingJson({ code, severity, at, count, place, text, sees, fix }: CheckedFinding): Json {
  return fields({ code, severity, at, count, place: place && plainOf(place), text, sees, fix });
}
