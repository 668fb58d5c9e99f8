import { describe, expect, test } from "vitest";
import { parseCommand } from "../../src/kernel/edit.ts";
import { renderTables, SECTIONS, tablesJson, tablesLines } from "../../src/render/tables.ts";
import { host, ip, prefix, udpNode, vxlanNode } from "../kernel/node.ts";

const WRITTEN = { detail: "written", columns: 64 } as const;

describe("the tables of a node", () => {
  test("are commands, each with its writer", () => {
    const node = vxlanNode();
    node.sysctl("net.ipv4.ip_forward", 1);
    expect(renderTables(node.netns, WRITTEN)).toMatchInlineSnapshot(`
      "# host/node-1
      ## link
      ip link set eth0 address 02:00:00:00:00:30 mtu 1500 up            # operator
      ip link add flannel.1 address 5e:00:00:00:00:01 mtu 1450 type vxlan id 1 dev eth0 local 192.168.0.11 dstport 8472 nolearning  # flanneld
      ip link set flannel.1 up                                          # flanneld
      ip link add cni0 address 02:00:00:00:01:00 mtu 1450 type bridge   # cni
      ip link set cni0 up                                               # cni
      ip link add vethe0c1a5b2 address 02:00:00:00:01:01 mtu 1450 type veth peer name eth0 netns pod:default:pod-a  # cni
      ip link set vethe0c1a5b2 master cni0                              # cni
      bridge link set dev vethe0c1a5b2 hairpin on                       # cni
      ip link set vethe0c1a5b2 up                                       # cni
      ## sysctl
      sysctl -w net.ipv4.ip_forward=1
      ## addr
      ip addr add 192.168.0.11/24 dev eth0                              # operator
      ip addr add 10.244.1.0/32 dev flannel.1                           # flanneld
      ip addr add 10.244.1.1/24 dev cni0                                # cni
      ## route
      ip route add default via 192.168.0.1 dev eth0                     # operator
      ip route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink    # flanneld
      ip route add 10.244.3.0/24 via 10.244.3.0 dev flannel.1 onlink    # flanneld
      ## neigh
      ip neigh add 10.244.2.0 lladdr 5e:00:00:00:00:02 dev flannel.1 nud permanent  # flanneld
      ip neigh add 10.244.3.0 lladdr 5e:00:00:00:00:03 dev flannel.1 nud permanent  # flanneld
      ## fdb
      bridge fdb add 5e:00:00:00:00:02 dev flannel.1 dst 192.168.0.12 self permanent  # flanneld
      bridge fdb add 5e:00:00:00:00:03 dev flannel.1 dst 192.168.0.13 self permanent  # flanneld
      ## filter
      iptables -t filter -N FLANNEL-FWD                                 # flanneld
      iptables -t filter -A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD  # flanneld
      iptables -t filter -A FLANNEL-FWD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT  # flanneld
      iptables -t filter -A FLANNEL-FWD -d 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT  # flanneld
      "
    `);
  });

  test("show what the kernel makes itself as comments, and only when asked", () => {
    const { netns } = host("192.168.0.11/24");
    expect(renderTables(netns, { ...WRITTEN, detail: "all" })).toMatchInlineSnapshot(`
      "# host/node-1
      ## link
      ip link set lo up                                                 # kernel
      ip link set eth0 address 02:00:00:00:00:30 mtu 1500 up            # operator
      ## addr
      # 127.0.0.1/8 dev lo                                              # kernel
      ip addr add 192.168.0.11/24 dev eth0                              # operator
      ## route
      # local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1  # kernel
      # local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1  # kernel
      # broadcast 127.255.255.255 dev lo table local proto kernel scope link src 127.0.0.1  # kernel
      # local 192.168.0.11 dev eth0 table local proto kernel scope host src 192.168.0.11  # kernel
      # 192.168.0.0/24 dev eth0 proto kernel scope link src 192.168.0.11  # kernel
      # broadcast 192.168.0.255 dev eth0 table local proto kernel scope link src 192.168.0.11  # kernel
      ## rule
      # 0: from all lookup local                                        # kernel
      # 32766: from all lookup main                                     # kernel
      "
    `);
    expect(renderTables(netns, WRITTEN)).not.toContain("kernel");
  });

  test("show one section alone, and nothing of one that is empty", () => {
    const { netns } = vxlanNode();
    expect(renderTables(netns, { ...WRITTEN, only: ["neigh", "lease"] })).toMatchInlineSnapshot(`
      "# host/node-1
      ## neigh
      ip neigh add 10.244.2.0 lladdr 5e:00:00:00:00:02 dev flannel.1 nud permanent  # flanneld
      ip neigh add 10.244.3.0 lladdr 5e:00:00:00:00:03 dev flannel.1 nud permanent  # flanneld
      "
    `);
    for (const section of SECTIONS) expect(() => renderTables(netns, { ...WRITTEN, only: [section] })).not.toThrow();
  });

  test("tell what the kernel refused, in its words", () => {
    const node = host();
    node.perPeer("flanneld", "host-gw", (peer) => ({
      routes: [{ dst: peer.pods, via: ip("192.168.7.1"), dev: "eth0" }],
    }));
    node.address("eth9", ip("10.0.0.1"), 24, { by: "cni" });
    expect(renderTables(node.netns, { ...WRITTEN, only: ["addr", "route"] })).toMatchInlineSnapshot(`
      "# host/node-1
      ## addr
      ip addr add 192.168.0.11/24 dev eth0                              # operator
      # refused: ip addr add 10.0.0.1/24 dev eth9: Cannot find device "eth9" (ENODEV)  # cni
      ## route
      # refused: ip route add 10.244.2.0/24 via 192.168.7.1 dev eth0: Nexthop has invalid gateway (ENETUNREACH)  # flanneld
      # refused: ip route add 10.244.3.0/24 via 192.168.7.1 dev eth0: Nexthop has invalid gateway (ENETUNREACH)  # flanneld
      "
    `);
  });

  test("hold a forwarder's leases, sockets and ipsets", () => {
    const node = udpNode();
    node.member({ set: "cali40masq-ipam-pools", prefix: prefix("10.244.0.0/16"), by: "felix" });
    expect(renderTables(node.netns, { ...WRITTEN, only: ["link", "lease", "socket", "set"] })).toMatchInlineSnapshot(`
      "# host/node-1
      ## link
      ip link set eth0 address 02:00:00:00:00:30 mtu 1500 up            # operator
      ip tuntap add dev flannel0 mode tun                               # flanneld
      ip link set flannel0 mtu 1472 up                                  # flanneld
      ## set
      ipset create cali40masq-ipam-pools hash:net                       # felix
      ipset add cali40masq-ipam-pools 10.244.0.0/16                     # felix
      ## lease
      # flanneld lease 10.244.2.0/24 via 192.168.0.12:8285              # flanneld
      # flanneld lease 10.244.3.0/24 via 192.168.0.13:8285              # flanneld
      ## socket
      # udp 192.168.0.11:8285 flanneld                                  # flanneld
      "
    `);
  });

  test("have IPv6 rules for both programs where both families are alive", () => {
    const node = host("192.168.0.11/24", "fd00::11/64");
    node.chain("filter", "FWD", "flanneld");
    node.filter("filter", "FORWARD", { match: {}, target: { kind: "jump", chain: "FWD" }, by: "flanneld" });
    node.filter("filter", "FWD", {
      match: { src: { prefix: prefix("fd01::/64") } },
      target: { kind: "ACCEPT" },
      by: "flanneld",
    });
    expect(renderTables(node.netns, { ...WRITTEN, only: ["filter"] })).toMatchInlineSnapshot(`
      "# host/node-1
      ## filter
      iptables -t filter -N FWD                                         # flanneld
      ip6tables -t filter -N FWD                                        # flanneld
      ip6tables -t filter -A FWD -s fd01::/64 -j ACCEPT                 # flanneld
      iptables -t filter -A FORWARD -j FWD                              # flanneld
      ip6tables -t filter -A FORWARD -j FWD                             # flanneld
      "
    `);
  });
});

test("every line but those about devices is read back as a command", () => {
  const node = vxlanNode();
  node.sysctl("net.ipv4.conf.flannel.1.rp_filter", 0);
  for (const text of tablesLines(node.netns, { detail: "all", columns: 64 })) {
    if (text.startsWith("#") || text.startsWith("ip link add")) continue;
    expect(parseCommand(text), text).toMatchObject({ ok: true });
  }
});

test("as JSON they are plain data", () => {
  const json = JSON.parse(JSON.stringify(tablesJson(vxlanNode().netns)));
  expect(json.netns).toBe("host/node-1");
  expect(json.routes).toContainEqual({
    table: 254,
    type: "unicast",
    dst: "10.244.2.0/24",
    via: "10.244.2.0",
    dev: "flannel.1",
    onlink: true,
    metric: 0,
    proto: "boot",
    scope: "global",
    by: "flanneld",
  });
  expect(Object.keys(json)).toMatchInlineSnapshot(`
    [
      "netns",
      "kind",
      "links",
      "addresses",
      "rules",
      "routes",
      "neighbours",
      "fdb",
      "sets",
      "chains",
      "forwarders",
      "leases",
      "wireguardPeers",
      "sockets",
      "assumeListening",
      "sysctls",
      "refused",
    ]
  `);
});
