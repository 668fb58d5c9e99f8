import { describe, expect, test } from "vitest";
import { parseRoute } from "../../src/kernel/edit.ts";
import { Netlink, type RouteRequest } from "../../src/kernel/netlink.ts";
import { routeText } from "../../src/render/iproute.ts";
import { host, ip, type Lessee, mac, nic, prefix, vxlanNode } from "./node.ts";

/** What the kernel says to `ip route add TEXT`: errno and words, or the row. */
function add(netlink: Netlink<Lessee>, text: string): string {
  const read = parseRoute(text);
  if (!read.ok) throw new Error(`${text}: ${read.message}`);
  const request: RouteRequest = read.route;
  const refused = netlink.route({ ...request, by: "operator" });
  return refused ? `${refused.errno} ${refused.text}` : "granted";
}

function twoCards(): Netlink<Lessee> {
  const node = host("192.168.0.11/24", "fd00::11/64");
  nic(node, "eth1", "192.168.1.11/24");
  nic(node, "eth2", "192.168.5.11/24");
  node.setLink("eth2", { up: false });
  for (const text of [
    "default via 192.168.0.1",
    "10.20.0.0/16 via 192.168.0.20",
    "10.21.0.0/16 dev eth1 scope global",
    "10.22.0.0/16 dev eth1",
    "blackhole 10.23.0.0/16",
  ]) {
    expect(add(node, text)).toBe("granted");
  }
  return node;
}

const GATEWAY = "Nexthop has invalid gateway";

describe("routes are granted or refused as a 6.18 kernel did", () => {
  test.each([
    // The gateway must be on the link of its device, as rows of link scope say.
    ["10.1.1.0/24 via 192.168.0.12", "granted"],
    ["10.1.1.0/24 via 192.168.2.12 dev eth0", `ENETUNREACH ${GATEWAY}`],
    ["10.1.1.0/24 via 192.168.2.12", `ENETUNREACH ${GATEWAY}`],
    ["10.1.1.0/24 via 192.168.0.12 dev eth1", `ENETUNREACH ${GATEWAY}`],
    ["10.1.1.0/24 via 10.20.0.1 dev eth0", `ENETUNREACH ${GATEWAY}`],
    ["10.1.1.0/24 via 10.21.0.1 dev eth1", `ENETUNREACH ${GATEWAY}`],
    ["10.1.1.0/24 via 10.22.0.1 dev eth1", "granted"],
    ["10.1.1.0/24 via 10.23.0.1 dev eth0", `ENETUNREACH ${GATEWAY}`],
    ["10.1.1.0/24 via 192.168.0.12 dev eth0 scope link", `ENETUNREACH ${GATEWAY}`],
    // An own address is a gateway, but not onlink, and not that of another device.
    ["10.1.1.0/24 via 192.168.0.11 dev eth0", "granted"],
    ["10.1.1.0/24 via 192.168.0.11", "granted"],
    ["10.1.1.0/24 via 192.168.0.11 dev eth0 onlink", `EINVAL ${GATEWAY}`],
    ["10.1.1.0/24 via 192.168.1.11 dev eth0", `ENETUNREACH ${GATEWAY}`],
    ["10.1.1.0/24 via 192.168.1.11 dev eth0 onlink", `EINVAL ${GATEWAY}`],
    // Groups.
    ["10.1.1.0/24 via 192.168.0.255 dev eth0", `EINVAL ${GATEWAY}`],
    ["10.1.1.0/24 via 192.168.0.255 dev eth0 onlink", `EINVAL ${GATEWAY}`],
    ["10.1.1.0/24 via 224.0.0.1 dev eth0", `ENETUNREACH ${GATEWAY}`],
    ["10.1.1.0/24 via 224.0.0.1 dev eth0 onlink", `EINVAL ${GATEWAY}`],
    // Onlink is taken at its word, and needs a device that is up.
    ["10.1.1.0/24 via 192.168.2.12 dev eth0 onlink", "granted"],
    ["10.1.1.0/24 via 192.168.2.12 onlink", "ENODEV Nexthop device required for onlink"],
    ["10.1.1.0/24 via 192.168.5.1 dev eth2 onlink", "ENETDOWN Nexthop device is not up"],
    // Devices.
    ["10.1.1.0/24 dev eth2", "ENETDOWN Device for nexthop is not up"],
    ["10.1.1.0/24 via 192.168.5.1 dev eth2", `ENETUNREACH ${GATEWAY}`],
    ["10.1.1.0/24 via 192.168.5.1", `ENETUNREACH ${GATEWAY}`],
    ["10.1.1.0/24", "ENODEV No such device"],
    ["10.1.1.0/24 dev eth9", 'ENODEV Cannot find device "eth9"'],
    // Sources.
    ["10.1.1.0/24 via 192.168.0.1 src 192.168.1.11", "granted"],
    ["10.1.1.0/24 via 192.168.0.1 src 9.9.9.9", "EINVAL Invalid prefsrc address"],
    // Types, branches.
    ["blackhole 10.1.1.0/24 dev eth0", "EINVAL Gateway, device and multipath can not be specified for this route type"],
    ["10.1.1.0/24 nexthop via 192.168.0.12 nexthop via 192.168.7.13", `ENETUNREACH ${GATEWAY}`],
    // IPv6.
    ["fd01::/64 via fd00::12", "granted"],
    ["fd01::/64 via fd09::1 dev eth0", "EHOSTUNREACH No route to host"],
    ["fd01::/64 via fd09::1", "EHOSTUNREACH No route to host"],
    ["fd01::/64 via fd00::12 dev eth1", "EHOSTUNREACH No route to host"],
    ["fd01::/64 via fd00::11 dev eth0", "EINVAL Gateway can not be a local address"],
    ["fd01::/64 via fe80::1", "EINVAL Egress device not specified"],
    ["fd01::/64 via fe80::1 dev eth1", "granted"],
    ["fd01::/64 via ff02::1 dev eth0", "EINVAL Invalid gateway address"],
    ["fd01::/64 via fe80::1 dev eth2", "ENETDOWN Nexthop device is not up"],
    ["fd01::/64 dev eth2", "ENETDOWN Nexthop device is not up"],
    ["fd01::/64", "ENODEV No such device"],
    ["fd01::/64 via fd00::12 src fd99::1", "EINVAL Invalid source address"],
    ["fd01::/64 via fd09::1 dev eth0 onlink", "granted"],
    ["fd01::/64 via fd00::12 dev eth1 onlink", "EINVAL Nexthop has invalid gateway or device mismatch"],
    ["blackhole fd01::/64", "granted"],
  ])("%s: %s", (text, want) => expect(add(twoCards(), text)).toBe(want));

  test("a refused row is kept with who asked", () => {
    const node = host();
    node.route({ dst: prefix("10.1.0.0/16"), via: ip("192.168.2.12"), dev: "eth0", by: "flanneld" });
    expect([...node.netns.refused()]).toMatchObject([
      { errno: "ENETUNREACH", by: "flanneld", asked: { table: "route" } },
    ]);
    expect([...node.netns.routes.rows()].filter((row) => row.by === "flanneld")).toEqual([]);
  });
});

describe("an address brings its rows", () => {
  const rows = (node: Netlink<Lessee>) =>
    [...node.netns.routes.rows()].filter((row) => row.dev === "eth0").map(routeText);

  test.each([
    [
      "172.16.0.5/24",
      [
        "local 172.16.0.5 dev eth0 table local proto kernel scope host src 172.16.0.5",
        "172.16.0.0/24 dev eth0 proto kernel scope link src 172.16.0.5",
        "broadcast 172.16.0.255 dev eth0 table local proto kernel scope link src 172.16.0.5",
      ],
    ],
    [
      "172.17.0.1/30",
      [
        "local 172.17.0.1 dev eth0 table local proto kernel scope host src 172.17.0.1",
        "172.17.0.0/30 dev eth0 proto kernel scope link src 172.17.0.1",
        "broadcast 172.17.0.3 dev eth0 table local proto kernel scope link src 172.17.0.1",
      ],
    ],
    [
      "172.18.0.1/31",
      [
        "local 172.18.0.1 dev eth0 table local proto kernel scope host src 172.18.0.1",
        "172.18.0.0/31 dev eth0 proto kernel scope link src 172.18.0.1",
      ],
    ],
    ["10.244.1.0/32", ["local 10.244.1.0 dev eth0 table local proto kernel scope host src 10.244.1.0"]],
  ])("%s", (address, want) => expect(rows(host(address))).toEqual(want));

  test("an IPv6 address of full length has a row in main too", () => {
    expect(rows(host("fd02::1/128"))).toEqual(
      expect.arrayContaining([
        "local fd02::1 dev eth0 table local proto kernel metric 0 pref medium",
        "fd02::1 dev eth0 proto kernel metric 256 pref medium",
      ]),
    );
  });

  test("a second address of the network is secondary: no connected row of its own, and it goes with the first", () => {
    const node = host("10.6.0.1/24", "10.6.0.2/24");
    expect(rows(node).filter((text) => text.startsWith("10.6"))).toEqual([
      "10.6.0.0/24 dev eth0 proto kernel scope link src 10.6.0.1",
    ]);
    expect(rows(node)).toContain("local 10.6.0.2 dev eth0 table local proto kernel scope host src 10.6.0.1");
    node.delAddress("eth0", ip("10.6.0.1"));
    expect(node.netns.addresses.map((row) => row.dev)).toEqual(["lo"]);
    expect(rows(node)).toEqual([]);
  });

  test("the same network on two cards has two rows; the first wins, the other stands by", () => {
    const node = host("192.168.0.11/24");
    nic(node, "eth1", "192.168.0.12/24");
    const connected = () => [...node.netns.routes.rows()].filter((row) => row.table === 254).map(routeText);
    expect(connected()).toEqual([
      "192.168.0.0/24 dev eth0 proto kernel scope link src 192.168.0.11",
      "192.168.0.0/24 dev eth1 proto kernel scope link src 192.168.0.12",
    ]);
    expect(add(node, "10.1.0.0/16 via 192.168.0.1 dev eth1")).toBe("granted");
    node.setLink("eth0", { up: false });
    expect(connected()).toEqual([
      "192.168.0.0/24 dev eth1 proto kernel scope link src 192.168.0.12",
      "10.1.0.0/16 via 192.168.0.1 dev eth1",
    ]);
  });

  test("the routes that speak from an address go with it", () => {
    const node = host("10.6.0.1/24", "10.8.0.1/24");
    expect([add(node, "10.7.0.0/24 via 10.6.0.9"), add(node, "10.7.1.0/24 via 10.8.0.9 src 10.6.0.1")]).toEqual([
      "granted",
      "granted",
    ]);
    node.delAddress("eth0", ip("10.6.0.1"));
    expect(rows(node).filter((text) => text.startsWith("10.7"))).toEqual(["10.7.0.0/24 via 10.6.0.9 dev eth0"]);
  });
});

describe("a device that goes down", () => {
  test("keeps its IPv4 addresses and their local rows, loses IPv6 addresses and neighbours, and gets connected rows back", () => {
    const node = host("192.168.0.11/24", "fd00::11/64");
    add(node, "default via 192.168.0.1");
    node.neighbour({
      dev: "eth0",
      ip: ip("192.168.0.1"),
      lladdr: mac("02:00:00:00:00:99"),
      state: "permanent",
      by: "operator",
    });
    node.setLink("eth0", { up: false });
    const rows = () => [...node.netns.routes.rows()].filter((row) => row.dev === "eth0").map(routeText);
    expect(rows()).toEqual(["local 192.168.0.11 dev eth0 table local proto kernel scope host src 192.168.0.11"]);
    expect(node.netns.addresses.filter((row) => row.dev === "eth0").map((row) => `${row.ip}`)).toEqual([
      "192.168.0.11",
    ]);
    expect([...node.netns.neighbours.rows()]).toEqual([]);
    node.setLink("eth0", { up: true });
    expect(rows()).toEqual(
      expect.arrayContaining([
        "192.168.0.0/24 dev eth0 proto kernel scope link src 192.168.0.11",
        "fe80::/64 dev eth0 proto kernel metric 256 pref medium",
      ]),
    );
    expect(rows().some((text) => text.startsWith("default") || text.startsWith("fd00"))).toBe(false);
  });
});

describe("MTUs", () => {
  test("a vxlan device is clamped to what its card carries, and only when it is made", () => {
    const node = vxlanNode();
    const vxlan = {
      kind: "vxlan",
      mac: mac("5e:00:00:00:00:09"),
      mtu: 1500,
      vni: 2,
      learning: false,
      ttl: "auto",
      by: "felix",
    } as const;
    node.link({ ...vxlan, name: "vxlan.calico", port: 4789, local: ip("192.168.0.11"), lower: "eth0" });
    node.link({ ...vxlan, name: "vxlan-v6", port: 4790, local: ip("fd00::11"), lower: "eth0" });
    node.link({ ...vxlan, name: "free", port: 4791, local: ip("192.168.0.11") });
    const mtu = (name: string) => node.netns.links.get(name)?.mtu;
    expect([mtu("vxlan.calico"), mtu("vxlan-v6"), mtu("free")]).toEqual([1450, 1430, 1500]);
    node.setLink("eth0", { mtu: 1400 });
    expect(mtu("vxlan.calico")).toBe(1450);
    expect(node.setLink("vxlan.calico", { mtu: 1450 })).toBeUndefined();
    expect(node.setLink("vxlan.calico", { mtu: 1440 })).toMatchObject({ errno: "EINVAL" });
  });

  test("a bridge takes the least of its ports, until somebody says otherwise", () => {
    const node = vxlanNode();
    const mtu = () => node.netns.links.get("cni0")?.mtu;
    expect(mtu()).toBe(1450);
    node.setLink("vethe0c1a5b2", { mtu: 1380 });
    expect(mtu()).toBe(1380);
    node.setLink("vethe0c1a5b2", { master: undefined });
    expect(mtu()).toBe(1500);
    node.setLink("cni0", { mtu: 9000 });
    node.setLink("vethe0c1a5b2", { master: "cni0" });
    expect(mtu()).toBe(9000);
  });
});

test("a device's name is taken once", () => {
  const node = host();
  node.link({ kind: "bridge", name: "eth0", mac: mac("02:00:00:00:00:02"), mtu: 1500, by: "cni" });
  expect([...node.netns.refused()]).toMatchObject([{ errno: "EEXIST", text: "File exists", asked: { table: "link" } }]);
});

test("devices are numbered in the order they are made, loopback first", () => {
  expect([...vxlanNode().netns.links.values()].map((link) => `${link.ifindex} ${link.name}`)).toEqual([
    "1 lo",
    "2 eth0",
    "3 flannel.1",
    "4 cni0",
    "5 vethe0c1a5b2",
  ]);
});

test("a new namespace has a loopback device that is up, and its rows", () => {
  expect(new Netlink("pod/default/a", "pod").netns.routes.near([]).map(routeText)).toContain(
    "local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1",
  );
});
