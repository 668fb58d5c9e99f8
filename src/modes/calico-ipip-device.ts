import { Prefix } from "../addr/prefix.ts";
import type { Tunnel } from "./calico-guards.ts";
import type { Plan } from "./calico-plan.ts";
import { felixRoutes, programmer, TUNL } from "./calico-routes.ts";
import type { NodeDraft } from "./node.ts";

/** An outer IPv4 header. */
const OVERHEAD = 20;
const MODES = ["calico-ipip", "calico-ipip-crosssubnet"];

/**
 * The kernel's fallback device for IP-in-IP, which Felix brings up as soon as one pool wants it. BIRD writes the routes
 * into it; from v3.33 on Felix does, from what it knows of nodes and blocks (felix/dataplane/linux/ipip_mgr.go).
 */
export function ipipTunnels(node: NodeDraft, plan: Plan): readonly Tunnel[] {
  const { self } = node;
  if (!plan.has("ipip", 4) || !self.stack(4)) return [];
  const mtu = self.option("mtu", MODES) ?? self.hostMtu - OVERHEAD;
  const felix = node.agent("felix");
  felix.link({ kind: "ipip", name: TUNL, mtu, ttl: "inherit", pmtudisc: false });
  const own = plan.ipam(self).tunnel("ipip", 4);
  if (own) felix.address(TUNL, own, own.bits);
  const byFelix = plan.all.some((pool) => pool.kind === "ipip" && programmer(pool, self) === "felix");
  const route = () => {
    felix.perPeer("IPIP", (peer) => {
      const nodeIP = peer.stack(4)?.nodeIP;
      if (!nodeIP) return {};
      const way = { via: nodeIP, dev: TUNL, proto: "80", onlink: true, mtu };
      return { routes: felixRoutes(node, plan, { peer, kind: "ipip", nodeIP, way }) };
    });
  };
  return [{ kind: "ipip", dev: TUNL, family: 4, address: own && Prefix.of(own), mtu, ...(byFelix && { route }) }];
}
