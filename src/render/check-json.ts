import type { Checked, CheckedFinding } from "./check-text.ts";
import { fields, type Json, plainOf, SCHEMA_VERSION } from "./json.ts";

/** The answer to `check` as plain data; `schemas.ts` has its schema. */
export function checkJson({ mode, topology, lint }: Checked): { readonly [key: string]: Json } {
  const { findings, counts, looked } = lint;
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: "check",
    mode,
    topology,
    lint: { findings: findings.map(findingJson), counts: plainOf(counts), looked: plainOf(looked) },
  };
}

function findingJson({ code, severity, at, count, place, text, sees, fix }: CheckedFinding): Json {
  return fields({ code, severity, at, count, place: place && plainOf(place), text, sees, fix });
}
