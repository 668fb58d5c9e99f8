import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Assumption } from "../topology/topology.ts";
import type { NodeDraft } from "./node.ts";
import type { Family, HostPeer } from "./peer.ts";

const ASSUMPTIONS: readonly Assumption[] = [
  {
    what: "each node owns the blocks at the start of its own share of the pod network; Calico picks them by a hash of names",
    supply: "hosts.NAME.podCIDR, pods.NAME.address",
  },
];

/** What every Calico mode shares. */
export const CALICO = {
  family: "calico",
  enforcesPolicy: true,
  assumptions: ASSUMPTIONS,
} as const;

/** Which packets ride in a pool's tunnel: all between nodes, or those between subnets (IPPool `ipipMode`, `vxlanMode`). */
export type Tunnelled = "Always" | "CrossSubnet";

/** The smallest MTU of the node's cards; Felix takes device and pod MTUs off it (int_dataplane.go `findHostMTU`). */
export function hostMtu(self: HostPeer): number {
  return Math.min(...self.host.nics.map((nic) => nic.mtu));
}

/** The tunnel's address: the first of the node's first block, taken at start-up (node/pkg/allocateip). */
export function tunnelAddress(self: HostPeer, family: Family): Ip | undefined {
  return self.stack(family)?.share.ip;
}

/** The same as a list, for what counts the addresses in use. */
export function tunnelAddresses(self: HostPeer, family: Family): readonly Ip[] {
  const ip = tunnelAddress(self, family);
  return ip ? [ip] : [];
}

/**
 * Whether a node takes another to be on its own subnet, where CrossSubnet needs no tunnel: by the network that its Node
 * object records (felix/calc/l3_route_resolver.go `nodeInOurSubnet`; the same test stands in BIRD's kernel filter).
 */
export function onOwnSubnet(self: HostPeer, peer: Ip): boolean {
  return self.nodeNetwork(peer.family)?.contains(peer) === true;
}

/** What a node announces: its blocks, and single addresses that its pods hold in other nodes' blocks. */
export function announcedBy(self: HostPeer, family: Family, tunnel: readonly Ip[] = []): readonly Prefix[] {
  return [...self.blocks(family, tunnel), ...self.borrowed(family)];
}

/**
 * Blackholes for the node's own blocks, so that unused addresses do not follow the default route. Not for a block of
 * one address: it would be the pod's own route (confd bird_aggr.cfg.template).
 */
export function blackholes(node: NodeDraft, by: "bird" | "felix", blocks: readonly Prefix[]): void {
  const proto = by === "bird" ? "bird" : "80";
  for (const dst of blocks) {
    if (dst.length < dst.ip.bits) node.agent(by).route({ type: "blackhole", dst, proto });
  }
}
