import type { Ip } from "../addr/ip.ts";
import { directRouting, FLANNEL, flannelNode, leaseOf } from "./flannel.ts";
import type { Mode } from "./mode.ts";
import type { NodeDraft } from "./node.ts";

/** An outer IPv4 header. */
const OVERHEAD = 20;
const TUNNEL = "flannel.ipip";

const SHARED = {
  ...FLANNEL,
  families: [4],
  source: "flannel-io/flannel pkg/backend/ipip/ipip.go, pkg/backend/route_network.go",
} as const;

/**
 * flannel's ipip backend: one tunnel device without a remote end, and for each lease a route into it whose gateway, the
 * other node's address, becomes the outer destination.
 */
export const flannelIpip = {
  ...SHARED,
  name: "flannel-ipip",
  summary: "pods on a bridge; packets for other nodes ride in IP-in-IP, inside the kernel",
  needs: ["IP protocol 4 between nodes"],
  program: (node) => program(node, () => false),
} as const satisfies Mode;

/** The same with `DirectRouting: true`: the route to a node that is reached without a gateway leads out of the card. */
export const flannelIpipDirect = {
  ...SHARED,
  name: "flannel-ipip-direct",
  summary: "pods on a bridge; plain routes to nodes on the same link, IP-in-IP to all others",
  needs: ["IP protocol 4 between subnets", "a fabric that passes pod addresses inside a subnet"],
  program: (node) => program(node, directRouting(node)),
} as const satisfies Mode;

function program(node: NodeDraft, isDirect: (ip: Ip) => boolean): void {
  const { nic } = node.self;
  const own = node.self.stack(4);
  if (!own) return;
  const mtu = nic.mtu - OVERHEAD;
  const flanneld = node.agent("flanneld");
  flanneld.link({ kind: "ipip", name: TUNNEL, local: own.nodeIP, mtu, ttl: "inherit", pmtudisc: false });
  flanneld.address(TUNNEL, own.share.ip, 32);
  flanneld.perPeer("lease", (peer) => {
    const lease = leaseOf(peer, 4);
    if (!lease) return {};
    const { subnet: dst, publicIP: via } = lease;
    // The flag stays where it is not needed.
    return { routes: [{ dst, via, dev: isDirect(via) ? nic.name : TUNNEL, onlink: true }] };
  });
  flannelNode(node, mtu);
}
