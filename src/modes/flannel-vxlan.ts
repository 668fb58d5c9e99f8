import type { Ip } from "../addr/ip.ts";
import type { PeerRows } from "../kernel/request.ts";
import { directRouting, FLANNEL, flannelNode, leaseOf } from "./flannel.ts";
import type { Mode } from "./mode.ts";
import { UNDERLAY_MTU, udpPort, VNI } from "./mode-settings.ts";
import type { NodeDraft } from "./node.ts";
import type { Family, HostPeer } from "./peer.ts";

/** Over inner Ethernet 14, VXLAN 8, UDP 8 and IPv4 20; flanneld takes the same for IPv6. */
const OVERHEAD = 50;
const KERNEL_PORT = 8472;

const SHARED = {
  ...FLANNEL,
  families: [4, 6],
  source: "flannel-io/flannel pkg/backend/vxlan/vxlan.go, device.go, vxlan_network.go",
  settings: { VNI, Port: udpPort("VXLAN", 8472), MTU: UNDERLAY_MTU },
} as const;

/** flannel's vxlan backend: a route, a permanent neighbour and a forwarding entry for each lease; nothing is learned. */
export const flannelVxlan = {
  ...SHARED,
  name: "flannel-vxlan",
  aliases: ["vxlan"],
  summary: "pods on a bridge; packets for other nodes ride in VXLAN, inside the kernel",
  needs: ["UDP 8472 between nodes"],
  program: (node) => program(node, () => false),
} as const satisfies Mode;

/** The same with `DirectRouting: true`: a node that is reached without a gateway gets a plain route and nothing else. */
export const flannelVxlanDirect = {
  ...SHARED,
  name: "flannel-vxlan-direct",
  summary: "pods on a bridge; plain routes to nodes on the same link, VXLAN to all others",
  needs: ["UDP 8472 between subnets", "a fabric that passes pod addresses inside a subnet"],
  program: (node) => program(node, directRouting(node)),
} as const satisfies Mode;

function program(node: NodeDraft, isDirect: (ip: Ip) => boolean): void {
  const { nic } = node.self;
  const flanneld = node.agent("flanneld");
  const mtu = (node.self.option("MTU") ?? nic.mtu) - OVERHEAD;
  for (const { family, share } of node.self.stacks) {
    const dev = vtep(node.self, family);
    const local = node.self.publicIP(family);
    if (!local) continue;
    flanneld.link({
      kind: "vxlan",
      name: dev,
      mac: node.self.mac(dev),
      mtu,
      vni: node.self.option("VNI") ?? 1,
      port: node.self.option("Port") ?? KERNEL_PORT,
      local,
      lower: nic.name,
      learning: false,
      ttl: "auto",
    });
    flanneld.address(dev, share.ip, share.ip.bits);
    flanneld.perPeer("lease", (peer) => rowsFor(peer, family, dev, isDirect));
  }
  flannelNode(node, mtu);
}

function rowsFor(peer: HostPeer, family: Family, dev: string, isDirect: (ip: Ip) => boolean): PeerRows {
  const lease = leaseOf(peer, family);
  if (!lease) return {};
  const { subnet: dst, publicIP } = lease;
  if (isDirect(publicIP)) return { routes: [{ dst, via: publicIP }] };
  const told = family === 4 ? peer.host.cni.flannel.vtepMac : undefined;
  const mac = told ?? peer.mac(vtep(peer, family));
  return {
    neighbours: [{ dev, ip: dst.ip, lladdr: mac, state: "permanent" }],
    fdb: [{ dev, mac, dst: publicIP }],
    // The gateway is the peer's own tunnel address, on no network of ours: hence onlink.
    routes: [{ dst, via: dst.ip, dev, onlink: true }],
  };
}

/** A node's VXLAN device, named after its own VNI. */
function vtep(node: HostPeer, family: Family): string {
  const vni = node.option("VNI") ?? 1;
  return family === 4 ? `flannel.${vni}` : `flannel-v6.${vni}`;
}
