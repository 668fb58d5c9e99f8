import { readFileSync } from "node:fs";
import { networkOf } from "../../src/modes/build.ts";
import { findMode } from "../../src/modes/registry.ts";
import { diffNetworks } from "../../src/query/diff-networks.ts";
import { traceQuestion } from "../../src/query/trace.ts";
import type { Comparison } from "../../src/render/diff-text.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Topology } from "../../src/topology/topology.ts";
import type { Answer } from "../../src/trace/answer.ts";
import { diffPaths } from "../../src/trace/path-diff.ts";

/** One side: a mode over a packaged topology, with edits. */
export interface SideCase {
  readonly mode: string;
  readonly topology: string;
  readonly set?: readonly string[];
}

/** Two sides, and the way from the first pod of the left to the second. */
export async function compared(left: SideCase, right: SideCase): Promise<Comparison> {
  const [a, b] = [await topologyOf(left), await topologyOf(right)];
  const [one, other] = [network(a, left.mode), network(b, right.mode)];
  const [src = "", dst = ""] = [...a.pods.names()].map((name) => name.replace(/^default\//, ""));
  const answers = [answer(a, left.mode, src, dst), answer(b, right.mode, src, dst)] as const;
  const diff = diffNetworks(
    { topology: a, network: one, faults: a.faults },
    { topology: b, network: other, faults: b.faults },
  );
  return { left: one, right: other, diff, path: { src, dst, diff: diffPaths(...answers) } };
}

async function topologyOf({ topology, set = [] }: SideCase): Promise<Topology> {
  const file = `topologies/${topology}.yaml`;
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const loaded = await loadTopology({ text, file, set });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.value;
}

function network(topology: Topology, mode: string) {
  const built = networkOf(topology, mode);
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  return built.value;
}

function answer(topology: Topology, word: string, src: string, dst: string): Answer {
  const mode = findMode(word);
  if (!mode.ok) throw new Error(JSON.stringify(mode.problems));
  const answered = traceQuestion(topology, mode.value, { src, dst, fixes: false });
  if (!answered.ok) throw new Error(JSON.stringify(answered.problems));
  return answered.value;
}
