import { Prefix } from "../addr/prefix.ts";
import type { PeerRows } from "../kernel/request.ts";
import { attachVeth } from "./attach-veth.ts";
import { bgpMetric, birdRoute } from "./bird.ts";
import { announcedBy, blackholes, CALICO, hostMtu, tunnelAddress } from "./calico.ts";
import { calicoRules } from "./calico-rules.ts";
import type { Mode } from "./mode.ts";
import type { NodeDraft } from "./node.ts";
import type { Family, HostPeer } from "./peer.ts";

/** An outer IPv4 header. */
const OVERHEAD = 20;
const TUNNEL = "tunl0";
const IPIP = 4;

/**
 * Calico with `ipipMode: Always`: every remote block goes into the kernel's fallback tunnel device, and the gateway of
 * its route, the other node's address, becomes the outer destination.
 */
export const calicoIpip = {
  ...CALICO,
  name: "calico-ipip",
  aliases: ["ipip"],
  summary: "pods on point-to-point links; packets for other nodes ride in IP-in-IP, inside the kernel",
  needs: ["IP protocol 4 between nodes", "TCP 179 between BGP peers"],
  learns: "BGP",
  families: [4],
  bgp: true,
  source:
    "projectcalico/calico felix/dataplane/linux/ipip_mgr.go; projectcalico/bird sysdep/linux/netlink.c (krt_tunnel)",
  announces: (peer, family) => announcedBy(peer, family, ownTunnel(peer, family)),
  program(node) {
    const { self } = node;
    const mtu = self.option("mtu") ?? hostMtu(self) - OVERHEAD;
    const felix = node.agent("felix");
    felix.link({ kind: "ipip", name: TUNNEL, mtu, ttl: "inherit", pmtudisc: false });
    const own = tunnelAddress(self, 4);
    if (own) felix.address(TUNNEL, own, own.bits);
    const blocks = self.blocks(4, ownTunnel(self, 4));
    if (self.calico.version === "v3.33") {
      blackholes(node, "felix", blocks);
      felix.perPeer("IPIP", (peer) => felixRoutes(peer, mtu));
    } else {
      blackholes(node, "bird", blocks);
      node.agent("bird").perPeer("BGP", (peer) => birdRoutes(node, peer));
    }
    const attached = attachVeth(node, mtu);
    const address = own && Prefix.of(own);
    calicoRules(node, attached, { dev: TUNNEL, address, protocol: IPIP });
  },
} as const satisfies Mode;

function ownTunnel(peer: HostPeer, family: Family) {
  const ip = tunnelAddress(peer, family);
  return ip ? [ip] : [];
}

/** BIRD's kernel filter sets krt_tunnel on everything inside an IPIP pool. */
function birdRoutes(node: NodeDraft, peer: HostPeer): PeerRows {
  const { name, calico } = node.self;
  return {
    routes: node.routing.learned(name, peer, 4).map((learned) => {
      const metric = bgpMetric(calico.version, learned);
      return birdRoute(learned, { tunnel: TUNNEL, ...(metric !== undefined && { metric }) });
    }),
  };
}

/** From v3.33 on Felix writes the routes itself, from what it knows of nodes and blocks (`EnabledIPIPOnly`). */
function felixRoutes(peer: HostPeer, mtu: number): PeerRows {
  const via = peer.stack(4)?.nodeIP;
  if (!via) return {};
  const announced = announcedBy(peer, 4, ownTunnel(peer, 4));
  return { routes: announced.map((dst) => ({ dst, via, dev: TUNNEL, proto: "80", onlink: true, mtu })) };
}
