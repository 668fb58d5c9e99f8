import { sha1 } from "@noble/hashes/legacy.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { type Mac, macOf } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import type { PeerRows, RouteRequest } from "../kernel/request.ts";
import type { Tunnel } from "./calico-guards.ts";
import type { Plan } from "./calico-plan.ts";
import { felixRoutes } from "./calico-routes.ts";
import type { NodeDraft } from "./node.ts";
import type { HostPeer, Stack } from "./peer.ts";

/** Outer IP 20 or 40, UDP 8, VXLAN 8 and inner Ethernet 14. */
const OVERHEAD = { 4: 50, 6: 70 } as const;
const DEVICE = { 4: "vxlan.calico", 6: "vxlan-v6.calico" } as const;
const MODES = ["calico-vxlan", "calico-vxlan-crosssubnet"];

/** A device for each family with a VXLAN pool: Felix's alone (felix/dataplane/linux/vxlan_mgr.go). */
export function vxlanTunnels(node: NodeDraft, plan: Plan): readonly Tunnel[] {
  return node.self.stacks
    .filter(({ family }) => plan.has("vxlan", family))
    .map((stack) => vxlanTunnel(node, plan, stack));
}

function vxlanTunnel(node: NodeDraft, plan: Plan, { family, nodeIP }: Stack): Tunnel {
  const { self } = node;
  const felix = node.agent("felix");
  const dev = DEVICE[family];
  const mtu = self.option(family === 4 ? "mtu" : "mtuV6", MODES) ?? self.hostMtu - OVERHEAD[family];
  const port = self.option("vxlanPort", MODES) ?? 4789;
  felix.link({
    kind: "vxlan",
    name: dev,
    mac: vtepMac(self, family),
    mtu,
    vni: self.option("vxlanVNI", MODES) ?? 4096,
    port,
    local: nodeIP,
    lower: self.nic.name,
    learning: false,
    ttl: "auto",
  });
  const own = plan.ipam(self).tunnel("vxlan", family);
  if (own) felix.address(dev, own, own.bits);
  const route = () => {
    felix.perPeer("VXLAN", (peer) => rowsFor(node, plan, { peer, family, mtu }));
  };
  return { kind: "vxlan", dev, family, address: own && Prefix.of(own), port, mtu, route };
}

/**
 * The neighbour and forwarding entry are there for every node, also for one that no route sends into the tunnel
 * (felix/vxlanfdb/vxlan_fdb.go). Tunnel routes have their MTU since v3.31.
 */
function rowsFor(
  node: NodeDraft,
  plan: Plan,
  { peer, family, mtu }: { readonly peer: HostPeer; readonly family: 4 | 6; readonly mtu: number },
): PeerRows {
  const nodeIP = peer.stack(family)?.nodeIP;
  const vtep = plan.ipam(peer).tunnel("vxlan", family);
  if (!nodeIP || !vtep) return {};
  const dev = DEVICE[family];
  const mac = vtepMac(peer, family);
  // A peer's tunnel address outside its own blocks is reached by the device itself (vxlan_mgr.go `tunnelRoute`).
  const isVtep = ({ dst }: RouteRequest) => dst.equals(Prefix.of(vtep));
  const way = { via: vtep, dev, onlink: true, ...(node.self.calico.version !== "v3.30" && { mtu }) };
  return {
    neighbours: [{ dev, ip: vtep, lladdr: mac, state: "permanent" }],
    fdb: [{ dev, mac, dst: nodeIP }],
    routes: felixRoutes(node, plan, { peer, kind: "vxlan", nodeIP, way }).map((route) =>
      isVtep(route) && route.dev === dev ? { dst: route.dst, dev, scope: "link" } : route,
    ),
  };
}

/** 66 and five bytes of the node's name hashed (felix/calc/vxlan_resolver.go `vtepMACForHost`). */
function vtepMac(peer: HostPeer, family: 4 | 6): Mac {
  const hash = sha1(utf8ToBytes(family === 4 ? peer.name : `${peer.name}-v6`));
  return peer.mac(DEVICE[family], macOf([0x66, ...hash.slice(0, 5)]));
}
