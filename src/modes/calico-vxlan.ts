import { sha1 } from "@noble/hashes/legacy.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { type Mac, macOf } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import type { PeerRows, RouteRequest } from "../kernel/request.ts";
import { attachVeth } from "./attach-veth.ts";
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

/** Outer IP 20 or 40, UDP 8, VXLAN 8 and inner Ethernet 14. */
const OVERHEAD = { 4: 50, 6: 70 } as const;
const DEVICE = { 4: "vxlan.calico", 6: "vxlan-v6.calico" } as const;

const SHARED = {
  ...CALICO,
  aliases: [],
  learns: "the datastore",
  families: [4, 6],
  bgp: false,
  source: "projectcalico/calico felix/dataplane/linux/vxlan_mgr.go, route_mgr.go, felix/vxlanfdb/vxlan_fdb.go",
} as const;

/** Calico with `vxlanMode: Always`: Felix writes a route, a neighbour and a forwarding entry for every other node. */
export const calicoVxlan = {
  ...SHARED,
  name: "calico-vxlan",
  summary: "pods on point-to-point links; packets for other nodes ride in VXLAN, inside the kernel",
  needs: ["UDP 4789 between nodes"],
  program: (node) => program(node, "Always"),
} as const satisfies Mode;

/** Calico with `vxlanMode: CrossSubnet`: a node of the same subnet is reached without the tunnel. */
export const calicoVxlanCrossSubnet = {
  ...SHARED,
  name: "calico-vxlan-crosssubnet",
  summary: "pods on point-to-point links; plain routes inside a subnet, VXLAN between subnets",
  needs: ["UDP 4789 between subnets", "a fabric that passes pod addresses inside a subnet"],
  program: (node) => program(node, "CrossSubnet"),
} as const satisfies Mode;

function program(node: NodeDraft, tunnelled: Tunnelled): void {
  const { self } = node;
  const felix = node.agent("felix");
  const port = self.option("vxlanPort") ?? 4789;
  const mtu = { 4: tunnelMtu(self, 4), 6: tunnelMtu(self, 6) };
  for (const { family, nodeIP } of self.stacks) {
    const name = DEVICE[family];
    felix.link({
      kind: "vxlan",
      name,
      mac: vtepMac(self, family),
      mtu: mtu[family],
      vni: self.option("vxlanVNI") ?? 4096,
      port,
      local: nodeIP,
      lower: self.nic.name,
      learning: false,
      ttl: "auto",
    });
    const own = tunnelAddress(self, family);
    if (own) felix.address(name, own, own.bits);
    blackholes(node, "felix", self.blocks(family, tunnelAddresses(self, family)));
    felix.perPeer("VXLAN", (peer) => rowsFor(node, peer, family, { tunnelled, mtu: mtu[family] }));
  }
  const [first = hostMtu(self), ...others] = self.stacks.map(({ family }) => mtu[family]);
  const attached = attachVeth(node, Math.min(first, ...others));
  const tunnels = self.stacks.map(({ family }) => {
    const own = tunnelAddress(self, family);
    return { kind: "vxlan", dev: DEVICE[family], family, address: own && Prefix.of(own), port } as const;
  });
  calicoRules(node, attached, tunnels);
}

function tunnelMtu(self: HostPeer, family: Family): number {
  return self.option(family === 4 ? "mtu" : "mtuV6") ?? hostMtu(self) - OVERHEAD[family];
}

/** The neighbour and forwarding entry are there for every node, also for one that no route sends into the tunnel. */
function rowsFor(
  node: NodeDraft,
  peer: HostPeer,
  family: Family,
  { tunnelled, mtu }: { readonly tunnelled: Tunnelled; readonly mtu: number },
): PeerRows {
  const { self } = node;
  const nodeIP = peer.stack(family)?.nodeIP;
  const vtep = tunnelAddress(peer, family);
  if (!nodeIP || !vtep) return {};
  const dev = DEVICE[family];
  const mac = vtepMac(peer, family);
  const direct = tunnelled === "CrossSubnet" && onOwnSubnet(self, nodeIP);
  const way: Omit<RouteRequest, "dst"> = direct
    ? { via: nodeIP, dev: self.nic.name, proto: "80", onlink: true }
    : { via: vtep, dev, onlink: true, ...(self.calico.version !== "v3.30" && { mtu }) };
  return {
    neighbours: [{ dev, ip: vtep, lladdr: mac, state: "permanent" }],
    fdb: [{ dev, mac, dst: nodeIP }],
    routes: announcedBy(peer, family, tunnelAddresses(peer, family)).map((dst) => ({ dst, ...way })),
  };
}

/** 66 and five bytes of the node's name hashed (felix/calc/vxlan_resolver.go `vtepMACForHost`). */
function vtepMac(peer: HostPeer, family: Family): Mac {
  const hash = sha1(utf8ToBytes(family === 4 ? peer.name : `${peer.name}-v6`));
  return peer.mac(DEVICE[family], macOf([0x66, ...hash.slice(0, 5)]));
}
