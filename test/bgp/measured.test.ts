import { describe, expect, test } from "vitest";
import { type Bgp, computeBgp } from "../../src/bgp/bgp.ts";
import { input, lines, type Settings, speaker } from "./speakers.ts";

// What BIRD 1.6.8 showed in three namespaces on 10.168.0.0/24: as_path, next_hop, from, originator_id, cluster_list.
const n1 = (settings: Settings) => speaker("node", "n1", ["10.168.0.11/24"], settings);
const n2 = (settings: Settings) => speaker("node", "n2", ["10.168.0.12/24"], settings);
const r1 = (settings: Settings) => speaker("router", "r1", ["10.168.0.1/24"], settings);

function states(bgp: Bgp, at: string): string[] {
  return [...bgp.sessions(at)].map(({ name, state }) => `${name} ${state}`);
}

describe("the full mesh, all AS 64512", () => {
  const bgp = computeBgp(input([n1({}), n2({})], { mesh: new Set(["n1", "n2"]) }));

  test("each learns the other's block by iBGP with an empty path", () => {
    expect(lines(bgp, "n1", "n2")).toEqual(["10.168.0.12 [] ibgp direct"]);
    expect(lines(bgp, "n2", "n1")).toEqual(["10.168.0.11 [] ibgp direct"]);
  });

  test("the sessions are established and named as birdc names them", () => {
    expect(states(bgp, "n1")).toEqual(["Mesh_10_168_0_12 Established"]);
    expect(states(bgp, "n2")).toEqual(["Mesh_10_168_0_11 Established"]);
  });
});

describe("a reflecting router in the nodes' AS", () => {
  const bgp = computeBgp(
    input([n1({ peers: ["r1"] }), n2({ peers: ["r1"] }), r1({ routeReflector: true, peers: ["n1", "n2"] })]),
  );

  test("the next hop goes through it unchanged, originator and cluster are noted", () => {
    expect(bgp.paths("n1", "n2")).toMatchObject([
      { from: "r1", learned: "ibgp", reach: "direct", asPath: [], localPref: 100 },
    ]);
    const [path] = bgp.paths("n1", "n2");
    expect(`${path?.nextHop} ${path?.originatorId} ${path?.clusterList.join()}`).toBe(
      "10.168.0.12 10.168.0.12 10.168.0.1",
    );
    expect(lines(bgp, "n2", "n1")).toEqual(["10.168.0.11 [] ibgp direct"]);
  });

  test("the router itself has both, without originator", () => {
    expect(lines(bgp, "r1", "n1")).toEqual(["10.168.0.11 [] ibgp direct"]);
    expect(lines(bgp, "r1", "n2")).toEqual(["10.168.0.12 [] ibgp direct"]);
    expect(bgp.paths("r1", "n2")[0]?.originatorId).toBeUndefined();
  });

  test("without reflection the router keeps what it has learned", () => {
    const plain = computeBgp(input([n1({ peers: ["r1"] }), n2({ peers: ["r1"] }), r1({ peers: ["n1", "n2"] })]));
    expect(lines(plain, "n1", "n2")).toEqual([]);
    expect(plain.refusals("n1", "n2")).toEqual([{ from: "r1", why: "ibgp", asPath: [] }]);
  });
});

describe("a router in AS 65101, nodes in 65001 and 65002", () => {
  const bgp = computeBgp(
    input([n1({ as: 65001, peers: ["r1"] }), n2({ as: 65002, peers: ["r1"] }), r1({ as: 65101, peers: ["n1", "n2"] })]),
  );

  test("the third-party next hop on the shared subnet is kept: nodes send to each other, not to the router", () => {
    expect(lines(bgp, "n1", "n2")).toEqual(["10.168.0.12 [65101 65002] ebgp direct"]);
    expect(lines(bgp, "n2", "n1")).toEqual(["10.168.0.11 [65101 65001] ebgp direct"]);
    expect(bgp.paths("n1", "n2")[0]).toMatchObject({ from: "r1", localPref: 100 });
  });

  test("the router has one AS on each path", () => {
    expect(lines(bgp, "r1", "n1")).toEqual(["10.168.0.11 [65001] ebgp direct"]);
    expect(lines(bgp, "r1", "n2")).toEqual(["10.168.0.12 [65002] ebgp direct"]);
  });

  test("sessions of a node are Node_ and those of a router carry the peer's name", () => {
    expect(states(bgp, "n1")).toEqual(["Node_10_168_0_1 Established"]);
    expect(states(bgp, "r1")).toEqual(["n1 Established", "n2 Established"]);
  });

  test("a router that always puts itself as next hop makes the nodes send through it", () => {
    const self = computeBgp(
      input([
        n1({ as: 65001, peers: ["r1"] }),
        n2({ as: 65002, peers: ["r1"] }),
        r1({ as: 65101, nextHopSelf: true, peers: ["n1", "n2"] }),
      ]),
    );
    expect(lines(self, "n1", "n2")).toEqual(["10.168.0.1 [65101 65002] ebgp direct"]);
  });
});
