import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Netns } from "../../src/kernel/netns.ts";
import { buildNetwork, type ModelNetwork } from "../../src/modes/build.ts";
import { findMode, modes } from "../../src/modes/registry.ts";
import { netnsJson } from "../../src/render/tables-json.ts";
import type { Fault, Topology } from "../../src/topology/topology.ts";
import { faultsOf, racks, topologyOf } from "../query/racks.ts";
import { topology } from "./model.ts";

/** More machines than a network keeps. */
const CROWD = 300;

/** A topology with machines besides that have no part in it. */
function crowded(topology: Topology): Topology {
  const routers = new Map(topology.routers);
  const hosts = new Map(topology.hosts);
  const [some] = topology.hosts.values();
  for (let i = 0; some && i < CROWD; i++) {
    const name = `idle-${i}`;
    routers.set(name, { name, nics: [], igp: false, routes: [] });
    const { bgp: _, ...rest } = some;
    const nics = [{ name: "eth0", subnet: "nowhere", addresses: [], mtu: 1500 }];
    hosts.set(name, { ...rest, name, index: hosts.size, nics, nodeIPs: [], podCIDRs: [] });
  }
  return { ...topology, routers, hosts };
}

/** All that a namespace knows, and what was changed of it. */
function known(netns: Netns | undefined): unknown {
  if (!netns) return undefined;
  const { routes, neighbours, fdb, leases, sets } = netns;
  const exceptions = [routes, neighbours, fdb, leases, sets].map((table) => table.exceptions);
  return JSON.stringify([netnsJson(netns), exceptions]);
}

function everything(network: ModelNetwork): ReadonlyMap<string, unknown> {
  const names = [...network.names()].filter((name) => !name.includes("idle-"));
  return new Map(names.map((name) => [name, known(network.netns(name))]));
}

function crowdOut(network: ModelNetwork): void {
  for (let i = 0; i < CROWD; i++) for (const kind of ["router", "host"]) network.netns(`${kind}/idle-${i}`);
}

describe("a machine that is made again", () => {
  test.each(modes.map((mode) => [mode.name, mode] as const))(
    "is the same, changed or not: %s",
    async (_, mode) => {
      await fc.assert(
        fc.asyncProperty(racks({ min: 0, max: 4 }), async (draw) => {
          const whole = crowded(await topologyOf(draw));
          let faults: readonly Fault[] = [];
          for (const fault of faultsOf(draw)) {
            if (buildNetwork(whole, mode, [...faults, fault]).ok) faults = [...faults, fault];
          }
          const built = buildNetwork(whole, mode, faults);
          if (!built.ok) throw new Error("not built");
          const before = everything(built.value);
          crowdOut(built.value);
          expect(everything(built.value)).toEqual(before);
        }),
        { numRuns: 8, seed: 20261126 },
      );
    },
    120_000,
  );

  test("is another one: only those asked for lately are kept", async () => {
    const whole = crowded(await topology("subnets: { lan: 10.0.0.0/24 }\nhosts: { a: 10.0.0.1 }\npods: { p: a }"));
    const [mode] = modes;
    const built = mode && buildNetwork(whole, mode);
    if (!built?.ok) throw new Error("not built");
    const first = built.value.netns("pod/default/p");
    expect(built.value.netns("pod/default/p")).toBe(first);
    crowdOut(built.value);
    expect(built.value.netns("pod/default/p")).not.toBe(first);
  });

  test("is kept where a daemon has heard of a change: what came before it met other routes", async () => {
    const hosts = ["a", "b", "c"].map((name, i) => `  ${name}: 10.0.${i}.2`).join("\n");
    const routers = ["a", "b", "c"].map((name, i) => `  r${name}: [10.0.${i}.1, 10.9.0.${i + 1}]`).join("\n");
    const nets = [0, 1, 2].map((i) => `  s${i}: { cidr: 10.0.${i}.0/24, gateway: 10.0.${i}.1 }`).join("\n");
    const text = `subnets:\n${nets}\n  core: 10.9.0.0/24\nrouters:\n${routers}\nhosts:\n${hosts}\npods: { p: a, q: b }`;
    const whole = crowded(await topology(text));
    const found = findMode("calico-bgp");
    if (!found.ok) throw new Error("no such mode");
    const mode = found.value;
    const on = (name: string, words: string): Fault => ({ text: words, target: { kind: "host", name } });
    // The second takes away the way that the first one names.
    const faults = [on("a", "ip route del 10.244.2.0/26 via 10.0.0.1"), on("a", "ip route del default")];
    const built = buildNetwork(whole, mode, faults);
    if (!built?.ok) throw new Error("not built");
    const exceptions = () => built.value.netns("host/a")?.routes.exceptions.map(({ op, row }) => `${op} ${row.dst}`);
    expect(exceptions()).toEqual(["del 10.244.2.0/26", "del 0.0.0.0/0"]);
    crowdOut(built.value);
    expect(exceptions()).toEqual(["del 10.244.2.0/26", "del 0.0.0.0/0"]);
    expect(buildNetwork(whole, mode, faults.toReversed())).toMatchObject({
      ok: false,
      problems: [{ code: "matches-nothing" }],
    });
  });
});
