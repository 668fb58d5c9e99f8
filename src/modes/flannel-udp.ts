import { FLANNEL, flannelNode, leaseOf } from "./flannel.ts";
import type { Mode } from "./mode.ts";
import { udpPort } from "./mode-settings.ts";

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
  settings: { Port: udpPort("flanneld", 8285) },
  summary: "pods on a bridge; flanneld takes every packet to user space and back, in UDP",
  needs: ["UDP 8285 between nodes", "amd64"],
  deprecated: { since: "v0.8.0", why: "upstream keeps it for debugging, and for kernels without VXLAN" },
  families: [4],
  source: "flannel-io/flannel pkg/backend/udp/udp_network_amd64.go, proxy_amd64.c; Documentation/backends.md",
  program(node) {
    const { nic } = node.self;
    const own = node.self.stack(4);
    // flanneld does not start without both; the node stays as it is.
    if (!own) return;
    const mtu = nic.mtu - OVERHEAD;
    const port = node.self.option("Port") ?? 8285;
    const flanneld = node.agent("flanneld");
    flanneld.link({ kind: "tun", name: TUN, mtu, process: "flanneld" });
    // A /32, so that no broadcast route comes with it (`configureIface`).
    flanneld.address(TUN, own.share.ip, 32);
    for (const dst of node.cluster.podCIDRs) flanneld.route({ dst, dev: TUN, scope: "global" });
    flanneld.forwarder({ process: "flanneld", tun: TUN, ip: own.nodeIP, port, buffer: mtu });
    flanneld.perPeer("lease", (peer) => {
      const lease = leaseOf(peer, 4);
      // A lease has no port: each flanneld sends to its own.
      return { leases: lease ? [{ process: "flanneld", dst: lease.subnet, to: lease.publicIP, port }] : [] };
    });
    flannelNode(node, mtu);
  },
} as const satisfies Mode;
