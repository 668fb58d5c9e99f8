import type { LintFinding } from "../../src/lint/finding.ts";
import { findMode } from "../../src/modes/registry.ts";
import { type CheckAnswer, checkQuestion } from "../../src/query/check.ts";
import { loadTopology } from "../../src/topology/load.ts";

/** Checks a topology's text in a mode. */
export async function checked(mode: string, text: string): Promise<CheckAnswer> {
  const loaded = await loadTopology({ text, file: "t.yaml" });
  const found = findMode(mode);
  if (!loaded.ok || !found.ok) throw new Error(JSON.stringify(loaded.ok ? found : loaded.problems));
  const outcome = checkQuestion({ topology: loaded.value, mode: found.value, locate: loaded.locate });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.value;
}

/** `error ENCAP_BLOCKED at lan, line 3`; notes that every VXLAN of flannel's has are left out. */
export function words({ lint }: CheckAnswer): readonly string[] {
  return lint.findings.filter(({ code }) => code !== "CHECKSUM_OFFLOAD_RISK").map(line);
}

function line({ severity, code, at, place }: LintFinding): string {
  return `${severity} ${code} at ${at}, line ${place?.line}`;
}
