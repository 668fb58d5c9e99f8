import { Ip } from "../../src/addr/ip.ts";
import { buildNetwork } from "../../src/modes/build.ts";
import type { Change } from "../../src/modes/faults.ts";
import { findMode } from "../../src/modes/registry.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Topology } from "../../src/topology/topology.ts";

/** A checked topology from YAML, the format's first line left out. */
export async function topology(yaml: string): Promise<Topology> {
  const loaded = await loadTopology({ text: `cni-trace: 1\n${yaml}`, file: "test.yaml" });
  if (!loaded.ok) throw new Error(loaded.problems.map((problem) => problem.message).join("\n"));
  return loaded.value;
}

/** The network of a topology in a mode; a problem is an error of the test. */
export async function network(mode: string, yaml: string, changes: readonly Change[] = []) {
  const found = findMode(mode);
  if (!found.ok) throw new Error(found.problems[0]?.message);
  const built = buildNetwork(await topology(yaml), found.value, changes);
  if (!built.ok) throw new Error(built.problems.map((problem) => problem.message).join("\n"));
  return built.value;
}

export function ip(text: string): Ip {
  const parsed = Ip.parse(text);
  if (!parsed) throw new Error(`no address: ${text}`);
  return parsed;
}
