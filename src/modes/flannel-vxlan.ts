import { FLANNEL, flannelNode } from "./flannel.ts";
import type { Mode } from "./mode.ts";
import type { Family, HostPeer } from "./peer.ts";

/** Over inner Ethernet 14, VXLAN 8, UDP 8 and IPv4 20; flanneld takes the same for IPv6. */
const OVERHEAD = 50;
const KERNEL_PORT = 8472;

/** flannel's vxlan backend: a route, a permanent neighbour and a forwarding entry for each lease; nothing is learned. */
export const flannelVxlan = {
  ...FLANNEL,
  name: "flannel-vxlan",
  aliases: ["vxlan"],
  summary: "pods on a bridge; packets for other nodes ride in VXLAN, inside the kernel",
  needs: ["UDP 8472 between nodes"],
  families: [4, 6],
  source: "flannel-io/flannel pkg/backend/vxlan/vxlan.go, device.go, vxlan_network.go",
  program(node) {
    const { nic } = node.self;
    const flanneld = node.agent("flanneld");
    const mtu = (node.self.option("MTU") ?? nic.mtu) - OVERHEAD;
    for (const { family, nodeIP, share } of node.self.stacks) {
      const dev = vtep(node.self, family);
      flanneld.link({
        kind: "vxlan",
        name: dev,
        mac: node.self.mac(dev),
        mtu,
        vni: node.self.option("VNI") ?? 1,
        port: node.self.option("Port") ?? KERNEL_PORT,
        local: nodeIP,
        lower: nic.name,
        learning: false,
        ttl: "auto",
      });
      flanneld.address(dev, share.ip, share.ip.bits);
      flanneld.perPeer("lease", (peer) => {
        const lease = peer.stack(family);
        if (!lease) return {};
        const dst = lease.share;
        const mac = peer.mac(vtep(peer, family));
        return {
          neighbours: [{ dev, ip: dst.ip, lladdr: mac, state: "permanent" }],
          fdb: [{ dev, mac, dst: lease.nodeIP }],
          // The gateway is the peer's own tunnel address, on no network of ours: hence onlink.
          routes: [{ dst, via: dst.ip, dev, onlink: true }],
        };
      });
    }
    flannelNode(node, mtu);
  },
} as const satisfies Mode;

/** A node's VXLAN device, named after its own VNI. */
function vtep(node: HostPeer, family: Family): string {
  const vni = node.option("VNI") ?? 1;
  return family === 4 ? `flannel.${vni}` : `flannel-v6.${vni}`;
}
