import { describe, expect, test } from "vitest";
import { computeBgp } from "../../src/bgp/bgp.ts";
import { input, ip, lines, refusals, type Settings, speaker } from "./speakers.ts";

const router = (name: string, address: string, settings: Settings) => speaker("router", name, [address], settings);

describe("a path that comes late", () => {
  // o is on its own segment with x and y. x hands the path to v inside AS 2, next hop o, which v cannot resolve;
  // the long way round over y, z1, z2 it can. u hears v early, w over w2 later, and v's longer path last of all.
  const speakers = [
    speaker("node", "o", ["10.1.0.9/24"], { as: 1, peers: ["x", "y"] }),
    speaker("router", "x", ["10.1.0.1/24", "10.2.0.1/24"], { as: 2, peers: ["o", "v"] }),
    router("v", "10.2.0.2/16", { as: 2, peers: ["x", "u", "z2"] }),
    speaker("router", "y", ["10.1.0.2/24", "10.2.0.3/16"], { as: 5, peers: ["o", "w", "z1"] }),
    router("w", "10.2.0.4/16", { as: 6, peers: ["y", "w2"] }),
    router("w2", "10.2.0.5/16", { as: 6, peers: ["w", "u"] }),
    router("z1", "10.2.0.6/16", { as: 7, peers: ["y", "z2"] }),
    router("z2", "10.2.0.7/16", { as: 2, peers: ["z1", "v"] }),
    router("u", "10.2.0.8/16", { as: 9, peers: ["v", "w2"] }),
  ];
  const bgp = computeBgp(input(speakers, { gateway: () => undefined }));

  test("is taken though it is longer, when the short one has no reachable next hop", () => {
    expect(lines(bgp, "v", "o")).toEqual(["10.2.0.3 [7 5 1] ibgp direct"]);
  });

  test("makes a neighbour go back to what was of no use to it before", () => {
    expect(lines(bgp, "u", "o")).toEqual(["10.2.0.3 [6 5 1] ebgp direct"]);
  });

  test("stays unreachable when it is the only one", () => {
    const few = speakers.filter(({ name }) => ["o", "x", "v"].includes(name));
    expect(lines(computeBgp(input(few, { gateway: () => undefined })), "v", "o")).toEqual([
      "10.1.0.9 [1] ibgp unreachable",
    ]);
  });
});

test("what a node told the mesh is taken back when its router turns to it for the path", () => {
  // g hears of o from r, four ASes away, and tells h and k. Then h, behind a chain of reflectors, hears of it directly:
  // r now prefers g and withdraws, so k, which has no session with h, is left with nothing.
  const chain = ["s1", "s2", "s3", "s4", "s5"];
  const reflector = (name: string, i: number) =>
    router(name, `10.0.0.${20 + i}/16`, {
      as: 1,
      routeReflector: true,
      peers: [chain[i - 1] ?? "o", chain[i + 1] ?? "h"],
    });
  const speakers = [
    speaker("node", "o", ["10.0.0.9/16"], { as: 1, peers: ["q1", "s1"] }),
    router("q1", "10.0.0.1/16", { as: 31, peers: ["o", "q2"] }),
    router("q2", "10.0.0.2/16", { as: 32, peers: ["q1", "r"] }),
    router("r", "10.0.0.3/16", { as: 20, peers: ["q2", "g"] }),
    ...chain.map(reflector),
    speaker("node", "g", ["10.0.0.11/16"], { as: 10, peers: ["r"] }),
    speaker("node", "h", ["10.0.0.12/16"], { as: 10, peers: ["s5"] }),
    speaker("node", "k", ["10.0.0.13/16"], { as: 10 }),
  ];
  const apart = (a: string, b: string) => [a, b].sort().join() !== "h,k";
  const bgp = computeBgp(input(speakers, { mesh: new Set(["g", "h", "k"]), passes: (a, b) => apart(a.name, b.name) }));
  expect(lines(bgp, "r", "o")).toEqual(["10.0.0.11 [10 1] ebgp direct"]);
  expect(lines(bgp, "g", "o")).toEqual(["10.0.0.9 [1] ibgp direct"]);
  expect(lines(bgp, "k", "o")).toEqual([]);
});

describe("a refusal names", () => {
  test("split horizon where the neighbour's best path is ours", () => {
    const node = (n: number) => speaker("node", `n${n}`, [`10.0.0.${10 + n}/24`], { peers: ["r"] });
    const r = router("r", "10.0.0.1/24", { as: 65001, peers: ["n1", "n2", "n3"] });
    const bgp = computeBgp(input([node(1), node(2), node(3), r], { mesh: new Set(["n1", "n2", "n3"]) }));
    expect(lines(bgp, "r", "n3")).toEqual(["10.0.0.11 [64512] ebgp direct"]);
    expect(refusals(bgp, "n1", "n3")).toEqual(["r split-horizon [65001 64512]"]);
    expect(refusals(bgp, "n2", "n3")).toEqual(["r as-loop [65001 64512]"]);
  });

  const reflected = (settings: Settings) => {
    const peers = ["g", "rr1", "rr2"];
    const rr = (n: number) =>
      speaker("node", `rr${n}`, [`10.0.0.${n}/24`], {
        routeReflector: true,
        peers: peers.filter((name) => name !== `rr${n}`),
      });
    const g = speaker("node", "g", ["10.0.0.11/24"], { peers: ["rr1", "rr2", "x"], ...settings });
    const x = router("x", "10.0.0.12/24", { as: 2, peers: ["g", "o"] });
    const o = speaker("node", "o", ["10.0.0.13/24"], { as: 3, peers: ["x"] });
    return computeBgp(input([rr(1), rr(2), g, x, o]));
  };

  test("the originator, where it comes back by way of two reflectors", () => {
    expect(refusals(reflected({}), "g", "o")).toEqual([
      "rr1 split-horizon [2 3]",
      "rr1 originator [2 3]",
      "rr2 split-horizon [2 3]",
      "rr2 originator [2 3]",
    ]);
  });

  test("the neighbour's own next hop, where it is what it set itself", () => {
    expect(refusals(reflected({ nextHopSelf: true }), "g", "o")).toEqual([
      "rr1 split-horizon [2 3]",
      "rr1 own-next-hop [2 3]",
      "rr2 split-horizon [2 3]",
      "rr2 own-next-hop [2 3]",
    ]);
  });
});

describe("a reflector with add paths", () => {
  const paths = (settings: Settings) => {
    const border = [1, 2, 3].map((n) =>
      speaker("node", `b${n}`, [`10.0.0.${10 + n}/24`], { peers: ["rr", "x"], ...settings }),
    );
    const names = border.map(({ name }) => name);
    const rr = speaker("node", "rr", ["10.0.0.1/24"], { routeReflector: true, peers: [...names, "c"] });
    const x = router("x", "10.0.0.2/24", { as: 2, peers: [...names, "o"], nextHopSelf: true });
    const o = speaker("node", "o", ["10.0.0.9/24"], { as: 3, peers: ["x"] });
    const c = speaker("node", "c", ["10.0.0.8/24"], { peers: ["rr"] });
    const bgp = computeBgp(input([...border, rr, x, o, c]));
    return bgp.paths("c", "o").map(({ nextHop, originatorId }) => `${nextHop} from ${originatorId}`);
  };

  test("hands on the path of each border node, which all have one next hop", () => {
    expect(paths({})).toEqual([1, 2, 3].map((n) => `10.0.0.2 from 10.0.0.1${n}`));
  });

  test("hands on a next hop for each border node that puts itself there", () => {
    expect(paths({ nextHopSelf: true })).toEqual([1, 2, 3].map((n) => `10.0.0.1${n} from 10.0.0.1${n}`));
  });

  test("hands on the best alone when it is a router", () => {
    const border = [1, 2].map((n) => speaker("node", `b${n}`, [`10.0.0.${10 + n}/24`], { peers: ["rr", "x"] }));
    const rr = router("rr", "10.0.0.1/24", { routeReflector: true, peers: ["b1", "b2", "c"] });
    const x = router("x", "10.0.0.2/24", { as: 2, peers: ["b1", "b2", "o"], nextHopSelf: true });
    const o = speaker("node", "o", ["10.0.0.9/24"], { as: 3, peers: ["x"] });
    const c = speaker("node", "c", ["10.0.0.8/24"], { peers: ["rr"] });
    const bgp = computeBgp(input([...border, rr, x, o, c]));
    expect(bgp.paths("c", "o").map(({ originatorId }) => originatorId)).toEqual([ip("10.0.0.11")]);
  });
});
