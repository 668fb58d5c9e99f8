import { Prefix } from "../addr/prefix.ts";
import type { PeerRows } from "../kernel/request.ts";
import { attachVeth } from "./attach-veth.ts";
import { bgpMetric, birdRoute } from "./bird.ts";
import { announcedBy, blackholes, CALICO, hostMtu, tunnelAddress, tunnelAddresses } from "./calico.ts";
import { calicoRules } from "./calico-rules.ts";
import type { Mode } from "./mode.ts";
import type { NodeDraft } from "./node.ts";
import type { Family, HostPeer } from "./peer.ts";
import { publicKeyOf } from "./wireguard-key.ts";

/** Outer IP 20 or 40, UDP 8, WireGuard 16 and tag 16. */
const OVERHEAD = { 4: 60, 6: 80 } as const;
const DEVICE = { 4: "wireguard.cali", 6: "wg-v6.cali" } as const;
/** The first free tables of Felix's range, and its rule in front of table main. */
const TABLE = { 4: 1, 6: 2 } as const;
const PREFERENCE = 99;
/** The next free bit of Felix's mask, since v3.30 (felix/dataplane/driver.go). */
const MARK = 0x200000;

/**
 * Calico with WireGuard in front of a pool without encapsulation: a rule sends everything that is not sealed yet to a
 * table of its own, which leads other nodes' blocks into the device and throws the own ones back. What BIRD writes into
 * table main stays, unused.
 */
export const calicoWireguard = {
  ...CALICO,
  name: "calico-wireguard",
  aliases: [],
  summary: "pods on point-to-point links; packets for other nodes ride in WireGuard, sealed, inside the kernel",
  needs: ["UDP 51820 between nodes, and 51821 for IPv6", "TCP 179 between BGP peers", "the wireguard module"],
  learns: "BGP",
  families: [4, 6],
  bgp: true,
  source: "projectcalico/calico felix/wireguard/wireguard.go, felix/dataplane/linux/wireguard_mgr.go",
  announces: (peer, family) => announced(peer, family),
  program(node) {
    const { self } = node;
    for (const { family } of self.stacks) {
      blackholes(node, "bird", self.blocks(family, tunnelAddresses(self, family)));
      device(node, family);
    }
    // From v3.33 on BIRD's kernel filter leaves WireGuard peers out (confd `processWireguardPeerFilter`).
    if (self.calico.version !== "v3.33") node.agent("bird").perPeer("BGP", (peer) => birdRoutes(node, peer));
    const [first = hostMtu(self), ...others] = self.stacks.map(({ family }) => deviceMtu(self, family));
    const tunnels = self.stacks.map(({ family }) => {
      const own = tunnelAddress(self, family);
      const address = own && Prefix.of(own);
      return { kind: "wireguard", dev: DEVICE[family], family, address, port: listenPort(self, family) } as const;
    });
    calicoRules(node, attachVeth(node, Math.min(first, ...others)), tunnels);
  },
} as const satisfies Mode;

function device(node: NodeDraft, family: Family): void {
  const { self } = node;
  const name = DEVICE[family];
  const table = TABLE[family];
  const felix = node.agent("felix");
  felix.link({
    kind: "wireguard",
    name,
    mtu: deviceMtu(self, family),
    port: listenPort(self, family),
    publicKey: publicKeyOf(self, name),
    fwmark: MARK,
  });
  const own = tunnelAddress(self, family);
  if (own) felix.address(name, own, own.bits);
  felix.rule({ pref: PREFERENCE, table, family, fwmark: { value: MARK, mask: MARK }, invert: true });
  for (const dst of announced(self, family)) felix.route({ type: "throw", dst, table });
  felix.perPeer("WireGuard", (peer) => rowsFor(peer, family));
}

/** A node's addresses, which are both what leads into the device and what its peer may have. */
function rowsFor(peer: HostPeer, family: Family): PeerRows {
  const endpoint = peer.stack(family)?.nodeIP;
  if (!endpoint) return {};
  const dev = DEVICE[family];
  const held = [...announced(peer, family), ...tunnelAddresses(peer, family).map((ip) => Prefix.of(ip))];
  const allowedIps = held.filter((prefix, i) => held.findIndex((other) => other.equals(prefix)) === i);
  return {
    routes: allowedIps.map((dst) => ({ dst, dev, table: TABLE[family], scope: "link" })),
    wireguardPeers: [{ dev, publicKey: publicKeyOf(peer, dev), endpoint, port: listenPort(peer, family), allowedIps }],
  };
}

function birdRoutes({ self, routing }: NodeDraft, peer: HostPeer): PeerRows {
  return {
    routes: self.stacks.flatMap(({ family }) =>
      routing.learned(self.name, peer, family).map((learned) => {
        const metric = bgpMetric(self.calico.version, learned);
        return birdRoute(learned, metric === undefined ? {} : { metric });
      }),
    ),
  };
}

function announced(peer: HostPeer, family: Family): readonly Prefix[] {
  return announcedBy(peer, family, tunnelAddresses(peer, family));
}

function deviceMtu(self: HostPeer, family: Family): number {
  return self.option(family === 4 ? "mtu" : "mtuV6") ?? hostMtu(self) - OVERHEAD[family];
}

function listenPort(node: HostPeer, family: Family): number {
  return family === 4 ? (node.option("port") ?? 51820) : (node.option("portV6") ?? 51821);
}
