import { describe, expect, test } from "vitest";
import { computeBgp } from "../../src/bgp/bgp.ts";
import { groupSpeakers } from "../../src/bgp/group.ts";
import type { Speaker } from "../../src/bgp/speaker.ts";
import { input, ip, lines, refusals, type Settings, speaker } from "./speakers.ts";

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Nodes `n<rack>-<i>` on 10.0.<rack>.0/24 from .11 on. */
function rack(number: number, count: number, settings: Settings): Speaker[] {
  return range(count).map((i) => speaker("node", `n${number}-${i}`, [`10.0.${number}.${11 + i}/24`], settings));
}

describe("a node with two routers on its subnet", () => {
  const nodes = (settings: Settings) => [
    speaker("node", "near", ["10.0.1.11/24"], { as: 64512, peers: ["r1", "r2"], ...settings }),
    speaker("node", "far", ["10.0.2.11/24"], { as: 64513, peers: ["r3"] }),
  ];
  const r3 = speaker("router", "r3", ["10.0.2.1/24", "10.9.0.3/24"], { as: 65003, peers: ["far", "r1", "r2"] });
  const tor = (n: number, settings: Settings = {}) =>
    speaker("router", `r${n}`, [`10.0.1.${n}/24`, `10.9.0.${n}/24`], {
      as: 65000 + n,
      peers: ["near", "r3"],
      ...settings,
    });

  test("merges paths of one length, though they go through different ASes, lowest router id first", () => {
    const bgp = computeBgp(input([...nodes({}), tor(2), tor(1), r3]));
    expect(lines(bgp, "near", "far")).toEqual([
      "10.0.1.1 [65001 65003 64513] ebgp direct",
      "10.0.1.2 [65002 65003 64513] ebgp direct",
    ]);
  });

  test("is one path to a router, which merges nothing", () => {
    const bgp = computeBgp(input([...nodes({}), tor(1), tor(2), r3]));
    expect(lines(bgp, "r3", "near")).toEqual(["10.9.0.1 [65001 64512] ebgp direct"]);
    const swapped = tor(1, { routerId: ip("200.0.0.1") });
    const turned = computeBgp(input([...nodes({}), swapped, tor(2), r3]));
    expect(lines(turned, "r3", "near")).toEqual(["10.9.0.2 [65002 64512] ebgp direct"]);
  });

  test("takes the shorter AS path alone", () => {
    const long = tor(1, { peers: ["near", "r4"] });
    const r4 = speaker("router", "r4", ["10.9.0.4/24"], { as: 65004, peers: ["r1", "r3"] });
    const more = speaker("router", "r3", ["10.0.2.1/24", "10.9.0.3/24"], { as: 65003, peers: ["far", "r2", "r4"] });
    const bgp = computeBgp(input([...nodes({}), long, tor(2), r4, more]));
    expect(lines(bgp, "near", "far")).toEqual(["10.0.1.2 [65002 65003 64513] ebgp direct"]);
    expect(lines(bgp, "r1", "far")).toEqual(["10.9.0.3 [65004 65003 64513] ebgp direct"]);
  });

  test("prefers the router whose next hop is on its own subnet", () => {
    const away = speaker("router", "r2", ["10.0.7.2/24", "10.9.0.2/24"], { as: 65002, peers: ["near", "r3"] });
    const bgp = computeBgp(input([...nodes({}), tor(1), away, r3], { gateway: () => ip("10.0.1.1") }));
    expect(lines(bgp, "near", "far")).toEqual(["10.0.1.1 [65001 65003 64513] ebgp direct"]);
    expect([...bgp.sessions("near")].map(({ state }) => state)).toEqual(["Established", "Established"]);
  });
});

describe("Calico nodes as reflectors of a cluster without mesh", () => {
  const reflectors = ["rr1", "rr2"];
  const rr = (n: number, peers: readonly string[], settings: Settings = {}) =>
    speaker("node", `rr${n}`, [`10.0.0.${n}/24`], { routeReflector: true, peers, ...settings });
  const clients = rack(0, 3, { peers: reflectors });
  const names = clients.map(({ name }) => name);

  test("hand every block to every client, the next hop as it was", () => {
    const bgp = computeBgp(input([rr(1, [...names, "rr2"]), rr(2, [...names, "rr1"]), ...clients]));
    const paths = bgp.paths("n0-0", "n0-2");
    expect(new Set(paths.map(({ nextHop }) => nextHop.toString()))).toEqual(new Set(["10.0.0.13"]));
    expect(paths[0]).toMatchObject({ from: "rr1", learned: "ibgp", asPath: [] });
    expect(paths[0]?.originatorId?.toString()).toBe("10.0.0.13");
    expect(lines(bgp, "rr1", "n0-2")[0]).toBe("10.0.0.13 [] ibgp direct");
  });

  test("of one cluster are no clients of each other, and refuse what went through the cluster", () => {
    const same = { clusterId: ip("244.0.0.1") };
    const bgp = computeBgp(input([rr(1, [...names, "rr2"], same), rr(2, [...names, "rr1"], same), ...clients]));
    expect(lines(bgp, "n0-0", "n0-2")).toHaveLength(2);
    expect(lines(bgp, "rr1", "n0-2")).toEqual(["10.0.0.13 [] ibgp direct", "10.0.0.13 [] ibgp direct"]);
    expect(bgp.paths("n0-0", "n0-2").map(({ clusterList }) => clusterList.join())).toEqual(["244.0.0.1", "244.0.0.1"]);
  });

  test("leave a client out that only one side knows", () => {
    const bgp = computeBgp(input([rr(1, ["n0-0", "n0-1"]), ...clients]));
    expect(lines(bgp, "n0-0", "n0-2")).toEqual([]);
    expect(refusals(bgp, "rr1", "n0-2")).toEqual(["n0-0 no-route", "n0-1 no-route"]);
    expect(refusals(bgp, "n0-2", "n0-0")).toContain("rr1 session rr1 has no session with n0-2");
  });
});

describe("the mesh left on, racks of three below eBGP routers", () => {
  const tors = range(3).map((i) =>
    speaker("router", `tor${i}`, [`10.0.${i}.1/24`, `10.9.0.${i + 1}/24`], {
      as: 65000 + i,
      peers: [
        ...range(3).map((n) => `n${i}-${n}`),
        ...range(3)
          .filter((n) => n !== i)
          .map((n) => `tor${n}`),
      ],
    }),
  );
  const nodes = range(3).flatMap((i) => rack(i, 3, { peers: [`tor${i}`] }));
  const mesh = new Set(nodes.map(({ name }) => name));
  const bgp = computeBgp(input([...nodes, ...tors], { mesh, gateway: (from) => from.networks[0]?.host(1) }));

  test("makes all blocks point at the node of the lowest router id below each router", () => {
    for (const { name } of nodes) {
      for (const i of range(3)) expect(lines(bgp, `tor${i}`, name)).toEqual([`10.0.${i}.11 [64512] ebgp direct`]);
    }
  });

  test("keeps the mesh's own paths at the nodes", () => {
    expect(lines(bgp, "n0-1", "n2-2")).toEqual(["10.0.2.13 [] ibgp routed"]);
    expect(lines(bgp, "n0-1", "n0-2")).toEqual(["10.0.0.13 [] ibgp direct"]);
    expect(refusals(bgp, "n0-1", "n2-2")).toEqual(["tor0 as-loop [65000 64512]"]);
  });
});

describe("groups", () => {
  const sizes = (speakers: readonly Speaker[], mesh?: ReadonlySet<string>) =>
    groupSpeakers(input(speakers, mesh && { mesh })).map(({ members }) => members.length);

  test("are the nodes that differ in name and address alone", () => {
    const nodes = rack(1, 40, {});
    expect(sizes(nodes, new Set(nodes.map(({ name }) => name)))).toEqual([40]);
    expect(sizes([...nodes, ...rack(2, 2, {})])).toEqual([40, 2]);
  });

  test("leave out whoever believes, or is believed, something else", () => {
    const nodes = rack(1, 4, { peers: ["r1"] });
    const r1 = (peers: Settings["peers"] & {}) => speaker("router", "r1", ["10.0.1.1/24"], { peers });
    expect(sizes([...nodes, r1(nodes.map(({ name }) => name))])).toEqual([4, 1]);
    expect(sizes([...nodes, r1(["n1-0", "n1-1", "n1-2"])])).toEqual([3, 1, 1]);
    expect(sizes([...nodes, r1([{ name: "n1-0", as: 1 }, "n1-1", "n1-2", "n1-3"])])).toEqual([1, 3, 1]);
    expect(sizes(rack(1, 3, {}).map((node, i) => (i === 2 ? { ...node, alike: "no default" } : node)))).toEqual([2, 1]);
  });

  test("hold nodes of a cloud that gives each a network of one address", () => {
    expect(sizes(range(3).map((i) => speaker("node", `n${i}`, [`10.0.0.${11 + i}/32`], {})))).toEqual([3]);
  });

  test("tell apart addresses on which somebody's network ends", () => {
    const odd = speaker("router", "r1", ["10.0.1.1/28"], {});
    expect(sizes([...rack(1, 8, {}), odd])).toEqual([5, 3, 1]);
  });
});

test("five thousand nodes in a mesh know each other directly", () => {
  const nodes = range(25)
    .flatMap((i) => rack(i, 200, {}))
    .map((node, i) => ({ ...node, name: `n${i}` }));
  const mesh = new Set(nodes.map(({ name }) => name));
  const bgp = computeBgp(input(nodes, { mesh, gateway: (from) => from.networks[0]?.host(1) }));
  const last = nodes.at(-1);
  let reached = 0;
  for (const { name, address } of nodes) {
    if (name !== last?.name) expect(bgp.paths(last?.name ?? "", name).map(({ nextHop }) => nextHop)).toEqual([address]);
    reached++;
  }
  expect(reached).toBe(5000);
});
