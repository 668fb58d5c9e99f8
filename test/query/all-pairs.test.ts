import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildNetwork } from "../../src/modes/build.ts";
import type { Mode } from "../../src/modes/mode.ts";
import { modes } from "../../src/modes/registry.ts";
import { type Built, endingsOf, PairWalks, walkPair } from "../../src/query/all-pairs.ts";
import type { Fault, Topology } from "../../src/topology/topology.ts";
import { faultsOf, type Racks, racks, topologyOf } from "./racks.ts";

const SEED = 20261126;
const RUNS = Number(process.env.RUNS ?? 12);

/** The faults of a draw that can be done to its network, in their order. */
function possible(topology: Topology, mode: Mode, wanted: readonly Fault[]): readonly Fault[] {
  let done: readonly Fault[] = [];
  for (const fault of wanted) if (buildNetwork(topology, mode, [...done, fault]).ok) done = [...done, fault];
  return done;
}

async function holds(draw: Racks, mode: Mode): Promise<void> {
  const topology = await topologyOf(draw);
  const faults = possible(topology, mode, faultsOf(draw));
  const built = buildNetwork(topology, mode, faults);
  if (!built.ok) throw new Error("not built");
  const network: Built = { topology, mode, network: built.value, faults };
  const answer = new PairWalks(network).answer();
  const names = [...topology.pods.names()];
  let pairs = 0;
  const told: string[] = [];
  const counted = new Map<string, number>();
  for (const src of names) {
    for (const dst of names) {
      if (src === dst) continue;
      pairs++;
      const { small, full } = endingsOf(network, [src, dst], walkPair(network, [src, dst]));
      const found = answer.of(src, dst);
      const words = (ending: { readonly verdict: string; readonly code: string } | undefined) =>
        `${ending?.verdict} ${ending?.code}`;
      counted.set(found?.key ?? "", (counted.get(found?.key ?? "") ?? 0) + 1);
      const [walked, said] = [`${words(small)} / ${words(full)}`, `${words(found?.small)} / ${words(found?.full)}`];
      if (walked !== said)
        told.push(`${src} ${dst}: walked ${walked}, said ${said} by ${found?.witness} (${found?.key})`);
    }
  }
  expect({ told, faults: told.length > 0 ? faults : [] }).toEqual({ told: [], faults: [] });
  expect(answer.pairs).toBe(pairs);
  expect(answer.classes.map(({ key, pairs }) => [key, pairs]).sort()).toEqual([...counted].sort());
}

/** Draws that once told a class wrong. */
const KNOWN: readonly Racks[] = [
  {
    // A rule of a host for one of its own pods, met on the way there and on the way back.
    racks: [{ hosts: 1, mtu: 1500, drop: false }],
    bgp: "mesh",
    podsPerHost: 2,
    core: 1500,
    routes: false,
    faults: [
      { kind: 62, at: 0, other: 0 },
      { kind: 0, at: 0, other: 0 },
    ],
  },
];

describe.each(modes.map((mode) => [mode.name, mode] as const))("%s", (_, mode) => {
  test(
    "what a class says is what every pair of it is answered",
    () =>
      fc.assert(
        fc.asyncProperty(fc.oneof(racks({ min: 1, max: 3 }), racks({ min: 0, max: 0 })), (draw) => holds(draw, mode)),
        { seed: SEED, numRuns: RUNS, examples: KNOWN.map((draw) => [draw]) },
      ),
    120_000,
  );
});
