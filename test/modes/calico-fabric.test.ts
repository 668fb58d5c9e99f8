import { describe, expect, test } from "vitest";
import { walk } from "../../src/dataplane/walk.ts";
import { bgpView } from "../../src/modes/build.ts";
import type { Change } from "../../src/modes/faults.ts";
import { arrival } from "../../src/query/flow.ts";
import { ip, network } from "./model.ts";
import { mainRoutes } from "./words.ts";

/** What the routers of a design say and hear; `calico.md` 5.4's cross-subnet topology. */
interface Design {
  readonly mesh?: boolean;
  readonly as?: readonly [number, number, number, number];
  readonly router1?: string;
  readonly router2?: string;
  readonly peer?: string;
  readonly calico?: string;
}

const FILTERS = `
      nothing: { exportV4: [{ action: Reject }] }
      only-default: { exportV4: [{ action: Accept, cidr: 0.0.0.0/0, matchOperator: Equal }, { action: Reject }] }
      no-blocks: { exportV4: [{ action: Reject, cidr: 10.233.0.0/16, matchOperator: In }] }`;

function fabric({
  mesh = false,
  as = [64512, 65001, 65002, 64513],
  router1 = "",
  router2 = "",
  peer = "",
  calico = "",
}: Design) {
  const told = (name: string) => (peer === "" ? name : `{ ${name}: { ${peer} } }`);
  return `
cluster: { podCIDR: 10.233.0.0/16 }
cni:
  calico:
    nodeToNodeMeshEnabled: ${mesh}
    ${calico}
    bgpFilters:${FILTERS}
subnets: { rack-1: 192.168.1.0/24, rack-2: 192.168.2.0/24, core: 10.0.0.0/30 }
routers:
  router1: { addresses: [192.168.1.1, 10.0.0.1], bgp: { as: ${as[1]}, peers: [${told("node1")}, router2] ${router1} } }
  router2: { addresses: [192.168.2.1, 10.0.0.2], bgp: { as: ${as[2]}, peers: [${told("node2")}, router1] ${router2} } }
hosts:
  node1: { address: 192.168.1.2, bgp: { as: ${as[0]}, peers: [router1] } }
  node2: { address: 192.168.2.2, bgp: { as: ${as[3]}, peers: [router2] } }
pods: { pod1: node1, pod2: node2 }
`;
}

const ONE_AS = [64512, 65001, 65002, 64512] as const;
const IBGP = [64512, 64512, 64512, 64512] as const;
const REFLECT = { router1: ", routeReflector: true", router2: ", routeReflector: true" };

function fault(name: string, text: string): Change {
  return { target: { kind: name.startsWith("router") ? "router" : "host", name }, text };
}

async function seen(yaml: string, faults: readonly Change[] = []) {
  const net = await network("calico-bgp", yaml, faults);
  const payload = [
    { kind: "udp", sport: 40000, dport: 9000 },
    { kind: "payload", length: 32 },
  ] as const;
  const send = { from: "pod/default/pod1", dst: ip("10.233.2.2"), df: "auto", process: "pod1", payload } as const;
  const { trace } = walk(net, send);
  const first = arrival(trace)?.headers[0];
  const to = (machine: string, dst: string) =>
    mainRoutes(net.netns(machine)).filter((row) => row.includes(dst) && !row.startsWith("blackhole"));
  return {
    node1: to("host/node1", "10.233.2.0/26"),
    router1: to("router/router1", "10.233.2.0/26"),
    defaults: to("host/node1", "default"),
    refused: [...(net.netns("host/node1")?.refused() ?? [])].map(({ text, by }) => `${by}: ${text}`),
    ttl: first?.kind === "ipv4" ? first.ttl : "lost",
    net,
    trace,
  };
}

const BY_GATEWAY = ["10.233.2.0/26 via 192.168.1.1 dev eth0 proto bird"];
const UNREACHABLE = ["unreachable 10.233.2.0/26 proto bird"];
const BY_CORE = ["10.233.2.0/26 via 10.0.0.2 dev eth1 proto bird"];
const BACK = ["10.233.2.0/26 via 192.168.1.2 dev eth0 proto bird"];

describe("calico.md 5.4: routers that speak BGP", () => {
  test("row 1: all nodes in one AS, mesh off: no route, and the default leads on", async () => {
    expect(await seen(fabric({ as: ONE_AS }))).toMatchObject({ node1: [], router1: BY_CORE, ttl: 60 });
  });
  test("row 2: an AS a rack, mesh off", async () => {
    expect(await seen(fabric({}))).toMatchObject({ node1: BY_GATEWAY, router1: BY_CORE, ttl: 60 });
  });
  test("row 3: iBGP to routers that reflect, with themselves as next hop", async () => {
    const yaml = fabric({ as: IBGP, ...REFLECT, peer: "nextHopMode: Self" });
    expect(await seen(yaml)).toMatchObject({ node1: BY_GATEWAY, ttl: 60 });
  });
  test("row 4: the same without, the fabric's links not advertised: the kernel's default resolves the node", async () => {
    expect(await seen(fabric({ as: IBGP, ...REFLECT }))).toMatchObject({
      node1: BY_GATEWAY,
      router1: BY_CORE,
      ttl: 60,
    });
  });
  test("row 5: the same, the links advertised to nodes: BIRD does not recurse through BGP", async () => {
    const links = {
      router1: ", routeReflector: true, originate: [connected]",
      router2: ", routeReflector: true, originate: [connected]",
    };
    expect(await seen(fabric({ as: IBGP, ...links }))).toMatchObject({ node1: UNREACHABLE, ttl: "lost" });
  });
  const down = {
    router1: ", originate: [default]",
    router2: ", originate: [default]",
    peer: "filters: [only-default]",
  };
  test("row 6: a default downward, mesh off: the kernel's own stays, and BIRD's is refused", async () => {
    expect(await seen(fabric({ as: ONE_AS, ...down }))).toMatchObject({
      node1: [],
      router1: BY_CORE,
      defaults: ["default via 192.168.1.1 dev eth0"],
      refused: ["bird: File exists"],
      ttl: 60,
    });
  });
  test("row 6: without one of its own the node takes BIRD's", async () => {
    const yaml = fabric({ as: ONE_AS, ...down }).replaceAll(
      /rack-(\d): (\S+)\/24/g,
      "rack-$1: { cidr: $2/24, gateway: none }",
    );
    expect(await seen(yaml)).toMatchObject({
      defaults: ["default via 192.168.1.1 dev eth0 proto bird"],
      refused: [],
      ttl: 60,
    });
  });
  test("row 6, since v3.32: BIRD's stands behind the kernel's, by its metric", async () => {
    expect(await seen(fabric({ as: ONE_AS, ...down, calico: "version: v3.32" }))).toMatchObject({
      defaults: ["default via 192.168.1.1 dev eth0", "default via 192.168.1.1 dev eth0 proto bird metric 2147483547"],
      refused: [],
    });
  });
  test("row 7: a default downward, mesh on: unreachable, and the router would send back", async () => {
    const yaml = fabric({ as: ONE_AS, mesh: true, ...down });
    expect(await seen(yaml)).toMatchObject({ node1: UNREACHABLE, router1: BACK, ttl: "lost" });
  });
  test("row 8: mesh on, and routers that advertise the nodes' subnets", async () => {
    const links = {
      router1: ", originate: [connected]",
      router2: ", originate: [connected]",
      peer: "filters: [no-blocks]",
    };
    const yaml = fabric({ as: ONE_AS, mesh: true, ...links });
    expect(await seen(yaml)).toMatchObject({ node1: UNREACHABLE, router1: BACK, ttl: "lost" });
  });
  test("row 9: mesh on, and routers that tell nodes nothing: packets go in circles", async () => {
    const { node1, router1, ttl, trace } = await seen(fabric({ as: ONE_AS, mesh: true, peer: "filters: [nothing]" }));
    expect({ node1, router1, ttl }).toEqual({ node1: BY_GATEWAY, router1: BACK, ttl: "lost" });
    expect(trace.events.filter(({ at }) => at.netns === "router/router1").length).toBeGreaterThan(20);
  });
});

describe("BIRD looks again at a kernel's tables after they were changed (calico.md 4)", () => {
  const BARE = fabric({ mesh: true })
    .replaceAll(/, bgp: \{.*\} \}/g, " }")
    .replaceAll("{ address: ", "")
    .replaceAll(/(192\.168\.\d\.2) \}/g, "$1");
  test("a lost default route leaves the next hop unreachable, also in a tunnel", async () => {
    expect(await seen(BARE, [fault("node1", "ip route del default")])).toMatchObject({ node1: UNREACHABLE });
    const net = await network("calico-ipip", BARE, [fault("node1", "ip route del default")]);
    expect(mainRoutes(net.netns("host/node1"))).toContain("unreachable 10.233.2.0/26 proto bird");
  });
  test("another way to the node is taken as soon as the kernel has it", async () => {
    const faults = [
      fault("node1", "ip route del default"),
      fault("node1", "ip route add 192.168.2.0/24 via 192.168.1.1"),
    ];
    expect(await seen(BARE, faults)).toMatchObject({ node1: BY_GATEWAY });
    const near = [fault("node1", "ip addr add 192.168.2.9/24 dev eth0")];
    expect(await seen(BARE, near)).toMatchObject({ node1: ["10.233.2.0/26 via 192.168.2.2 dev eth0 proto bird"] });
  });
  test("a card that goes down takes what it resolved along, and brings it back", async () => {
    const down = fault("node1", "ip link set eth0 down");
    const up = [down, fault("node1", "ip link set eth0 up"), fault("node1", "ip route add default via 192.168.1.1")];
    expect(await seen(fabric({}), [down])).toMatchObject({ node1: UNREACHABLE });
    expect(await seen(fabric({}), up)).toMatchObject({ node1: BY_GATEWAY });
  });
  test("on a router as well, which others go on trusting until a timer runs out", async () => {
    const { node1, router1 } = await seen(fabric({}), [fault("router1", "ip link set eth1 down")]);
    expect({ node1, router1 }).toEqual({ node1: BY_GATEWAY, router1: UNREACHABLE });
  });
  test("a default that BIRD could not install takes the place of one that goes", async () => {
    const down = {
      router1: ", originate: [default]",
      router2: ", originate: [default]",
      peer: "filters: [only-default]",
    };
    const yaml = fabric({ as: ONE_AS, ...down });
    const { defaults, refused, ttl } = await seen(yaml, [fault("node1", "ip route del default")]);
    expect({ defaults, refused, ttl }).toEqual({
      defaults: ["default via 192.168.1.1 dev eth0 proto bird"],
      refused: [],
      ttl: 60,
    });
  });
  test("what a fault does to BIRD's own rows stands", async () => {
    expect(await seen(fabric({}), [fault("node1", "ip route del 10.233.2.0/26")])).toMatchObject({ node1: [] });
    const replaced = [fault("node1", "ip route replace 10.233.2.0/26 via 192.168.1.7")];
    expect(await seen(fabric({}), replaced)).toMatchObject({ node1: ["10.233.2.0/26 via 192.168.1.7 dev eth0"] });
  });
});

describe("BGPFilters (calico.md 5.5)", () => {
  const filtered = (rules: string, at = "node1") =>
    fabric({})
      .replace("    bgpFilters:", `    bgpFilters:\n      mine: { ${rules} }`)
      .replace(
        at === "node1" ? "peers: [router1] } }" : "peers: [router2] } }",
        `peers: [{ router${at.at(-1)}: { filters: [mine] } }] } }`,
      );
  test.each([
    ["importV4: [{ action: Reject, cidr: 10.233.2.0/26, matchOperator: Equal }]", []],
    ["importV4: [{ action: Reject, cidr: 10.233.0.0/16, matchOperator: In }]", []],
    ["importV4: [{ action: Reject, cidr: 10.233.0.0/16, matchOperator: Equal }]", BY_GATEWAY],
    ["importV4: [{ action: Reject, cidr: 10.233.2.0/26, matchOperator: NotEqual }]", BY_GATEWAY],
    ["importV4: [{ action: Reject, cidr: 10.234.0.0/16, matchOperator: NotIn }]", []],
    [
      "importV4: [{ action: Reject, cidr: 10.233.0.0/16, matchOperator: In, prefixLength: { min: 17, max: 25 } }]",
      BY_GATEWAY,
    ],
    ["importV4: [{ action: Accept, cidr: 10.233.2.0/24, matchOperator: In }, { action: Reject }]", BY_GATEWAY],
    ["importV4: [{ action: Reject }]", []],
    ["importV4: [{ action: Reject, source: RemotePeers }]", []],
    ["importV4: [{ action: Reject, interface: eth0 }]", BY_GATEWAY],
    ["exportV4: [{ action: Reject }]", BY_GATEWAY],
    ["importV6: [{ action: Reject }]", BY_GATEWAY],
  ] as const)("node1 takes in by { %s }", async (rules, routes) => {
    expect((await seen(filtered(rules))).node1).toEqual(routes);
  });
  test.each([
    ["exportV4: [{ action: Reject }]", []],
    ["exportV4: [{ action: Reject, cidr: 10.233.2.0/26, matchOperator: Equal }]", []],
    ["exportV4: [{ action: Reject, source: RemotePeers }]", BY_CORE],
    ["exportV4: [{ action: Reject, interface: cali* }]", BY_CORE],
  ] as const)("node2 lets out by { %s }", async (rules, routes) => {
    expect((await seen(filtered(rules, "node2"))).router1).toEqual(routes);
  });
  test("with the mesh, a filter keeps a node from handing on what it heard: no circle any more", async () => {
    const yaml = filtered("exportV4: [{ action: Reject, source: RemotePeers }]").replace(
      "Enabled: false",
      "Enabled: true",
    );
    const { router1, ttl } = await seen(yaml.replace("as: 64513", "as: 64512"));
    expect({ router1, ttl }).toEqual({ router1: BY_CORE, ttl: 60 });
  });
  test("newer rules look at the session, the path and the priority", async () => {
    const newer = (rule: string) =>
      filtered(`importV4: [{ action: Reject, ${rule} }]`).replace("calico:", "calico:\n    version: v3.32");
    const cases = [
      ["peerType: eBGP", []],
      ["peerType: iBGP", 1],
      ["asPathPrefix: [65001, 65002]", []],
      ["asPathPrefix: [65002]", 1],
      ["priority: 2147483547", []],
      ["priority: 1024", 1],
    ] as const;
    for (const [rule, left] of cases) expect((await seen(newer(rule))).node1, rule).toHaveLength(left === 1 ? 1 : 0);
  });
  test("the sessions that bring nothing say why", async () => {
    const refusals = async (yaml: string) => bgpView(await network("calico-bgp", yaml), "node1")[0]?.refusals("node2");
    expect(await refusals(filtered("importV4: [{ action: Reject }]"))).toMatchObject([
      { from: "router1", why: "import-filter" },
    ]);
    expect(await refusals(fabric({ peer: "filters: [nothing]" }))).toMatchObject([
      { from: "router1", why: "export-filter" },
    ]);
  });
  test("a node lets the own AS pass as often as it is told", async () => {
    const yaml = fabric({ as: ONE_AS }).replace(
      "as: 64512, peers: [router1]",
      "as: 64512, peers: [{ router1: { numAllowedLocalASNumbers: 1 } }]",
    );
    expect(await seen(yaml)).toMatchObject({ node1: BY_GATEWAY });
  });
});

describe("calico.md 5.5: reflectors among the nodes", () => {
  const nodes = (one: string, two: string) => `
cluster: { podCIDR: 10.233.0.0/16 }
cni: { calico: { nodeToNodeMeshEnabled: false } }
subnets: { lan: 192.168.1.0/24 }
hosts:
  a: { address: 192.168.1.2, bgp: { peers: [rr1, rr2] } }
  b: { address: 192.168.1.3, bgp: { peers: [rr1, rr2] } }
  rr1: { address: 192.168.1.4, bgp: { routeReflector: ${one}, peers: [a, b, rr2] } }
  rr2: { address: 192.168.1.5, bgp: { routeReflector: ${two}, peers: [a, b, rr1] } }
pods: { p1: a, p2: b, p3: rr1 }
`;
  test.each([
    ["244.0.0.1", "244.0.0.1"],
    ["true", "true"],
    ["true", "false"],
  ])("clusters %s and %s: next hops go through unchanged", async (one, two) => {
    const net = await network("calico-bgp", nodes(one, two));
    expect(mainRoutes(net.netns("host/a")).filter((row) => row.startsWith("10.233") && row.includes("via"))).toEqual([
      "10.233.2.0/26 via 192.168.1.3 dev eth0 proto bird",
      "10.233.3.0/26 via 192.168.1.4 dev eth0 proto bird",
    ]);
  });
  test("what a reflector hands on carries its cluster's id, by default its router id", async () => {
    const clusters = async (one: string) => {
      const [view] = bgpView(await network("calico-bgp", nodes(one, "244.0.0.2")), "a");
      const paths = [...(view?.learned() ?? [])].find(({ dst }) => `${dst}` === "10.233.2.0/26")?.paths;
      return paths?.filter(({ from }) => from === "rr1").map(({ clusterList }) => clusterList.join())[0];
    };
    expect(await clusters("244.0.0.1")).toBe("244.0.0.1");
    expect(await clusters("true")).toBe("192.168.1.4");
  });
});
