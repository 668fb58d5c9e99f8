import { describe, expect, test } from "vitest";
import { mergeNextHops, type Resolved, type ResolverRoute, resolveNextHop } from "../../src/bgp/resolve.ts";
import { ip } from "./speakers.ts";

describe("BIRD's recursive next hop 192.168.2.2", () => {
  test.each<[string, ResolverRoute | undefined, Resolved]>([
    ["is the gateway itself on a connected network", { kind: "direct", dev: "eth0" }, via("192.168.2.2", "eth0")],
    [
      "takes the gateway of a route learned from the kernel",
      { kind: "kernel", via: ip("192.168.1.1"), dev: "eth0" },
      via("192.168.1.1", "eth0"),
    ],
    [
      "is not followed through a BGP route",
      { kind: "bgp" },
      {
        kind: "unreachable",
        why: "the next hop 192.168.2.2 is only known by BGP, and BIRD does not recurse twice",
      },
    ],
    ["is unreachable without a route", undefined, { kind: "unreachable", why: "no route to the next hop 192.168.2.2" }],
    [
      "is unreachable when it is our own",
      { kind: "own", dev: "eth0" },
      { kind: "unreachable", why: "the next hop 192.168.2.2 is a local address of eth0" },
    ],
    ["falls into a blackhole", { kind: "blackhole" }, { kind: "blackhole" }],
  ])("%s", (_, route, want) => {
    expect(resolveNextHop({ nextHop: ip("192.168.2.2") }, () => route)).toEqual(want);
  });
});

describe("equal paths in one kernel route", () => {
  test("list each gateway once, in ascending order", () => {
    const paths = ["10.0.0.9", "10.0.0.10", "10.0.0.9"].map((gateway) => via(gateway, "eth0"));
    expect(mergeNextHops(paths)).toEqual([via("10.0.0.9", "eth0"), via("10.0.0.10", "eth0")]);
  });

  test("are at most 16", () => {
    expect(mergeNextHops(Array.from({ length: 20 }, (_, i) => via(`10.0.0.${i + 1}`, "eth0")))).toHaveLength(16);
  });

  test("leave out what does not resolve, unless that is the best path", () => {
    const dead: Resolved = { kind: "unreachable", why: "no route" };
    expect(mergeNextHops([via("10.0.0.1", "eth0"), dead])).toEqual([via("10.0.0.1", "eth0")]);
    expect(mergeNextHops([dead, via("10.0.0.1", "eth0")])).toEqual([dead]);
    expect(mergeNextHops([])).toEqual([]);
  });
});

function via(gateway: string, dev: string): Resolved {
  return { kind: "via", via: ip(gateway), dev };
}
