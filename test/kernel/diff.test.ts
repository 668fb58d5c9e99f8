import { describe, expect, test } from "vitest";
import { Ip } from "../../src/addr/ip.ts";
import type { Mac } from "../../src/addr/mac.ts";
import { Prefix } from "../../src/addr/prefix.ts";
import { NetnsDiff } from "../../src/kernel/diff.ts";
import { explainer } from "../../src/kernel/diff-causes.ts";
import { type Cause, Tally } from "../../src/kernel/diff-tally.ts";
import { Netlink } from "../../src/kernel/netlink.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import type { RowChange } from "../../src/kernel/row-change.ts";

const ip = (text: string) => Ip.parse(text) as Ip;
const prefix = (text: string) => Prefix.parse(text) as Prefix;
const MAC = "02:00:00:00:00:01" as Mac;

function node(name = "host/node-1"): Netlink {
  const netlink = new Netlink(name, "host");
  netlink.link({ kind: "nic", name: "eth0", mac: MAC, mtu: 1500, segment: "lan", by: "operator" });
  netlink.address("eth0", ip("192.168.0.11"), 24, { by: "operator" });
  return netlink;
}

function veth(netlink: Netlink, name: string, mtu = 1500): void {
  netlink.link({ kind: "veth", name, mac: MAC, mtu, peer: { netns: "pod/default/a", dev: "eth0" }, by: "cni" });
}

function diffNetns(before: Netns, after: Netns): readonly RowChange[] {
  return new NetnsDiff(before, after).changes();
}

/** The causes of what changes in one namespace, or alike in several. */
function causesOf(changes: readonly RowChange[], namespaces = 1): readonly Cause[] {
  const tally = new Tally("all");
  tally.add("host", namespaces, [{ found: changes.map(explainer(changes)), times: 1 }]);
  return tally.causes();
}

describe("rows of one namespace", () => {
  test("the same rows differ in nothing, whatever the order of devices", () => {
    const [a, b] = [node(), node()];
    veth(a, "veth0");
    a.route({ dst: prefix("10.0.0.0/8"), via: ip("192.168.0.1"), dev: "eth0", by: "operator" });
    b.route({ dst: prefix("10.0.0.0/8"), via: ip("192.168.0.1"), dev: "eth0", by: "flanneld" });
    veth(b, "veth0");
    expect(diffNetns(a.netns, b.netns)).toEqual([]);
  });

  test("what the kernel derives is not told", () => {
    const [a, b] = [node(), node()];
    b.address("eth0", ip("10.0.0.1"), 24, { by: "operator" });
    expect(diffNetns(a.netns, b.netns).map(({ key }) => key)).toEqual(["addr eth0 10.0.0.1/24"]);
  });

  test("the same prefix and metric is the same route, with its fields told", () => {
    const [a, b] = [node(), node()];
    a.route({ dst: prefix("10.0.0.0/8"), via: ip("192.168.0.1"), dev: "eth0", by: "operator" });
    b.route({ dst: prefix("10.0.0.0/8"), via: ip("192.168.0.2"), dev: "eth0", by: "operator" });
    expect(diffNetns(a.netns, b.netns)).toMatchObject([
      { table: "route", fields: [{ field: "via", before: "192.168.0.1", after: "192.168.0.2" }] },
    ]);
  });

  test("a veth with the same far end was renamed, and rows on it with it", () => {
    const [a, b] = [node(), node()];
    veth(a, "veth0");
    veth(b, "cali0");
    a.route({ dst: prefix("10.0.0.2/32"), dev: "veth0", by: "cni" });
    b.route({ dst: prefix("10.0.0.2/32"), dev: "cali0", by: "cni" });
    const changes = diffNetns(a.netns, b.netns);
    expect(changes).toMatchObject([{ table: "link", fields: [{ field: "name", before: "veth0", after: "cali0" }] }]);
    expect(causesOf(changes)).toMatchObject([{ reason: { kind: "rename" } }]);
  });

  test("two rules with the same words are two rows", () => {
    const [a, b] = [node(), node()];
    const rule = { match: {}, target: { kind: "ACCEPT" }, by: "operator" } as const;
    a.filter("filter", "FORWARD", rule);
    b.filter("filter", "FORWARD", rule);
    b.filter("filter", "FORWARD", rule);
    expect(diffNetns(a.netns, b.netns)).toMatchObject([{ table: "filter", after: { table: "filter" } }]);
  });

  test("a refused row on one side is a difference", () => {
    const [a, b] = [node(), node()];
    a.route({ dst: prefix("10.0.0.0/8"), via: ip("172.16.0.1"), dev: "eth0", by: "flanneld" });
    expect(diffNetns(a.netns, b.netns)).toMatchObject([{ table: "refused", before: { table: "refused" } }]);
  });
});

describe("causes", () => {
  test("the same prefix by another device is a next hop that moves", () => {
    const [a, b] = [node(), node()];
    for (const each of [a, b]) each.link({ kind: "bridge", name: "br0", mac: MAC, mtu: 1500, by: "operator" });
    a.route({ dst: prefix("10.0.0.0/8"), dev: "br0", by: "operator" });
    b.route({ dst: prefix("10.0.0.0/8"), via: ip("192.168.0.2"), dev: "eth0", by: "operator" });
    expect(causesOf(diffNetns(a.netns, b.netns))).toMatchObject([
      { reason: { kind: "next-hop", before: "br0", after: "eth0" }, places: new Map([["host", 1]]) },
    ]);
  });

  test("a device that goes takes its rows along", () => {
    const [a, b] = [node(), node()];
    a.link({ kind: "bridge", name: "br0", mac: MAC, mtu: 1500, by: "cni" });
    a.address("br0", ip("10.0.0.1"), 24, { by: "cni" });
    a.neighbour({ dev: "br0", ip: ip("10.0.0.2"), lladdr: MAC, state: "permanent", by: "flanneld" });
    const [cause, ...rest] = causesOf(diffNetns(a.netns, b.netns));
    expect(rest).toEqual([]);
    expect(cause?.reason).toEqual({ kind: "device", op: "del", device: "br0" });
    expect(cause?.changes.map(({ table }) => table)).toEqual(["link", "addr", "neigh"]);
  });

  test("five thousand equal changes are one cause", () => {
    const [a, b] = [node(), node()];
    b.setLink("eth0", { mtu: 1400 });
    const causes = causesOf(diffNetns(a.netns, b.netns), 5000);
    expect(causes).toHaveLength(1);
    expect(causes[0]?.reason).toEqual({ kind: "field", table: "link", field: "mtu", before: "1500", after: "1400" });
    expect(causes[0]).toMatchObject({ rows: 5000, places: new Map([["host", 5000]]) });
  });

  test("a field with another value in every row is one cause without values", () => {
    const changes = ["a", "b", "c"].flatMap((name, i) => {
      const [a, b] = [node(`host/${name}`), node(`host/${name}`)];
      a.route({ dst: prefix("10.0.0.0/8"), via: ip(`192.168.0.${i + 1}`), dev: "eth0", by: "operator" });
      b.route({ dst: prefix("10.0.0.0/8"), via: ip("192.168.0.99"), dev: "eth0", by: "operator" });
      return diffNetns(a.netns, b.netns);
    });
    expect(causesOf(changes).map(({ reason }) => reason)).toEqual([{ kind: "field", table: "route", field: "via" }]);
  });
});
