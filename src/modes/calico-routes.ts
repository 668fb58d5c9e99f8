import type { Ip } from "../addr/ip.ts";
import type { PeerRows, RouteRequest } from "../kernel/request.ts";
import { bgpMetric, birdRoute } from "./bird.ts";
import type { Plan } from "./calico-plan.ts";
import type { Pool } from "./calico-pools.ts";
import type { NodeDraft } from "./node.ts";
import type { HostPeer } from "./peer.ts";
import type { Learned } from "./routing.ts";

/** The kernel's fallback device for IP-in-IP. */
export const TUNL = "tunl0";

/**
 * Who writes a pool's routes into the kernel. VXLAN's are always Felix's; from v3.33 on those of IP-in-IP are too
 * (`EnabledIPIPOnly`), and BIRD's kernel filter leaves both out (confd bgp_processor.go `processIPPool`).
 */
export function programmer(pool: Pool | undefined, self: HostPeer): "bird" | "felix" {
  if (pool?.kind === "vxlan") return "felix";
  return pool?.kind === "ipip" && self.calico.version === "v3.33" ? "felix" : "bird";
}

/**
 * Blackholes for the node's own blocks, so that unused addresses do not follow the default route. Not for a block of
 * one address: it would be the pod's own route (confd bird_aggr.cfg.template).
 */
export function blackholes(node: NodeDraft, plan: Plan): void {
  const { self } = node;
  for (const { family } of self.stacks) {
    for (const dst of plan.ipam(self).blocks(family)) {
      if (dst.length === dst.ip.bits) continue;
      const by = programmer(plan.at(dst.ip), self);
      node.agent(by).route({ type: "blackhole", dst, proto: by === "bird" ? "bird" : "80" });
    }
  }
}

/**
 * What BIRD writes of what it has learned of a peer. Its kernel filter sets krt_tunnel on what is inside an IPIP pool;
 * with CrossSubnet only where the BGP next hop is outside the node's own network (confd bgp_processor.go
 * `extraStatementForKernelProgrammingIPIPNoEncap`).
 */
export function birdRoutes({ self, routing }: NodeDraft, plan: Plan, peer: HostPeer): PeerRows {
  // From v3.33 on the kernel filter leaves WireGuard peers out (confd `processWireguardPeerFilter`).
  if (plan.wireguard && self.calico.version === "v3.33") return {};
  const learned = self.stacks.flatMap(({ family }) => routing.learned(self.name, peer, family));
  return { routes: learned.flatMap((each) => programmed(self, plan, each)) };
}

/** What BIRD writes of what routers put up themselves: a default route, subnets. */
export function originatedRoutes({ self, routing }: NodeDraft, plan: Plan): PeerRows {
  const learned = self.stacks.flatMap(({ family }) => routing.originated(self.name, family));
  return { routes: learned.flatMap((each) => programmed(self, plan, each)) };
}

function programmed(self: HostPeer, plan: Plan, learned: Learned): readonly RouteRequest[] {
  const pool = plan.at(learned.dst.ip);
  if (programmer(pool, self) === "felix") return [];
  const metric = bgpMetric(self.calico.version, learned);
  const nextHop = learned.paths[0]?.nextHop;
  const tunnel = pool?.kind === "ipip" && !(pool.crossSubnet && nextHop && onOwnSubnet(self, nextHop));
  return [birdRoute(learned, { ...(tunnel && { tunnel: TUNL }), ...(metric !== undefined && { metric }) })];
}

/** What Felix routes to a peer through a pool's tunnel, or past it: the peer's announced prefixes in pools of a kind. */
export function felixRoutes(
  { self }: NodeDraft,
  plan: Plan,
  { peer, kind, nodeIP, way }: FelixPeer,
): readonly RouteRequest[] {
  const near = onOwnSubnet(self, nodeIP);
  const direct = { via: nodeIP, dev: self.nic.name, proto: "80", onlink: true };
  const announced = plan.ipam(peer).announced(nodeIP.family);
  return announced.flatMap((dst) => {
    const pool = plan.at(dst.ip);
    return pool?.kind === kind ? { dst, ...(pool.crossSubnet && near ? direct : way) } : [];
  });
}

interface FelixPeer {
  readonly peer: HostPeer;
  readonly kind: Pool["kind"];
  readonly nodeIP: Ip;
  /** The way into the tunnel. */
  readonly way: Omit<RouteRequest, "dst">;
}

/**
 * Whether a node takes another to be on its own subnet, where CrossSubnet needs no tunnel: by the network that its Node
 * object records (felix/calc/l3_route_resolver.go `nodeInOurSubnet`; the same test stands in BIRD's kernel filter).
 */
function onOwnSubnet(self: HostPeer, peer: Ip): boolean {
  return self.nodeNetwork(peer.family)?.contains(peer) === true;
}
