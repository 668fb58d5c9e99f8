import { describe, expect, test } from "vitest";
import { applyEdit, parseCommand } from "../../src/kernel/edit.ts";
import { fibLookup } from "../../src/kernel/fib.ts";
import type { AnyNetlink } from "../../src/kernel/netlink.ts";
import { fdbText, neighbourText, routeText, ruleText } from "../../src/render/iproute.ts";
import { chainLines } from "../../src/render/iptables.ts";
import { host, ip, mac, nic, prefix, udpNode, vxlanNode } from "./node.ts";

/** Types commands one after the other; what the last one came to. */
function type(netlink: AnyNetlink, ...commands: readonly string[]): number | string {
  let result: number | string = "nothing typed";
  for (const text of commands) {
    const read = parseCommand(text);
    if (!read.ok) throw new Error(`${text}: ${read.message}`);
    const applied = applyEdit(netlink, read.edit, "fault");
    result = "changed" in applied ? applied.changed : `${applied.refused.errno}: ${applied.refused.text}`;
  }
  return result;
}

function routes(netlink: AnyNetlink, table = 254): readonly string[] {
  return [...netlink.netns.routes.rows()].filter((row) => row.table === table).map(routeText);
}

/** The winning route among rows that are looked up, not expanded. */
function takes(netlink: AnyNetlink, dst: string): string {
  const found = fibLookup(netlink.netns, { dst: ip(dst) });
  return found ? routeText(found.route) : "none";
}

const PEER_ROUTE = "10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink";

describe("routes", () => {
  test("a family's row is deleted like any other, for lookups and for the table", () => {
    const node = vxlanNode();
    expect(takes(node, "10.244.2.7")).toBe(PEER_ROUTE);
    expect(type(node, "ip route del 10.244.2.0/24")).toBe(1);
    expect(takes(node, "10.244.2.7")).toBe("default via 192.168.0.1 dev eth0");
    expect(takes(node, "10.244.3.7")).toBe("10.244.3.0/24 via 10.244.3.0 dev flannel.1 onlink");
    expect(routes(node)).not.toContain(PEER_ROUTE);
    expect(type(node, "ip route del 10.244.2.0/24")).toBe(0);
  });

  test("a deletion that names a detail the row has not matches nothing", () => {
    const node = vxlanNode();
    for (const detail of [
      "via 10.9.9.9",
      "dev eth0",
      "metric 5",
      "proto bird",
      "table 7",
      "scope link",
      "src 10.244.1.1",
    ]) {
      expect([detail, type(node, `ip route del 10.244.2.0/24 ${detail}`)]).toEqual([detail, 0]);
    }
    expect(type(node, "ip route del 10.244.2.0/24 via 10.244.2.0 dev flannel.1")).toBe(1);
  });

  test("of several metrics the lowest goes first", () => {
    const node = host();
    type(
      node,
      "ip route add 10.1.0.0/16 via 192.168.0.2 metric 20",
      "ip route add 10.1.0.0/16 via 192.168.0.3 metric 10",
    );
    expect(type(node, "ip route del 10.1.0.0/16")).toBe(1);
    expect(routes(node)).toContain("10.1.0.0/16 via 192.168.0.2 dev eth0 metric 20");
  });

  test("an added row is admitted like any other", () => {
    const node = vxlanNode();
    expect(type(node, "ip route add 10.9.0.0/16 via 192.168.2.12")).toBe("ENETUNREACH: Nexthop has invalid gateway");
    expect(type(node, "ip route add 10.9.0.0/16 dev eth9")).toBe('ENODEV: Cannot find device "eth9"');
    expect(type(node, "ip route add 10.9.0.0/16")).toBe("ENODEV: No such device");
    expect(type(node, "ip route add 10.244.2.0/24 via 192.168.0.12")).toBe("EEXIST: File exists");
    expect(type(node, "ip route change 10.9.0.0/16 via 192.168.0.12")).toBe("ENOENT: No such file or directory");
    expect(type(node, "ip route add 10.9.0.0/16 via 192.168.0.12")).toBe(1);
    const [row] = [...node.netns.routes.rows()].filter((route) => route.by === "fault");
    expect(row && routeText(row)).toBe("10.9.0.0/16 via 192.168.0.12 dev eth0");
    expect([...node.netns.refused()]).toEqual([]);
  });

  test("replace takes the place of the row with the same metric, the kernel's own too", () => {
    const node = vxlanNode();
    expect(type(node, "ip route replace 10.244.2.0/24 via 192.168.0.12")).toBe(1);
    expect(takes(node, "10.244.2.7")).toBe("10.244.2.0/24 via 192.168.0.12 dev eth0");
    expect(type(node, "ip route replace 192.168.0.0/24 dev cni0")).toBe(1);
    expect(routes(node).filter((text) => text.startsWith("192.168"))).toEqual(["192.168.0.0/24 dev cni0 scope link"]);
  });

  test("what is deleted and added again stands once", () => {
    const node = vxlanNode();
    type(node, "ip route del 10.244.2.0/24", "ip route add 10.244.2.0/24 via 192.168.0.12");
    expect(routes(node).filter((text) => text.startsWith("10.244.2"))).toEqual([
      "10.244.2.0/24 via 192.168.0.12 dev eth0",
    ]);
  });

  test("appending: IPv6 makes a branch, IPv4 a row that nobody uses", () => {
    const node = host("fd00::11/64", "192.168.0.11/24");
    type(node, "ip route add fd01::/64 via fd00::1", "ip route append fd01::/64 via fd00::2");
    expect(routes(node)).toContain(
      "fd01::/64 metric 1024 pref medium\n\tnexthop via fd00::1 dev eth0 weight 1\n\tnexthop via fd00::2 dev eth0 weight 1",
    );
    expect(type(node, "ip route del fd01::/64 via fd00::1")).toBe(1);
    expect(routes(node)).toContain("fd01::/64 via fd00::2 dev eth0 metric 1024 pref medium");
    type(node, "ip route add 10.1.0.0/16 via 192.168.0.2");
    expect(type(node, "ip route append 10.1.0.0/16 via 192.168.0.3")).toBe(0);
    expect(takes(node, "10.1.0.1")).toBe("10.1.0.0/16 via 192.168.0.2 dev eth0");
  });

  test("a flush takes what matches, of families too, and leaves other tables alone", () => {
    const node = vxlanNode();
    expect(type(node, "ip route flush dev flannel.1")).toBe(2);
    expect(takes(node, "10.244.3.7")).toBe("default via 192.168.0.1 dev eth0");
    expect(takes(node, "10.244.1.0")).toMatch(/^local 10\.244\.1\.0/);
    expect(type(node, "ip route flush proto bird")).toBe(0);
  });
});

describe("rows of families when a device changes", () => {
  test("go with it, whether anybody looked at them before or not, and do not come back", () => {
    for (const looked of [true, false]) {
      const node = vxlanNode();
      if (looked) takes(node, "10.244.2.7");
      expect(type(node, "ip link set flannel.1 down")).toBe(1);
      expect([...node.netns.refused()]).toEqual([]);
      expect([...node.netns.neighbours.rows()]).toEqual([]);
      expect([...node.netns.fdb.rows()].map(fdbText)).toContain(
        "5e:00:00:00:00:02 dev flannel.1 dst 192.168.0.12 self permanent",
      );
      expect(type(node, "ip link set flannel.1 up")).toBe(1);
      expect(takes(node, "10.244.2.7")).toBe("default via 192.168.0.1 dev eth0");
      expect(takes(node, "10.244.1.0")).toMatch(/^local 10\.244\.1\.0 dev flannel\.1/);
      expect(type(node, "ip route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink")).toBe(1);
      expect(takes(node, "10.244.2.7")).toBe(PEER_ROUTE);
    }
  });

  test("go with a deleted device, as do its address, its socket and its forwarding entries", () => {
    const node = vxlanNode();
    expect(type(node, "ip link del flannel.1")).toBe(1);
    expect([...node.netns.fdb.rows()]).toEqual([]);
    expect(node.netns.sockets).toEqual([]);
    expect(node.netns.addresses.map((row) => row.dev)).toEqual(["lo", "eth0", "cni0"]);
    expect(takes(node, "10.244.1.0")).toBe("10.244.1.0/24 dev cni0 proto kernel scope link src 10.244.1.1");
    expect([...node.netns.refused()]).toEqual([]);
    expect(type(node, "ip link del flannel.1")).toBe('ENODEV: Cannot find device "flannel.1"');
  });

  test("go with the card below: a vxlan device does not outlive it", () => {
    const node = vxlanNode();
    type(node, "ip link del eth0");
    expect([...node.netns.links.keys()]).toEqual(["lo", "cni0", "vethe0c1a5b2"]);
  });
});

describe("devices", () => {
  test("an MTU is bounded by the card below, by the device, and kept by a bridge", () => {
    const node = vxlanNode();
    expect(type(node, "ip link set flannel.1 mtu 1451")).toBe("EINVAL: Invalid argument");
    expect(type(node, "ip link set eth0 mtu 60")).toBe("EINVAL: mtu less than device minimum");
    expect(type(node, "ip link set eth0 mtu 70000")).toBe("EINVAL: mtu greater than device maximum");
    expect(type(node, "ip link set vethe0c1a5b2 mtu 1400")).toBe(1);
    expect(node.netns.links.get("cni0")?.mtu).toBe(1400);
    expect(type(node, "ip link set cni0 mtu 1300", "ip link set vethe0c1a5b2 mtu 1200")).toBe(1);
    expect(node.netns.links.get("cni0")?.mtu).toBe(1300);
  });

  test("the state of a bridge port, until it comes up again", () => {
    const node = vxlanNode();
    const state = () => node.netns.links.get("vethe0c1a5b2")?.state;
    // Without spanning tree a port that is to block forwards again at once.
    expect(type(node, "bridge link set dev vethe0c1a5b2 state blocking")).toBe(1);
    expect(state()).toBeUndefined();
    expect(type(node, "bridge link set dev vethe0c1a5b2 state disabled")).toBe(1);
    expect(state()).toBe("disabled");
    expect(type(node, "bridge link set dev vethe0c1a5b2 state forwarding")).toBe(1);
    expect(state()).toBeUndefined();
    expect(type(node, "bridge link set dev vethe0c1a5b2 state learning")).toBe(1);
    expect(type(node, "ip link set vethe0c1a5b2 down")).toBe(1);
    expect(type(node, "bridge link set dev vethe0c1a5b2 state learning")).toBe("ENETDOWN: Network is down");
    expect(type(node, "ip link set vethe0c1a5b2 up")).toBe(1);
    expect(state()).toBeUndefined();
    expect(type(node, "bridge link set dev eth0 state blocking")).toBe("EOPNOTSUPP: Operation not supported");
  });

  test("hairpin, master and MAC", () => {
    const node = vxlanNode();
    expect(type(node, "bridge link set dev vethe0c1a5b2 hairpin off")).toBe(1);
    expect(node.netns.links.get("vethe0c1a5b2")?.hairpin).toBe(false);
    expect(type(node, "bridge link set dev eth0 hairpin on")).toBe("EOPNOTSUPP: Operation not supported");
    expect(type(node, "ip link set vethe0c1a5b2 nomaster")).toBe(1);
    expect(node.netns.links.get("vethe0c1a5b2")).not.toHaveProperty("master");
    expect(type(node, "ip link set vethe0c1a5b2 master eth0")).toBe("EOPNOTSUPP: Operation not supported");
    expect(type(node, "ip link set flannel.1 address 02:00:00:00:00:77")).toBe(1);
    expect(node.netns.links.get("flannel.1")?.mac).toBe("02:00:00:00:00:77");
    expect(type(node, "ip link set eth0 address 01:00:00:00:00:77")).toBe(
      "EADDRNOTAVAIL: Cannot assign requested address",
    );
  });
});

describe("addresses", () => {
  test("the last IPv4 address of a device takes all its routes", () => {
    const node = vxlanNode();
    expect(type(node, "ip addr del 192.168.0.11/16 dev eth0")).toBe(0);
    expect(type(node, "ip addr del 192.168.0.11/24 dev eth0")).toBe(1);
    expect(takes(node, "8.8.8.8")).toBe("none");
    expect(takes(node, "10.244.2.7")).toBe(PEER_ROUTE);
  });

  test("one that is added brings its rows", () => {
    const node = host();
    expect(type(node, "ip addr add 10.1.0.1/24 dev eth0")).toBe(1);
    expect(routes(node)).toContain("10.1.0.0/24 dev eth0 proto kernel scope link src 10.1.0.1");
    expect(type(node, "ip addr add 10.1.0.1/24 dev eth0")).toBe("EEXIST: Address already assigned");
    expect([...node.netns.refused()]).toEqual([]);
    expect(type(node, "ip addr add 10.1.0.1/24 dev eth7")).toBe('ENODEV: Cannot find device "eth7"');
    expect(type(node, "ip addr flush dev eth0")).toBe(2);
    expect(routes(node)).toEqual([]);
  });
});

describe("neighbours and forwarding entries", () => {
  test("a family's rows are found by their keys", () => {
    const node = vxlanNode();
    expect(type(node, "ip neigh replace 10.244.2.0 lladdr 02:00:00:00:00:99 dev flannel.1")).toBe(1);
    expect([...node.netns.neighbours.rows()].map(neighbourText)).toContain(
      "10.244.2.0 dev flannel.1 lladdr 02:00:00:00:00:99 PERMANENT",
    );
    expect(type(node, "ip neigh add 10.244.3.0 lladdr 02:00:00:00:00:99 dev flannel.1")).toBe("EEXIST: File exists");
    expect(type(node, "ip neigh change 10.244.9.0 lladdr 02:00:00:00:00:99 dev flannel.1")).toBe(
      "ENOENT: No such file or directory",
    );
    expect(type(node, "ip neigh del 10.244.2.0 dev flannel.1")).toBe(1);
    expect(type(node, "ip neigh del 10.244.2.0 dev flannel.1")).toBe(0);
    expect(type(node, "ip neigh flush dev flannel.1")).toBe(0);
    expect(type(node, "ip neigh flush dev flannel.1 nud permanent")).toBe(1);
  });

  test("one MAC stands behind one address", () => {
    const node = vxlanNode();
    const entries = () => [...node.netns.fdb.rows()].map(fdbText);
    expect(type(node, "bridge fdb add 5e:00:00:00:00:02 dev flannel.1 dst 192.168.0.99")).toBe("EEXIST: File exists");
    expect(type(node, "bridge fdb append 5e:00:00:00:00:02 dev flannel.1 dst 192.168.0.99")).toBe(0);
    expect(type(node, "bridge fdb replace 5e:00:00:00:00:02 dev flannel.1 dst 192.168.0.99")).toBe(1);
    expect(entries()).toContain("5e:00:00:00:00:02 dev flannel.1 dst 192.168.0.99 self permanent");
    expect(type(node, "bridge fdb del 5e:00:00:00:00:02 dev flannel.1 dst 192.168.0.12")).toBe(0);
    expect(type(node, "bridge fdb del 5e:00:00:00:00:02 dev flannel.1")).toBe(1);
    expect(entries()).toEqual(["5e:00:00:00:00:03 dev flannel.1 dst 192.168.0.13 self permanent"]);
    expect(type(node, "bridge fdb add 5e:00:00:00:00:09 dev flannel.1")).toBe("EINVAL: Invalid argument");
    expect(type(node, "bridge fdb add 5e:00:00:00:00:09 dev eth0 master")).toBe("EOPNOTSUPP: Operation not supported");
    expect(type(node, "bridge fdb add 5e:00:00:00:00:09 dev vethe0c1a5b2 master static")).toBe(1);
  });
});

describe("rules", () => {
  test("stand in order of preference and are found by what is named", () => {
    const node = host();
    const rules = () => node.netns.rules.map(ruleText);
    expect(type(node, "ip rule add pref 99 not from all fwmark 0x200000/0x200000 table 1")).toBe(1);
    expect(type(node, "ip rule add from 10.1.0.0/16 lookup 5")).toBe(1);
    expect(rules()).toEqual([
      "0:\tfrom all lookup local",
      "98:\tfrom 10.1.0.0/16 lookup 5",
      "99:\tnot from all fwmark 0x200000/0x200000 lookup 1",
      "32766:\tfrom all lookup main",
    ]);
    expect(type(node, "ip rule add from 10.1.0.0/16 lookup 5 pref 98")).toBe("EEXIST: File exists");
    expect(type(node, "ip rule del pref 7")).toBe(0);
    expect(type(node, "ip rule del not fwmark 0x200000/0x200000")).toBe(1);
    expect(type(node, "ip rule del table 5")).toBe(1);
    expect(rules()).toHaveLength(2);
  });

  test("of one family say nothing about the other", () => {
    const node = host("192.168.0.11/24", "fd00::11/64");
    type(
      node,
      "ip -6 rule add pref 5 table 77",
      "ip route add blackhole fd00::/8 table 77",
      "ip route add blackhole 192.168.0.0/16 table 77",
    );
    expect(takes(node, "fd00::1")).toMatch(/^blackhole/);
    expect(takes(node, "192.168.0.5")).not.toMatch(/^blackhole/);
  });
});

describe("settings", () => {
  test("what all devices forward goes to each of them when it changes", () => {
    const node = host();
    node.sysctl("net.ipv4.ip_forward", 1);
    node.sysctl("net.ipv4.conf.eth0.forwarding", 1);
    expect(type(node, "sysctl net.ipv4.conf.all.forwarding=0")).toBe(1);
    expect([...node.netns.sysctls]).toEqual([["net.ipv4.ip_forward", "0"]]);
    expect(type(node, "sysctl net.ipv4.conf.eth0.forwarding=1", "sysctl net.ipv4.ip_forward=0")).toBe(1);
    expect(node.netns.sysctls.get("net.ipv4.conf.eth0.forwarding")).toBe("1");
  });

  test("a default reaches only devices that are made later", () => {
    const node = host();
    type(node, "sysctl net.ipv4.conf.default.rp_filter=1");
    expect(node.netns.sysctls.get("net.ipv4.conf.eth0.rp_filter")).toBe("0");
    expect(type(node, "sysctl net.ipv4.conf.eth7.rp_filter=1")).toBe("ENOENT: No such file or directory");
  });
});

describe("netfilter", () => {
  const lines = (node: AnyNetlink, name: string) => {
    const chain = node.netns.chains.get("filter")?.get(name);
    return chain ? chainLines(chain) : [];
  };

  test("policy", () => {
    const node = vxlanNode();
    expect(type(node, "iptables -P FORWARD DROP")).toBe(1);
    expect(lines(node, "FORWARD")[0]).toBe(":FORWARD DROP [0:0]");
    expect(node.netns.chains.get("filter")?.get("FORWARD")?.policy6).toBe("ACCEPT");
    expect(type(node, "ip6tables -P INPUT DROP")).toBe(1);
    expect(node.netns.chains.get("filter")?.get("INPUT")).toMatchObject({ policy: "ACCEPT", policy6: "DROP" });
    expect(type(node, "iptables -P FLANNEL-FWD DROP")).toBe("EINVAL: Bad built-in chain name");
  });

  test("rules are inserted, appended and deleted by what they say, comment and all", () => {
    const node = vxlanNode();
    type(
      node,
      "iptables -I FORWARD -d 10.244.2.2 -j DROP",
      "iptables -A FORWARD -p tcp --dport 80 -j ACCEPT",
      "iptables -I FORWARD 2 -i cni+ -j RETURN",
    );
    expect(lines(node, "FORWARD").slice(1)).toEqual([
      "-A FORWARD -d 10.244.2.2/32 -j DROP",
      "-A FORWARD -i cni+ -j RETURN",
      '-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD',
      "-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT",
    ]);
    expect(type(node, "iptables -D FORWARD -j FLANNEL-FWD")).toBe(0);
    expect(type(node, 'iptables -D FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD')).toBe(1);
    expect(type(node, "iptables -D FORWARD 2")).toBe(1);
    expect(type(node, "iptables -D FORWARD 7")).toBe(0);
    expect(lines(node, "FORWARD").slice(1)).toEqual([
      "-A FORWARD -d 10.244.2.2/32 -j DROP",
      "-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT",
    ]);
    expect(type(node, "iptables -I FORWARD 9 -j DROP")).toBe("E2BIG: Index of insertion too big");
  });

  test("what is missing is refused", () => {
    const node = vxlanNode();
    expect(type(node, "iptables -A NOWHERE -j DROP")).toBe("ENOENT: No chain/target/match by that name");
    expect(type(node, "iptables -t nat -A FORWARD -j DROP")).toBe("ENOENT: No chain/target/match by that name");
    expect(type(node, "iptables -A FORWARD -j NOWHERE")).toBe("ENOENT: No chain/target/match by that name");
    expect(type(node, "iptables -A FORWARD -m set --match-set nowhere src -j DROP")).toBe(
      "ENOENT: Set nowhere doesn't exist.",
    );
  });

  test("chains are made, flushed and deleted", () => {
    const node = vxlanNode();
    expect(type(node, "iptables -X FLANNEL-FWD")).toBe("EBUSY: Device or resource busy");
    expect(type(node, "iptables -F FLANNEL-FWD")).toBe(2);
    expect(type(node, "iptables -F FLANNEL-FWD")).toBe(0);
    expect(type(node, "iptables -F")).toBe(1);
    expect(type(node, "iptables -X FLANNEL-FWD")).toBe(1);
    expect(type(node, "iptables -N KUBE")).toBe(1);
    expect(type(node, "iptables -N KUBE")).toBe("EEXIST: Chain already exists");
    expect(type(node, "iptables -A FORWARD -j KUBE")).toBe(1);
  });

  test("a rule of both families that one program deletes stays for the other", () => {
    const node = host("192.168.0.11/24", "fd00::11/64");
    node.filter("filter", "FORWARD", { match: { in: { dev: "eth0" } }, target: { kind: "DROP" }, by: "operator" });
    expect(type(node, "iptables -D FORWARD -i eth0 -j DROP")).toBe(1);
    expect(node.netns.chains.get("filter")?.get("FORWARD")?.rules).toMatchObject([{ match: { family: 6 } }]);
    expect(type(node, "iptables -D FORWARD -i eth0 -j DROP")).toBe(0);
    expect(type(node, "ip6tables -D FORWARD -i eth0 -j DROP")).toBe(1);
  });
});

describe("the forwarder", () => {
  test("is killed: device, routes, socket and leases go", () => {
    const node = udpNode();
    expect(takes(node, "10.244.2.7")).toBe("10.244.0.0/16 dev flannel0");
    expect(type(node, "pkill bird")).toBe(0);
    expect(type(node, "pkill flanneld")).toBe(1);
    expect(node.netns.links.has("flannel0")).toBe(false);
    expect(takes(node, "10.244.2.7")).toBe("none");
    expect([...node.netns.leases.rows()]).toEqual([]);
    expect([node.netns.sockets, node.netns.forwarders]).toEqual([[], []]);
  });

  test("forgets a lease, or is told a wrong one", () => {
    const node = udpNode();
    expect(type(node, "lease del 10.244.2.0/24")).toBe(1);
    expect(type(node, "lease del 10.244.2.0/24")).toBe(0);
    expect(type(node, "lease add 10.244.3.0/24 via 192.168.0.99")).toBe("EEXIST: File exists");
    expect(type(node, "lease replace 10.244.3.0/24 via 192.168.0.99")).toBe(1);
    expect([...node.netns.leases.rows()].map((row) => `${row.to}:${row.port}`)).toEqual(["192.168.0.99:8285"]);
    expect(type(vxlanNode(), "lease add 10.244.3.0/24 via 192.168.0.99")).toBe("ESRCH: No such process");
  });
});

test("an ipset's members", () => {
  const node = host();
  node.member({ set: "pools", prefix: prefix("10.233.0.0/16"), by: "felix" });
  expect(type(node, "ipset del pools 10.233.0.0/16")).toBe(1);
  expect(type(node, "ipset add pools 10.234.0.0/16")).toBe(1);
  expect([...node.netns.sets.rows()].map((row) => `${row.prefix} ${row.by}`)).toEqual(["10.234.0.0/16 fault"]);
});

test("a command never changes what the agents were refused", () => {
  const node = host();
  node.perPeer("flanneld", "host-gw", () => ({
    routes: [{ dst: prefix("10.9.0.0/24"), via: ip("192.168.7.1"), dev: "eth0" }],
  }));
  nic(node, "eth1");
  type(node, "ip addr add 192.168.7.9/24 dev eth0");
  const refused = [...node.netns.refused(node.netns.peers.byMac(mac("5e:00:00:00:00:02")))];
  expect(refused.map((row) => row.errno)).toEqual(["ENETUNREACH"]);
});
