import { describe, expect, test } from "vitest";
import { Prefix } from "../../src/addr/prefix.ts";
import { applyEdit, parseCommand } from "../../src/kernel/edit.ts";
import { type FibKey, fibLookup, selectAddress, selectSource } from "../../src/kernel/fib.ts";
import type { AnyNetlink } from "../../src/kernel/netlink.ts";
import { routeText } from "../../src/render/iproute.ts";
import { host, ip, nic } from "./node.ts";

function type(netlink: AnyNetlink, ...commands: readonly string[]): void {
  for (const text of commands) {
    const read = parseCommand(text);
    if (!read.ok) throw new Error(`${text}: ${read.message}`);
    const applied = applyEdit(netlink, read.edit, "fix");
    if (!("changed" in applied)) throw new Error(`${text}: ${applied.refused.text}`);
  }
}

/** `ip route get` as this model answers it: the row, and the source it speaks from. */
function get(netlink: AnyNetlink, dst: string, key: Partial<FibKey> = {}): string {
  const found = fibLookup(netlink.netns, { dst: ip(dst), ...key });
  if (!found) return "unreachable";
  const source = selectSource(netlink.netns, found, ip(dst));
  return `${routeText({ ...found.route, metric: found.route.dst.family === 6 ? found.route.metric : 0 })} | ${source}`;
}

/**
 * Three cards and a handful of tables. What a 6.18 kernel answered to the same commands is what the tests below expect.
 */
function threeCards(): AnyNetlink {
  const node = host("10.0.0.1/24", "10.1.0.1/24", "10.1.0.2/24", "10.2.0.1/32");
  nic(node, "eth1", "10.3.0.1/24");
  nic(node, "eth2");
  type(
    node,
    "ip route add 10.1.5.0/24 dev eth0",
    "ip route add 10.20.0.0/16 via 10.1.0.9",
    "ip route add 10.21.0.0/16 dev eth2",
    "ip route add 10.22.0.0/16 dev eth2 scope global",
    "ip route add 169.254.1.1 dev eth2 scope link",
    "ip route add default via 169.254.1.1 dev eth2",
    "ip route add 10.24.0.0/16 via 10.3.0.9 metric 100",
    "ip route add 10.24.0.0/16 via 10.0.0.9 metric 200",
    "ip route add 10.24.1.0/24 via 10.0.0.9 metric 900",
    "ip route add throw 10.25.0.0/16",
    "ip route add 10.25.0.0/16 via 10.3.0.9 table 5",
    "ip route add blackhole 10.26.0.0/16",
    "ip route add throw 10.29.0.0/16 table 5",
    "ip route add 10.29.0.0/16 via 10.0.0.9",
    "ip route add 10.24.2.0/24 via 10.3.0.9 table 5",
    "ip rule add pref 100 from 10.0.0.1 table 5",
    "ip rule add pref 101 fwmark 0x10/0x10 table 5",
    "ip rule add pref 40000 table 5",
  );
  return node;
}

describe("a lookup finds what the kernel finds", () => {
  const node = threeCards();
  test.each<[string, Partial<FibKey>, string]>([
    // A route without a gateway speaks from the device's first address, one with a gateway from the gateway's network.
    ["10.1.5.5", {}, "10.1.5.0/24 dev eth0 scope link | 10.0.0.1"],
    ["10.20.0.1", {}, "10.20.0.0/16 via 10.1.0.9 dev eth0 | 10.1.0.1"],
    // A device without an address borrows the first one of the namespace.
    ["10.21.0.1", {}, "10.21.0.0/16 dev eth2 scope link | 10.0.0.1"],
    ["10.22.0.1", {}, "10.22.0.0/16 dev eth2 | 10.0.0.1"],
    ["8.8.8.8", {}, "default via 169.254.1.1 dev eth2 | 10.0.0.1"],
    // The lowest metric of the longest prefix; a longer prefix beats any metric.
    ["10.24.0.1", {}, "10.24.0.0/16 via 10.3.0.9 dev eth1 | 10.3.0.1"],
    ["10.24.1.1", {}, "10.24.1.0/24 via 10.0.0.9 dev eth0 | 10.0.0.1"],
    // Throw ends one table, not the lookup.
    ["10.25.0.1", {}, "10.25.0.0/16 via 10.3.0.9 dev eth1 table 5 | 10.3.0.1"],
    ["10.29.0.1", { mark: 0x30 }, "10.29.0.0/16 via 10.0.0.9 dev eth0 | 10.0.0.1"],
    ["10.24.2.1", {}, "10.24.0.0/16 via 10.3.0.9 dev eth1 | 10.3.0.1"],
    ["10.24.2.1", { src: ip("10.0.0.1") }, "10.24.2.0/24 via 10.3.0.9 dev eth1 table 5 | 10.3.0.1"],
    ["10.24.2.1", { mark: 0x30 }, "10.24.2.0/24 via 10.3.0.9 dev eth1 table 5 | 10.3.0.1"],
    ["10.24.2.1", { mark: 0x20 }, "10.24.0.0/16 via 10.3.0.9 dev eth1 | 10.3.0.1"],
    // With a device asked for, a route by another one does not count, however long.
    ["10.24.0.1", { oif: "eth0" }, "10.24.0.0/16 via 10.0.0.9 dev eth0 | 10.0.0.1"],
    ["10.24.1.1", { oif: "eth1" }, "10.24.0.0/16 via 10.3.0.9 dev eth1 | 10.3.0.1"],
    ["10.99.0.1", { oif: "eth0" }, "unreachable"],
    // A secondary address is answered from its primary.
    ["10.1.0.2", {}, "local 10.1.0.2 dev eth0 table local proto kernel scope host src 10.1.0.1 | 10.1.0.1"],
    ["10.1.0.255", {}, "broadcast 10.1.0.255 dev eth0 table local proto kernel scope link src 10.1.0.1 | 10.1.0.1"],
    ["10.2.0.1", {}, "local 10.2.0.1 dev eth0 table local proto kernel scope host src 10.2.0.1 | 10.2.0.1"],
    ["10.1.0.50", {}, "10.1.0.0/24 dev eth0 proto kernel scope link src 10.1.0.1 | 10.1.0.1"],
  ])("%s %j", (dst, key, want) => expect(get(node, dst, key)).toBe(want));

  test("a blackhole is a winner like any other", () => {
    expect(fibLookup(node.netns, { dst: ip("10.26.0.1") })?.route.type).toBe("blackhole");
  });

  test("the rows that lost are told, those of later tables last", () => {
    const found = fibLookup(node.netns, { dst: ip("10.24.2.1") });
    expect(found?.losers.map(routeText)).toEqual([
      "10.24.0.0/16 via 10.0.0.9 dev eth0 metric 200",
      "default via 169.254.1.1 dev eth2",
      "10.24.2.0/24 via 10.3.0.9 dev eth1 table 5",
    ]);
  });
});

describe("IPv6 sources", () => {
  const node = host("fd00::1/64", "fd01::1/64");
  nic(node, "eth1", "fd02::1/128");
  nic(node, "eth2");
  type(
    node,
    "ip -6 route add fd10::/32 via fd01::9",
    "ip -6 route add fd11::/32 dev eth0",
    "ip -6 route add fd12::/32 dev eth2",
    "ip -6 route add fd13::/32 dev eth1",
  );

  // As measured: of addresses that are equally near the one added last speaks; the way out counts before nearness.
  test.each([
    ["fd10::1", "fd01::1"],
    ["fd11::1", "fd01::1"],
    ["fd12::1", "fd01::1"],
    ["fd13::1", "fd02::1"],
    ["fd00::9", "fd00::1"],
    ["fd01::9", "fd01::1"],
    ["fd01::1", "fd01::1"],
  ])("towards %s it speaks from %s", (dst, src) => expect(get(node, dst).split(" | ")[1]).toBe(src));

  test("a link-local destination is spoken to from the link's own address", () => {
    expect(`${selectAddress(node.netns, "eth1", ip("fe80::9"))?.ip}`).toBe("fe80::ff:fe00:31");
  });

  test("a public address speaks to a public one, a unique local one to its like", () => {
    const both = host("2001:db8::1/64", "fd00::1/64");
    expect(`${selectAddress(both.netns, "eth0", ip("2001:db9::1"))?.ip}`).toBe("2001:db8::1");
    expect(`${selectAddress(both.netns, "eth0", ip("fd77::1"))?.ip}`).toBe("fd00::1");
  });
});

describe("branches and dead devices", () => {
  const node = host("192.168.0.11/24");
  nic(node, "eth1", "192.168.1.11/24");
  type(node, "ip route add 10.5.0.0/24 nexthop via 192.168.0.1 weight 2 nexthop via 192.168.1.1");

  const leaving = (last: number) => fibLookup(node.netns, { dst: ip(`10.5.0.${last}`) })?.nexthop?.dev;
  const all = Array.from({ length: 240 }, (_, i) => i + 1);

  test("the addresses choose among branches, by weight, and always the same", () => {
    const out = all.map(leaving);
    expect(out).toEqual(all.map(leaving));
    const share = out.filter((dev) => dev === "eth0").length / out.length;
    expect(share).toBeGreaterThan(0.55);
    expect(share).toBeLessThan(0.78);
  });

  test("who walks every branch says which, and is not heard about one that is down", () => {
    const told = (branch: number) => fibLookup(node.netns, { dst: ip("10.5.0.1"), branch: () => branch })?.nexthop?.dev;
    expect([told(0), told(1), told(7)]).toEqual(["eth0", "eth1", leaving(1)]);
  });

  test("a branch whose device is down is passed over, and its route stays", () => {
    type(node, "ip link set eth0 down");
    expect(new Set(all.map(leaving))).toEqual(new Set(["eth1"]));
    expect(fibLookup(node.netns, { dst: ip("10.5.0.1"), branch: () => 0 })?.nexthop?.dev).toBe("eth1");
  });

  test("a branch whose device is gone takes the route along", () => {
    type(node, "ip link del eth0");
    expect(fibLookup(node.netns, { dst: ip("10.5.0.1") })).toBeUndefined();
  });
});

test("a lookup by key finds what is found in the expanded table", () => {
  const node = host("192.168.0.11/24");
  node.perPeer("flanneld", "host-gw", (peer) => ({ routes: [{ dst: peer.pods, via: peer.ip, dev: "eth0" }] }));
  const expanded = [...node.netns.routes.rows()].filter((row) => row.by === "flanneld");
  expect(expanded).toHaveLength(2);
  for (const row of expanded) expect(fibLookup(node.netns, { dst: row.dst.host(7) })?.route).toEqual(row);
  expect(fibLookup(node.netns, { dst: Prefix.all(4).host(5) })).toBeUndefined();
});
