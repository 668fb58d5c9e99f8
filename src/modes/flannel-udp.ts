import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import { FLANNEL, flannelNode } from "./flannel.ts";
import type { Mode } from "./mode.ts";

/** Outer UDP 8 and IPv4 20. */
const OVERHEAD = 28;
const TUN = "flannel0";

/**
 * flannel's udp backend: one route sends the whole pod network into a tun device, and flanneld itself carries each
 * packet to the node whose lease matches. The kernel knows nothing of single nodes.
 */
export const flannelUdp = {
  ...FLANNEL,
  name: "flannel-udp",
  aliases: ["udp"],
  summary: "pods on a bridge; flanneld takes every packet to user space and back, in UDP",
  needs: ["UDP 8285 between nodes", "amd64"],
  deprecated: { since: "v0.5", why: "for debugging, or for kernels without VXLAN; four more copies a packet" },
  families: [4],
  source: "flannel-io/flannel pkg/backend/udp/udp_network_amd64.go, proxy_amd64.c",
  program(node) {
    const { nic } = node.self;
    const mtu = nic.mtu - OVERHEAD;
    const port = node.self.option("Port") ?? 8285;
    const flanneld = node.agent("flanneld");
    flanneld.link({ kind: "tun", name: TUN, mtu, process: "flanneld" });
    // A /32, so that no broadcast route comes with it (`configureIface`).
    const { ip } = node.self.podCIDR(4) as Prefix;
    flanneld.address(TUN, ip, ip.bits);
    for (const dst of node.cluster.podCIDRs) flanneld.route({ dst, dev: TUN, scope: "global" });
    flanneld.forwarder({ process: "flanneld", tun: TUN, ip: node.self.nodeIP(4) as Ip, port, buffer: mtu });
    flanneld.perPeer("lease", (peer) => {
      const dst = peer.podCIDR(4);
      const to = peer.nodeIP(4);
      // A lease has no port: each flanneld sends to its own.
      return { leases: dst && to ? [{ process: "flanneld", dst, to, port }] : [] };
    });
    flannelNode(node, mtu);
  },
} as const satisfies Mode;
