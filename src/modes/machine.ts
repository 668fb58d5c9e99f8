import { Netlink } from "../kernel/netlink.ts";
import type { Host, Pod, Router, Topology } from "../topology/topology.ts";
import { Agent } from "./agent.ts";
import { routesFor } from "./gateways.ts";
import type { Mode } from "./mode.ts";
import { NodeDraft } from "./node.ts";
import type { HostPeer } from "./peer.ts";
import type { HostPeers } from "./peers.ts";
import { hasFamily, writeDefaultRoutes, writeNics, writeRouter } from "./underlay.ts";

/** The namespaces of one machine by name: a host with its pods, or a router alone. */
export type Machine = ReadonlyMap<string, Netlink<HostPeer>>;

/** A host as its agents leave it: cards and default route, then the mode's rows, then who listens. */
export function buildHost(host: Host, topology: Topology, mode: Mode, peers: HostPeers): Machine {
  const self = peers.get(host.name) as HostPeer;
  const node = new NodeDraft(self, peers, topology.cluster);
  const all = [node.netlink, ...node.pods.map((pod) => pod.netlink)];
  if (hasFamily(topology, 6)) for (const netlink of all) netlink.sysctl("net.ipv6.conf.all.disable_ipv6", 0);
  const operator = node.agent("operator");
  writeNics(operator, self.netns, host.nics);
  writeDefaultRoutes(operator, host.nics, topology);
  mode.program(node);
  for (const pod of self.pods) {
    const draft = node.pods.find((candidate) => candidate.pod === pod);
    listen(draft?.netlink ?? node.netlink, pod);
  }
  return new Map(all.map((netlink) => [netlink.netns.name, netlink]));
}

/** A router: cards, what the IGP knows, and the routes the topology gives it. */
export function buildRouter(
  router: Router,
  routers: ReadonlyMap<string, Router>,
  topology: Topology,
  peers: HostPeers,
): Machine {
  const netlink = new Netlink<HostPeer>(`router/${router.name}`, "router", peers);
  if (hasFamily(topology, 6)) netlink.sysctl("net.ipv6.conf.all.disable_ipv6", 0);
  const operator = new Agent(netlink, "operator", router.name);
  writeRouter(operator, router, [...routers.values()], topology);
  routesFor(router, topology);
  return new Map([[netlink.netns.name, netlink]]);
}

/** A pod's sockets; one that says nothing of ports is taken to listen on any, and the trace says so. */
function listen({ netns }: Netlink<HostPeer>, pod: Pod): void {
  if (!pod.listen) netns.assumeListening = true;
  const owner = { kind: "process", name: pod.name } as const;
  for (const { protocol, port } of pod.listen ?? []) netns.sockets.push({ protocol, port, owner, by: "operator" });
}
