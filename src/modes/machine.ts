import { Netlink } from "../kernel/netlink.ts";
import type { Host, Pod, Router } from "../topology/topology.ts";
import { Agent } from "./agent.ts";
import type { Mode } from "./mode.ts";
import { NodeDraft } from "./node.ts";
import type { HostPeer } from "./peer.ts";
import type { HostPeers } from "./peers.ts";
import { birdRoute, type Routing } from "./routing.ts";
import { type Underlay, writeUnderlay } from "./underlay.ts";

/** The namespaces of one machine by name: a host with its pods, or a router alone. */
export type Machine = ReadonlyMap<string, Netlink>;

/** What all machines of a network are built from. */
export interface Ground {
  readonly underlay: Underlay;
  readonly peers: HostPeers;
  readonly mode: Mode;
  readonly routing: Routing;
}

/** A host as its agents leave it: cards and default route, then the mode's rows, then who listens. */
export function buildHost(host: Host, { underlay, peers, mode, routing }: Ground): Machine {
  const self = peers.get(host.name) as HostPeer;
  const node = new NodeDraft(self, peers, underlay.topology.cluster, routing);
  const all = [node.netlink, ...node.pods.map((pod) => pod.netlink)];
  if (underlay.has(6)) for (const netlink of all) netlink.sysctl("net.ipv6.conf.all.disable_ipv6", 0);
  writeUnderlay(node.agent("operator"), host, self.netns, underlay);
  mode.program(node);
  for (const pod of self.pods) {
    const draft = node.pods.find((candidate) => candidate.pod === pod);
    listen(draft?.netlink ?? node.netlink, pod);
  }
  return new Map(all.map((netlink) => [netlink.netns.name, netlink]));
}

/** A router: cards, the routes it is given, and in modes with BGP what it learns if it speaks it. */
export function buildRouter(router: Router, { underlay, peers, mode, routing }: Ground): Machine {
  const netns = `router/${router.name}`;
  const netlink = new Netlink(netns, "router", peers);
  const operator = new Agent(netlink, "operator", netns);
  operator.sysctl("net.ipv4.ip_forward", 1);
  if (underlay.has(6)) {
    operator.sysctl("net.ipv6.conf.all.disable_ipv6", 0).sysctl("net.ipv6.conf.all.forwarding", 1);
  }
  writeUnderlay(operator, router, netns, underlay);
  if (mode.bgp && router.bgp) {
    new Agent(netlink, "bird", netns).perPeer("BGP", (peer) => ({
      routes: peer.families.flatMap((family) =>
        routing.learned(router.name, peer, family).map((learned) => birdRoute(learned, {})),
      ),
    }));
  }
  return new Map([[netns, netlink]]);
}

/** A pod's sockets; one that says nothing of ports is taken to listen on any, and the trace says so. */
function listen({ netns }: Netlink, pod: Pod): void {
  if (!pod.listen) netns.assumeListening = true;
  const owner = { kind: "process", name: pod.name } as const;
  for (const { protocol, port } of pod.listen ?? []) netns.sockets.push({ protocol, port, owner, by: "operator" });
}
