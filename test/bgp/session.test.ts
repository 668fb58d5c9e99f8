import { describe, expect, test } from "vitest";
import { type Bgp, computeBgp } from "../../src/bgp/bgp.ts";
import { input, ip, type Settings, speaker } from "./speakers.ts";

const a = (settings: Settings) => speaker("node", "a", ["10.168.0.9/24"], settings);
const b = (settings: Settings) => speaker("node", "b", ["10.168.0.10/24"], settings);
const r = (settings: Settings) => speaker("router", "r-1", ["10.168.0.1/24"], settings);

/** `Mesh_… Active Socket: …: why`, one line a session. */
function shown(bgp: Bgp, at: string): string[] {
  return [...bgp.sessions(at)].map(({ name, state, info, why }) =>
    [`${name} ${state}`, info, why].filter((part) => part !== undefined).join(": "),
  );
}

describe("a session", () => {
  test("needs both sides: the caller finds nobody, the other has no session at all", () => {
    const bgp = computeBgp(input([a({ peers: ["b"] }), b({})]));
    expect(shown(bgp, "a")).toEqual(["Node_10_168_0_10 Active: Socket: Connection closed: b has no session with a"]);
    expect(shown(bgp, "b")).toEqual([]);
  });

  test("towards a machine without BGP is refused", () => {
    const bgp = computeBgp(input([a({ peers: [{ name: "r1", as: 65001 }] })]));
    expect([...bgp.sessions("a")]).toEqual([
      {
        name: "Node_r1",
        peer: "r1",
        localAs: 64512,
        peerAs: 65001,
        kind: "ebgp",
        from: "configured",
        state: "Active",
        info: "Socket: Connection refused",
        why: "r1 runs no BGP",
      },
    ]);
  });

  test("fails where the side that is wrong about the AS sends a notification", () => {
    const bgp = computeBgp(input([a({ peers: [{ name: "b", as: 65000 }] }), b({ peers: ["a"] })]));
    expect(shown(bgp, "a")).toEqual([
      "Node_10_168_0_10 Idle: BGP Error: Bad peer AS: b says AS 64512, a expects 65000",
    ]);
    expect(shown(bgp, "b")).toEqual(["Node_10_168_0_9 Idle: Received: Bad peer AS: b says AS 64512, a expects 65000"]);
    expect([...bgp.sessions("a")][0]).toMatchObject({ kind: "ebgp", localAs: 64512, peerAs: 65000 });
  });

  test("inside an AS needs two router ids", () => {
    const same = { routerId: ip("1.1.1.1") };
    const bgp = computeBgp(input([a({ ...same, peers: ["b"] }), b({ ...same, peers: ["a"] })]));
    expect(shown(bgp, "a")).toEqual([
      "Node_10_168_0_10 Idle: BGP Error: Bad BGP identifier: a and b have the router id 1.1.1.1",
    ]);
    const ebgp = computeBgp(input([a({ ...same, peers: ["b"] }), b({ ...same, as: 64513, peers: ["a"] })]));
    expect(shown(ebgp, "a")).toEqual(["Node_10_168_0_10 Established"]);
  });

  test("with itself is none", () => {
    const bgp = computeBgp(input([a({ peers: ["a"] })]));
    expect(shown(bgp, "a")).toEqual(["Node_10_168_0_9 Idle: 10.168.0.9 is a's own address"]);
  });

  test("between two machines of one address is none", () => {
    const twin = speaker("node", "twin", ["10.168.0.9/24"], { peers: ["a"] });
    const bgp = computeBgp(input([a({ peers: ["twin"] }), twin]));
    expect(shown(bgp, "a")).toEqual(["Node_10_168_0_9 Idle: 10.168.0.9 is a's own address"]);
    expect(bgp.paths("a", "twin")).toEqual([]);
  });

  test("needs a route both ways", () => {
    const far = speaker("node", "far", ["10.2.0.9/24"], { peers: ["a"] });
    const bgp = computeBgp(
      input([a({ peers: ["far"] }), far], { gateway: ({ name }) => (name === "a" ? ip("10.168.0.1") : undefined) }),
    );
    expect(shown(bgp, "a")).toEqual(["Node_10_2_0_9 Connect: far has no route back to 10.168.0.9"]);
    expect(shown(bgp, "far")).toEqual([
      "Node_10_168_0_9 Active: Socket: Network is unreachable: far has no route to 10.168.0.9",
    ]);
  });

  test("in the mesh is called from one side, by text: 10.168.0.10 waits for 10.168.0.9, which sorts behind it", () => {
    const bgp = computeBgp(input([a({}), b({})], { mesh: new Set(["a", "b"]), passes: () => false }));
    expect(shown(bgp, "a")).toEqual(["Mesh_10_168_0_10 Connect: tcp/179 does not get through between a and b"]);
    expect(shown(bgp, "b")).toEqual(["Mesh_10_168_0_9 Passive: tcp/179 does not get through between b and a"]);
  });

  test("given by the mesh and by a peer is one, of the mesh", () => {
    const bgp = computeBgp(input([a({ peers: [{ name: "b", as: 1 }] }), b({})], { mesh: new Set(["a", "b"]) }));
    expect(shown(bgp, "a")).toEqual(["Mesh_10_168_0_10 Established"]);
  });

  test("in a mesh of several AS numbers is eBGP", () => {
    const bgp = computeBgp(input([a({}), b({ as: 64513 })], { mesh: new Set(["a", "b"]) }));
    expect([...bgp.sessions("a")]).toMatchObject([{ kind: "ebgp", peerAs: 64513, state: "Established", from: "mesh" }]);
    expect(bgp.paths("a", "b")).toMatchObject([{ learned: "ebgp", asPath: [64513] }]);
  });

  test("from a global peer is Global_, on a router it has the peer's name in BIRD's letters", () => {
    const bgp = computeBgp(input([a({ peers: [{ name: "r-1", scope: "global" }] }), r({ peers: ["a", "x-9"] })]));
    expect(shown(bgp, "a")).toEqual(["Global_10_168_0_1 Established"]);
    expect(shown(bgp, "r-1")).toEqual(["a Established", "x_9 Active: Socket: Connection refused: x-9 runs no BGP"]);
  });

  test("of IPv6 has its colons turned into underscores", () => {
    const one = speaker("node", "one", ["fd00::1/64"], { routerId: ip("10.0.0.1") });
    const two = speaker("node", "two", ["fd00::2/64"], { routerId: ip("10.0.0.2") });
    const bgp = computeBgp(input([one, two], { mesh: new Set(["one", "two"]) }));
    expect(shown(bgp, "one")).toEqual(["Mesh_fd00__2 Established"]);
    expect(bgp.paths("one", "two")).toMatchObject([{ reach: "direct" }]);
  });
});

test("a name that is no speaker is the caller's mistake", () => {
  const bgp = computeBgp(input([a({})]));
  expect(() => bgp.paths("a", "nobody")).toThrow("no BGP speaker nobody");
});
