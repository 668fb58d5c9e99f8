import { Prefix } from "../addr/prefix.ts";
import type { PeerRows } from "../kernel/request.ts";
import type { Tunnel } from "./calico-guards.ts";
import type { Plan } from "./calico-plan.ts";
import type { NodeDraft } from "./node.ts";
import type { Family, HostPeer, Stack } from "./peer.ts";
import { publicKeyOf } from "./wireguard-key.ts";

/** Outer IP 20 or 40, UDP 8, WireGuard 16 and tag 16. */
const OVERHEAD = { 4: 60, 6: 80 } as const;
const DEVICE = { 4: "wireguard.cali", 6: "wg-v6.cali" } as const;
const MODES = ["calico-wireguard"];
/** The first free tables of Felix's range, and its rule in front of table main. */
const TABLE = { 4: 1, 6: 2 } as const;
const PREFERENCE = 99;
/** The next free bit of Felix's mask, since v3.30 (felix/dataplane/driver.go). */
const MARK = 0x200000;

/**
 * A device for each family in front of every pool, whatever its mode: a rule sends all that is not sealed yet to a table
 * of its own, which leads other nodes' blocks into the device and throws the own ones back
 * (felix/wireguard/wireguard.go, felix/dataplane/linux/wireguard_mgr.go).
 */
export function wireguardTunnels(node: NodeDraft, plan: Plan): readonly Tunnel[] {
  if (!plan.wireguard) return [];
  return node.self.stacks.map((stack) => wireguardTunnel(node, plan, stack));
}

function wireguardTunnel(node: NodeDraft, plan: Plan, { family }: Stack): Tunnel {
  const { self } = node;
  const felix = node.agent("felix");
  const dev = DEVICE[family];
  const table = TABLE[family];
  const port = listenPort(self, family);
  const mtu = self.option(family === 4 ? "mtu" : "mtuV6", MODES) ?? self.hostMtu - OVERHEAD[family];
  felix.link({ kind: "wireguard", name: dev, mtu, port, publicKey: publicKeyOf(self, dev), fwmark: MARK });
  const own = plan.ipam(self).tunnel("wireguard", family);
  if (own) felix.address(dev, own, own.bits);
  felix.rule({ pref: PREFERENCE, table, family, fwmark: { value: MARK, mask: MARK }, invert: true });
  const route = () => {
    for (const dst of plan.ipam(self).announced(family)) felix.route({ type: "throw", dst, table });
    felix.perPeer("WireGuard", (peer) => rowsFor(plan, peer, family));
  };
  return { kind: "wireguard", dev, family, address: own && Prefix.of(own), port, mtu, route };
}

/** A node's addresses, which are both what leads into the device and what its peer may have. */
function rowsFor(plan: Plan, peer: HostPeer, family: Family): PeerRows {
  const endpoint = peer.stack(family)?.nodeIP;
  if (!endpoint) return {};
  const dev = DEVICE[family];
  const own = plan.ipam(peer).tunnel("wireguard", family);
  const held = [...plan.ipam(peer).announced(family), ...(own ? [Prefix.of(own)] : [])];
  const allowedIps = held.filter((prefix, i) => held.findIndex((other) => other.equals(prefix)) === i);
  return {
    routes: allowedIps.map((dst) => ({ dst, dev, table: TABLE[family], scope: "link" })),
    wireguardPeers: [{ dev, publicKey: publicKeyOf(peer, dev), endpoint, port: listenPort(peer, family), allowedIps }],
  };
}

function listenPort(node: HostPeer, family: Family): number {
  return family === 4 ? (node.option("port", MODES) ?? 51820) : (node.option("portV6", MODES) ?? 51821);
}
