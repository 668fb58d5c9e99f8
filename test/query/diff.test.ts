import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffSegments, NetnsDiff } from "../../src/kernel/diff.ts";
import { explainer } from "../../src/kernel/diff-causes.ts";
import { type Cause, explaining, Tally } from "../../src/kernel/diff-tally.ts";
import type { RowChange } from "../../src/kernel/row-change.ts";
import { buildNetwork } from "../../src/modes/build.ts";
import type { Mode } from "../../src/modes/mode.ts";
import { modes } from "../../src/modes/registry.ts";
import { type DiffGround, diffNetworks } from "../../src/query/diff-networks.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Fault, Topology } from "../../src/topology/topology.ts";
import { faultsOf, type Racks, racks, topologyOf } from "./racks.ts";

const SEED = 20261126;
const RUNS = Number(process.env.RUNS ?? 15);

/** The faults that can be done to a network, in their order. */
function possible(topology: Topology, mode: Mode, wanted: readonly Fault[]): readonly Fault[] {
  let done: readonly Fault[] = [];
  for (const fault of wanted) if (buildNetwork(topology, mode, [...done, fault]).ok) done = [...done, fault];
  return done;
}

function groundOf(topology: Topology, mode: Mode, wanted: readonly Fault[]): DiffGround {
  const faults = possible(topology, mode, wanted);
  const built = buildNetwork(topology, mode, faults);
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  return { topology, faults, network: built.value };
}

/** Every table of every namespace of both, row by row. */
function whole({ network: left }: DiffGround, { network: right }: DiffGround) {
  const tally = new Tally("all");
  const changes: RowChange[] = [];
  const only = { left: [] as string[], right: [] as string[] };
  for (const name of new Set([...left.names(), ...right.names()])) {
    const [before, after] = [left.netns(name), right.netns(name)];
    if (before && after) {
      const diff = new NetnsDiff(before, after);
      const own = diff.changes();
      tally.add(name.split("/")[0] as "host", 1, [{ found: own.map(explainer(own, diff)), times: 1 }]);
      changes.push(...own);
    } else if (before) only.left.push(name);
    else only.right.push(name);
  }
  for (const name of new Set([...left.segments.keys(), ...right.segments.keys()])) {
    const [before, after] = [left.segments.get(name), right.segments.get(name)];
    if (before && after) {
      const own = diffSegments(before, after);
      tally.add("segment", 1, [{ found: own.map(explainer(own)), times: 1 }]);
      changes.push(...own);
    } else if (before) only.left.push(`segment/${name}`);
    else only.right.push(`segment/${name}`);
  }
  return { rows: tally.rows, causes: tally.causes(), changes, only };
}

function plain(causes: readonly Cause[]): readonly string[] {
  return causes
    .map(({ reason, rows, places, tables }) =>
      JSON.stringify([reason, rows, [...places].filter(([, count]) => count > 0).sort(), [...tables].sort()]),
    )
    .sort();
}

function texts(changes: readonly RowChange[]): readonly string[] {
  return changes
    .map(({ netns, key, fields, before, after }) => JSON.stringify([netns, key, fields, !before, !after]))
    .sort();
}

function same(left: DiffGround, right: DiffGround): void {
  const all = whole(left, right);
  const counted = diffNetworks(left, right, 0);
  const listed = diffNetworks(left, right);
  const faults = [left.faults, right.faults].map((some) => some.map(({ text, target }) => `${target.name}: ${text}`));
  expect({ faults, rows: counted.rows, causes: plain(counted.causes), only: counted.only }).toEqual({
    faults,
    rows: all.rows,
    causes: plain(all.causes),
    only: all.only,
  });
  expect({ faults, changes: texts(listed.changes) }).toEqual({ faults, changes: texts(all.changes) });
  expect(plain(listed.causes)).toEqual(plain(all.causes));
  const found = [...counted.all()];
  expect({ faults, changes: texts(found.map(({ change }) => change)) }).toEqual({
    faults,
    changes: texts(all.changes),
  });
  const tallied = found.flatMap(explaining(counted.causes));
  expect(counted.causes.map((_, i) => tallied.filter((place) => place === i).length)).toEqual(
    counted.causes.map(({ rows }) => rows),
  );
  for (const { rows, changes } of counted.causes) expect(Math.min(rows, 1)).toBe(Math.min(changes.length, 1));
}

const draws = (faults: { readonly min: number; readonly max: number }) =>
  fc.record({ left: racks(faults), right: racks(faults), modes: fc.tuple(fc.nat(99), fc.nat(99)), edit: fc.nat(4) });

/** The right side: the same racks, the same with another length of packets, with one more pod each, or other racks. */
function edited(left: Racks, right: Racks, edit: number): Racks {
  if (edit === 0) return { ...left, racks: left.racks.map((rack) => ({ ...rack, mtu: 1300 })), faults: right.faults };
  if (edit === 1) return { ...left, podsPerHost: 3 - left.podsPerHost, faults: right.faults };
  if (edit === 2) return right;
  return { ...left, faults: right.faults };
}

describe("in the largest cluster", () => {
  test("faults on one node of 5,000 are the rows that they change", { timeout: 240_000 }, async () => {
    const file = "topologies/huge.yaml";
    const loaded = await loadTopology({ text: readFileSync(file, "utf8"), file });
    const mode = modes.find(({ name }) => name === "flannel-vxlan");
    if (!loaded.ok || !mode) throw new Error("not built");
    const target = { kind: "host", name: "node-0001" } as const;
    const faults = ["ip route del 10.0.2.0/24", "sysctl net.ipv4.ip_forward=0"].map((text) => ({ text, target }));
    const [left, right] = [groundOf(loaded.value, mode, []), groundOf(loaded.value, mode, faults)];
    expect(right.faults).toHaveLength(2);
    const { rows, causes, changes } = diffNetworks(left, right);
    expect(rows).toBe(2);
    expect(changes.map(({ netns, table }) => `${netns} ${table}`).sort()).toEqual([
      "host/node-0001 route",
      "host/node-0001 sysctl",
    ]);
    expect(causes.map(({ places }) => [...places])).toEqual([[["host", 1]], [["host", 1]]]);
  });
});

test("hosts that draw from other pools are told apart by what that changes", async () => {
  const text = `cni-trace: 1
cni: { calico: { ipPools: { z: { cidr: 10.244.0.0/16, nodeSelector: 'rack != "2"' }, m: { cidr: 10.245.0.0/16, nodeSelector: 'rack == "2"' } } } }
subnets: { lan: 192.168.0.0/24 }
hosts:
  a: { address: 192.168.0.11, podCIDR: 10.244.1.0/24, labels: { rack: "1" } }
  b: { address: 192.168.0.12, podCIDR: 10.244.2.0/24, labels: { rack: "1" } }
  c: { address: 192.168.0.13, podCIDR: 10.244.3.0/24, labels: { rack: "2" } }
  d: { address: 192.168.0.14, podCIDR: 10.244.4.0/24, labels: { rack: "2" } }
pods: { pa: a, pb: b, pc: c, pd: d }
`;
  const loaded = await loadTopology({ text, file: "pools.yaml" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const of = (word: string) => groundOf(loaded.value, modes.find(({ name }) => name === word) as Mode, []);
  same(of("calico-vxlan"), of("calico-ipip"));
  same(of("calico-wireguard"), of("calico-ipip"));
});

describe.each([
  ["healthy", { min: 0, max: 0 }],
  ["faulty", { min: 1, max: 5 }],
] as const)("two %s networks", (_, faults) => {
  test("compared by classes are the same as row by row", { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(draws(faults), async ({ left, right, modes: [a, b], edit }) => {
        const other = edited(left, right, edit);
        const mode = (at: number) => modes[at % modes.length] as Mode;
        same(
          groundOf(await topologyOf(left), mode(a), faultsOf(left)),
          groundOf(await topologyOf(other), mode(edit > 2 ? b : a), faultsOf(other)),
        );
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});
