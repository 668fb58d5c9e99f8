import { FLANNEL, flannelNode, leaseOf } from "./flannel.ts";
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
    const { nic, stacks } = node.self;
    // flanneld does not start with a public address that is not its card's (`hostgw.New`); the node stays as it is.
    if (stacks.some(({ family, nodeIP }) => node.self.publicIP(family)?.equals(nodeIP) !== true)) return;
    node.agent("flanneld").perPeer("lease", (peer) => ({
      routes: stacks.flatMap(({ family }) => {
        const lease = leaseOf(peer, family);
        return lease ? [{ dst: lease.subnet, via: lease.publicIP, dev: nic.name }] : [];
      }),
    }));
    flannelNode(node, nic.mtu);
  },
} as const satisfies Mode;
