import { FLANNEL, flannelNode } from "./flannel.ts";
import type { Mode } from "./mode.ts";

/**
 * flannel's host-gw backend: a plain route by the other node's address, for each lease. It says nothing of `onlink`, so
 * the kernel refuses the route when that address is on no link of this node.
 */
export const flannelHostGw = {
  ...FLANNEL,
  name: "flannel-host-gw",
  aliases: ["host-gw", "hostgw"],
  summary: "pods on a bridge; plain routes from node to node, no tunnel",
  needs: ["all nodes on one L2 segment", "a fabric that passes pod addresses"],
  families: [4, 6],
  source: "flannel-io/flannel pkg/backend/hostgw/hostgw.go, pkg/backend/route_network.go",
  program(node) {
    const { nic } = node.self;
    node.agent("flanneld").perPeer("lease", (peer) => ({
      routes: node.self.stacks.flatMap(({ family }) => {
        const lease = peer.stack(family);
        return lease ? [{ dst: lease.share, via: lease.nodeIP, dev: nic.name }] : [];
      }),
    }));
    flannelNode(node, nic.mtu);
  },
} as const satisfies Mode;
