import { Prefix } from "../addr/prefix.ts";
import type { PeerRows } from "../kernel/request.ts";
import { attachVeth } from "./attach-veth.ts";
import { bgpMetric, birdRoute } from "./bird.ts";
import {
  announcedBy,
  blackholes,
  CALICO,
  hostMtu,
  onOwnSubnet,
  type Tunnelled,
  tunnelAddress,
  tunnelAddresses,
} from "./calico.ts";
import { calicoRules } from "./calico-rules.ts";
import type { Mode } from "./mode.ts";
import type { NodeDraft } from "./node.ts";
import type { Family, HostPeer } from "./peer.ts";

/** An outer IPv4 header. */
const OVERHEAD = 20;
const TUNNEL = "tunl0";

const SHARED = {
  ...CALICO,
  learns: "BGP",
  families: [4],
  bgp: true,
  source:
    "projectcalico/calico felix/dataplane/linux/ipip_mgr.go; projectcalico/bird sysdep/linux/netlink.c (krt_tunnel)",
  announces: (peer: HostPeer, family: Family) => announcedBy(peer, family, tunnelAddresses(peer, family)),
} as const;

/**
 * Calico with `ipipMode: Always`: every remote block goes into the kernel's fallback tunnel device, and the gateway of
 * its route, the other node's address, becomes the outer destination.
 */
export const calicoIpip = {
  ...SHARED,
  name: "calico-ipip",
  aliases: ["ipip"],
  summary: "pods on point-to-point links; packets for other nodes ride in IP-in-IP, inside the kernel",
  needs: ["IP protocol 4 between nodes", "TCP 179 between BGP peers"],
  program: (node) => program(node, "Always"),
} as const satisfies Mode;

/** Calico with `ipipMode: CrossSubnet`: a node of the same subnet is reached without the tunnel. */
export const calicoIpipCrossSubnet = {
  ...SHARED,
  name: "calico-ipip-crosssubnet",
  aliases: [],
  summary: "pods on point-to-point links; plain routes inside a subnet, IP-in-IP between subnets",
  needs: [
    "IP protocol 4 between subnets",
    "TCP 179 between BGP peers",
    "a fabric that passes pod addresses inside a subnet",
  ],
  program: (node) => program(node, "CrossSubnet"),
} as const satisfies Mode;

function program(node: NodeDraft, tunnelled: Tunnelled): void {
  const { self } = node;
  const mtu = self.option("mtu") ?? hostMtu(self) - OVERHEAD;
  const felix = node.agent("felix");
  felix.link({ kind: "ipip", name: TUNNEL, mtu, ttl: "inherit", pmtudisc: false });
  const own = tunnelAddress(self, 4);
  if (own) felix.address(TUNNEL, own, own.bits);
  const blocks = self.blocks(4, tunnelAddresses(self, 4));
  if (self.calico.version === "v3.33") {
    blackholes(node, "felix", blocks);
    felix.perPeer("IPIP", (peer) => felixRoutes(self, peer, { tunnelled, mtu }));
  } else {
    blackholes(node, "bird", blocks);
    node.agent("bird").perPeer("BGP", (peer) => birdRoutes(node, peer, tunnelled));
  }
  const address = own && Prefix.of(own);
  calicoRules(node, attachVeth(node, mtu), [{ kind: "ipip", dev: TUNNEL, family: 4, address }]);
}

/**
 * BIRD's kernel filter sets krt_tunnel on what is inside an IPIP pool; with CrossSubnet only where the BGP next hop is
 * outside the node's own network (confd bgp_processor.go `extraStatementForKernelProgrammingIPIPNoEncap`).
 */
function birdRoutes({ self, routing }: NodeDraft, peer: HostPeer, tunnelled: Tunnelled): PeerRows {
  return {
    routes: routing.learned(self.name, peer, 4).map((learned) => {
      const metric = bgpMetric(self.calico.version, learned);
      const nextHop = learned.paths[0]?.nextHop;
      const direct = tunnelled === "CrossSubnet" && nextHop !== undefined && onOwnSubnet(self, nextHop);
      return birdRoute(learned, { ...(!direct && { tunnel: TUNNEL }), ...(metric !== undefined && { metric }) });
    }),
  };
}

/** From v3.33 on Felix writes the routes itself, from what it knows of nodes and blocks (`EnabledIPIPOnly`). */
function felixRoutes(
  self: HostPeer,
  peer: HostPeer,
  { tunnelled, mtu }: { readonly tunnelled: Tunnelled; readonly mtu: number },
): PeerRows {
  const via = peer.stack(4)?.nodeIP;
  if (!via) return {};
  const direct = tunnelled === "CrossSubnet" && onOwnSubnet(self, via);
  const way = direct ? { dev: self.nic.name } : { dev: TUNNEL, mtu };
  const announced = announcedBy(peer, 4, tunnelAddresses(peer, 4));
  return { routes: announced.map((dst) => ({ dst, via, proto: "80", onlink: true, ...way })) };
}
