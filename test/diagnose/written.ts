import type { Network } from "../../src/kernel/network.ts";
import { cluster, ip, networkFrom, type Probe } from "./ask.ts";
import { byHand, host, mac, prefix } from "./by-hand.ts";

/** Tables that are written row by row, and what a diagnosis has to say of them. */
export interface Written {
  readonly name: string;
  readonly network: () => Network | Promise<Network>;
  readonly probe: Probe;
  readonly code: string;
  readonly because?: readonly string[];
  readonly verdict?: string;
}

export const written: readonly Written[] = [
  {
    name: "the kernel refused a route because its device is missing",
    network() {
      const a = host("a", "192.168.1.1");
      a.route({ dst: prefix("10.9.0.0/24"), dev: "flannel.1", by: "flanneld" });
      return byHand(a);
    },
    probe: { from: "host/a", to: "10.9.0.9" },
    code: "NO_ROUTE at a",
    because: ["ROUTE_REFUSED at a", "DST_UNKNOWN_IP at a"],
  },
  {
    name: "BIRD could not resolve a next hop",
    network() {
      const a = host("a", "192.168.1.1");
      a.route({ dst: prefix("10.9.0.0/26"), type: "unreachable", proto: "bird", by: "bird" });
      return byHand(a);
    },
    probe: { from: "host/a", to: "10.9.0.9" },
    code: "ROUTE_UNREACHABLE at a",
    because: ["BGP_NEXTHOP_UNRESOLVED at a", "DST_UNKNOWN_IP at a"],
  },
  {
    name: "IPv6 is routed into a device that carries IPv4 only",
    network() {
      const a = host("a", "192.168.1.1", 46);
      a.link({ kind: "ipip", name: "tunl0", mtu: 1480, ttl: "inherit", pmtudisc: false, by: "felix" });
      a.address("eth0", ip("fd00::1"), 64, { by: "operator" });
      a.route({ dst: prefix("fd09::/64"), dev: "tunl0", by: "operator" });
      return byHand(a);
    },
    probe: { from: "host/a", to: "fd09::9", size: 80 },
    code: "ENCAP_FAMILY_MISMATCH at a",
    because: ["DST_UNKNOWN_IP at a"],
  },
  {
    name: "two bridges with two cables between them send a frame round for ever",
    network() {
      const a = host("a", "192.168.1.1");
      const b = host("b", "192.168.1.2");
      for (const [at, there] of [[a, b] as const, [b, a] as const]) {
        const name = at.netns.name;
        at.link({ kind: "bridge", name: "br0", mac: mac(name), mtu: 1500, by: "operator" });
        for (const dev of ["x", "y"]) {
          const peer = { netns: there.netns.name, dev };
          at.link({ kind: "veth", name: dev, mac: mac(dev), mtu: 1500, master: "br0", peer, by: "operator" });
        }
      }
      a.address("br0", ip("10.9.0.1"), 24, { by: "operator" });
      a.neighbour({ dev: "br0", ip: ip("10.9.0.9"), lladdr: mac("z"), state: "permanent", by: "operator" });
      return byHand(a, b);
    },
    probe: { from: "host/a", to: "10.9.0.9" },
    code: "INSUFFICIENT_INFO at b",
    because: ["DST_UNKNOWN_IP at b"],
    verdict: "UNDETERMINED",
  },
  {
    name: "a forwarding entry was deleted",
    network: async () => vxlan((to) => [{ n1: `bridge fdb del ${to} dev flannel.1` }]),
    probe: {},
    code: "FDB_MISS at n1",
  },
  {
    name: "a forwarding entry sends to the wrong node",
    network: async () => vxlan((to) => [{ n1: `bridge fdb replace ${to} dev flannel.1 dst 192.168.1.13` }]),
    probe: {},
    code: "WRONG_MAC at n3",
    because: ["FDB_STALE at n1"],
  },
  {
    name: "a forwarding entry sends to an address that nobody has",
    network: async () => vxlan((to) => [{ n1: `bridge fdb replace ${to} dev flannel.1 dst 192.168.1.99` }]),
    probe: {},
    code: "ARP_FAILED at n1",
    because: ["FDB_STALE at n1"],
  },
  {
    name: "a WireGuard peer was removed",
    network: async () => {
      const plain = await networkFrom("flannel-wireguard", cluster());
      const [peer] = [...(plain.netns("host/n1")?.wireguardPeers.rows() ?? [])];
      return networkFrom(
        "flannel-wireguard",
        cluster({ faults: [{ n1: `wg set flannel-wg peer ${peer?.publicKey} remove` }] }),
      );
    },
    probe: {},
    code: "WIREGUARD_NO_PEER at n1",
  },
  {
    name: "the receiver has no WireGuard peer with the sender's key",
    network: () => wireguard({ key: "another key", allowed: "10.9.1.0/24" }),
    probe: { from: "host/a", to: "10.9.2.0" },
    code: "WIREGUARD_NO_SESSION at a",
    because: ["WIREGUARD_UNKNOWN_PEER at b"],
  },
  {
    name: "the receiver's peer may not have the inner source",
    network: () => wireguard({ key: "host/a", allowed: "10.9.3.0/24" }),
    probe: { from: "host/a", to: "10.9.2.0" },
    code: "WIREGUARD_SOURCE_REFUSED at b",
  },
];

/** 32 bytes, as any key of WireGuard's. */
function wireguardKey(name: string): string {
  return Buffer.alloc(32, name).toString("base64");
}

/** Two hosts with a WireGuard device each; b's row for a is what `peers` gives. */
function wireguard(peers: { readonly key: string; readonly allowed: string } | undefined): Network {
  const [a, b] = [host("a", "192.168.1.1"), host("b", "192.168.1.2")];
  const dev = "wg0";
  const common = { dev, port: 51820, by: "operator" } as const;
  for (const [at, own] of [[a, "10.9.1.0"] as const, [b, "10.9.2.0"] as const]) {
    at.link({
      kind: "wireguard",
      name: dev,
      mtu: 1420,
      port: 51820,
      publicKey: wireguardKey(at.netns.name),
      by: "operator",
    });
    at.address(dev, ip(own), 32, { by: "operator" });
    at.route({ dst: prefix("10.9.0.0/16"), dev, by: "operator" });
  }
  const allowedIps = [prefix("10.9.2.0/24")];
  a.wireguardPeer({ ...common, publicKey: wireguardKey("host/b"), endpoint: ip("192.168.1.2"), allowedIps });
  if (peers) {
    const of = { publicKey: wireguardKey(peers.key), endpoint: ip("192.168.1.1"), allowedIps: [prefix(peers.allowed)] };
    b.wireguardPeer({ ...common, ...of });
  }
  return byHand(a, b);
}

/** Three nodes in flannel-vxlan, changed by what is said of the second one's tunnel MAC. */
async function vxlan(faults: (mac: string) => readonly unknown[]): Promise<Network> {
  const document = cluster({ hosts: { n1: "192.168.1.11", n2: "192.168.1.12", n3: "192.168.1.13" } });
  const plain = await networkFrom("flannel-vxlan", document);
  const device = plain.netns("host/n2")?.links.get("flannel.1");
  return networkFrom("flannel-vxlan", { ...document, faults: faults(device?.mac ?? "") });
}
