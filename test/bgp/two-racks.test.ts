import { describe, expect, test } from "vitest";
import type { Ip } from "../../src/addr/ip.ts";
import { computeBgp } from "../../src/bgp/bgp.ts";
import { mergeNextHops, type Resolved, type ResolverRoute, resolveNextHop } from "../../src/bgp/resolve.ts";
import { networkOf, type Speaker } from "../../src/bgp/speaker.ts";
import { input, ip, lines, refusals, type Settings, speaker } from "./speakers.ts";

// node1 192.168.1.2 - Router1 192.168.1.1 | 10.0.0.1 - 10.0.0.2 | 192.168.2.1 Router2 - node2 192.168.2.2
const node1 = (settings: Settings) => speaker("node", "node1", ["192.168.1.2/24"], settings);
const node2 = (settings: Settings) => speaker("node", "node2", ["192.168.2.2/24"], settings);
const router1 = (settings: Settings) => speaker("router", "router1", ["192.168.1.1/24", "10.0.0.1/30"], settings);
const router2 = (settings: Settings) => speaker("router", "router2", ["192.168.2.1/24", "10.0.0.2/30"], settings);

const GATEWAYS = new Map([
  ["node1", "192.168.1.1"],
  ["node2", "192.168.2.1"],
  ["router1", "10.0.0.2"],
  ["router2", "10.0.0.1"],
]);
const underlay = (from: Speaker): Ip => ip(GATEWAYS.get(from.name) ?? "0.0.0.0");

interface Design {
  readonly nodes: readonly [Settings, Settings];
  readonly routers: readonly [Settings, Settings];
  readonly mesh?: boolean;
}

function racks({ nodes, routers, mesh }: Design) {
  const speakers = [node1(nodes[0]), node2(nodes[1]), router1(routers[0]), router2(routers[1])];
  const given = input(speakers, { gateway: underlay, ...(mesh && { mesh: new Set(["node1", "node2"]) }) });
  const bgp = computeBgp(given);
  return {
    bgp,
    /** The kernel route BIRD writes: the paths' next hops, resolved in a table of connected and default routes. */
    installed(at: string, origin: string, over?: ResolverRoute): readonly Resolved[] {
      const self = given.speakers.get(at);
      if (self === undefined) throw new Error(at);
      const lookup = (nextHop: Ip): ResolverRoute =>
        networkOf(self, nextHop)
          ? { kind: "direct", dev: "eth0" }
          : (over ?? { kind: "kernel", via: underlay(self), dev: "eth0" });
      return mergeNextHops(bgp.paths(at, origin).map((path) => resolveNextHop(path, lookup)));
    },
  };
}

const via = (text: string): Resolved => ({ kind: "via", via: ip(text), dev: "eth0" });
const ebgp = (as1: number, as2: number): Design => ({
  nodes: [
    { as: as1, peers: ["router1"] },
    { as: as2, peers: ["router2"] },
  ],
  routers: [
    { as: 65001, peers: ["node1", "router2"] },
    { as: 65002, peers: ["node2", "router1"] },
  ],
});
const ibgp = (settings: Settings): Design => ({
  nodes: [{ peers: ["router1"] }, { peers: ["router2"] }],
  routers: [
    { routeReflector: true, peers: ["node1", "router2"], ...settings },
    { routeReflector: true, peers: ["node2", "router1"], ...settings },
  ],
});

describe("no-encap with the mesh alone", () => {
  const { bgp, installed } = racks({
    nodes: [{}, {}],
    routers: [
      { as: 65001, peers: [] },
      { as: 65002, peers: [] },
    ],
    mesh: true,
  });

  test("is established across routers and resolves through the default route", () => {
    expect(lines(bgp, "node1", "node2")).toEqual(["192.168.2.2 [] ibgp routed"]);
    expect(installed("node1", "node2")).toEqual([via("192.168.1.1")]);
    expect(installed("node2", "node1")).toEqual([via("192.168.2.1")]);
  });

  test("tells the routers nothing", () => {
    expect(lines(bgp, "router1", "node2")).toEqual([]);
    expect(refusals(bgp, "router1", "node2")).toEqual([]);
  });

  test("becomes unreachable when the default route goes", () => {
    expect(bgp.paths("node1", "node2").map((path) => resolveNextHop(path, () => undefined))).toEqual([
      { kind: "unreachable", why: "no route to the next hop 192.168.2.2" },
    ]);
  });
});

describe("an AS a rack, eBGP to the routers, mesh off", () => {
  const { bgp, installed } = racks(ebgp(64512, 64513));

  test("gives the nodes each other's block through their routers", () => {
    expect(lines(bgp, "node1", "node2")).toEqual(["192.168.1.1 [65001 65002 64513] ebgp direct"]);
    expect(lines(bgp, "node2", "node1")).toEqual(["192.168.2.1 [65002 65001 64512] ebgp direct"]);
    expect(installed("node1", "node2")).toEqual([via("192.168.1.1")]);
  });

  test("gives the routers both blocks", () => {
    expect(lines(bgp, "router1", "node1")).toEqual(["192.168.1.2 [64512] ebgp direct"]);
    expect(lines(bgp, "router1", "node2")).toEqual(["10.0.0.2 [65002 64513] ebgp direct"]);
    expect(lines(bgp, "router2", "node1")).toEqual(["10.0.0.1 [65001 64512] ebgp direct"]);
  });
});

describe("all nodes in one AS, eBGP to the routers, mesh off", () => {
  const { bgp } = racks(ebgp(64512, 64512));

  test("loses the path at the node, whose own AS is on it", () => {
    expect(lines(bgp, "node1", "node2")).toEqual([]);
    expect(refusals(bgp, "node1", "node2")).toEqual(["router1 as-loop [65001 65002 64512]"]);
  });

  test("still gives the routers both blocks, so the default route is enough", () => {
    expect(lines(bgp, "router1", "node2")).toEqual(["10.0.0.2 [65002 64512] ebgp direct"]);
    expect(lines(bgp, "router1", "node1")).toEqual(["192.168.1.2 [64512] ebgp direct"]);
  });
});

describe("mesh left on beside eBGP routers", () => {
  const { bgp, installed } = racks({ ...ebgp(64512, 64512), mesh: true });

  test("makes node1 offer node2's block to its router, and the shorter path wins there: a loop", () => {
    expect(lines(bgp, "router1", "node2")).toEqual(["192.168.1.2 [64512] ebgp direct"]);
    expect(lines(bgp, "router2", "node1")).toEqual(["192.168.2.2 [64512] ebgp direct"]);
    expect(installed("node1", "node2")).toEqual([via("192.168.1.1")]);
  });

  test("makes the block unreachable where the router advertises the node subnets or a default", () => {
    expect(installed("node1", "node2", { kind: "bgp" })).toEqual([
      {
        kind: "unreachable",
        why: "the next hop 192.168.2.2 is only known by BGP, and BIRD does not recurse twice",
      },
    ]);
  });
});

describe("iBGP to reflecting routers", () => {
  test("keeps the far node as next hop, which the default route resolves", () => {
    const { bgp, installed } = racks(ibgp({}));
    expect(lines(bgp, "node1", "node2")).toEqual(["192.168.2.2 [] ibgp routed"]);
    expect(bgp.paths("node1", "node2")[0]?.clusterList.join()).toBe("192.168.1.1,192.168.2.1");
    expect(bgp.paths("node1", "node2")[0]?.originatorId?.toString()).toBe("192.168.2.2");
    expect(installed("node1", "node2")).toEqual([via("192.168.1.1")]);
    expect(lines(bgp, "router1", "node2")).toEqual(["192.168.2.2 [] ibgp routed"]);
  });

  test("fails once the links are known by BGP alone", () => {
    const { installed } = racks(ibgp({}));
    expect(installed("node1", "node2", { kind: "bgp" })).toMatchObject([{ kind: "unreachable" }]);
  });

  test("works with next-hop-self whatever resolves the far subnet", () => {
    const { bgp, installed } = racks(ibgp({ nextHopSelf: true }));
    expect(lines(bgp, "node1", "node2")).toEqual(["192.168.1.1 [] ibgp direct"]);
    expect(lines(bgp, "router1", "node2")).toEqual(["10.0.0.2 [] ibgp direct"]);
    expect(installed("node1", "node2", { kind: "bgp" })).toEqual([via("192.168.1.1")]);
  });

  test("needs reflection on both routers", () => {
    const design = ibgp({});
    const { bgp } = racks({ ...design, routers: [{ peers: ["node1", "router2"] }, design.routers[1]] });
    expect(lines(bgp, "router1", "node2")).toEqual(["192.168.2.2 [] ibgp routed"]);
    expect(refusals(bgp, "node1", "node2")).toEqual(["router1 ibgp []"]);
  });
});

describe("a wrong session", () => {
  test("on one side leaves the path out everywhere behind it", () => {
    const design = ebgp(64512, 64513);
    const { bgp } = racks({ ...design, routers: [design.routers[0], { as: 65002, peers: ["router1"] }] });
    expect(lines(bgp, "node1", "node2")).toEqual([]);
    expect(refusals(bgp, "node1", "node2")).toEqual(["router1 no-route"]);
    expect(refusals(bgp, "router1", "node2")).toEqual(["node1 no-route", "router2 no-route"]);
    expect(refusals(bgp, "node2", "node1")).toEqual(["router2 session router2 has no session with node2"]);
  });

  test("with a wrong AS does the same, and says who says what", () => {
    const design = ebgp(64512, 64513);
    const routers: Design["routers"] = [
      design.routers[0],
      { as: 65002, peers: [{ name: "node2", as: 64999 }, "router1"] },
    ];
    const { bgp } = racks({ ...design, routers });
    expect(lines(bgp, "node1", "node2")).toEqual([]);
    expect(refusals(bgp, "node2", "node1")).toEqual(["router2 session node2 says AS 64513, router2 expects 64999"]);
  });
});
