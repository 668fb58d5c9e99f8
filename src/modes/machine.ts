import { Netlink } from "../kernel/netlink.ts";
import type { Host, Pod, Router } from "../topology/topology.ts";
import { Agent } from "./agent.ts";
import { birdRoute } from "./bird.ts";
import type { Mode } from "./mode.ts";
import { NodeDraft } from "./node.ts";
import type { HostPeers } from "./peers.ts";
import type { Routing } from "./routing.ts";
import { type Underlay, writeUnderlay } from "./underlay.ts";

/** One machine: a host with its pods, or a router alone. Answers the tables of a namespace of its own. */
export type Machine = (netns: string) => Netlink | undefined;

/** Namespaces know IPv6 only where the topology does. */
const IPV6_OFF = "net.ipv6.conf.all.disable_ipv6";

const FAMILIES = [4, 6] as const;

/** What all machines of a network are built from. */
export interface Ground {
  readonly underlay: Underlay;
  readonly peers: HostPeers;
  readonly mode: Mode;
  readonly routing: Routing;
}

/** A host as its agents leave it: cards and default route, then the mode's rows, then who listens. */
export function buildHost(host: Host, { underlay, peers, mode, routing }: Ground): Machine {
  const self = peers.of(host);
  const node = new NodeDraft(self, peers, underlay.topology.cluster, routing);
  const pods = new Map(node.pods.map((pod) => [pod.netns, pod]));
  const operator = node.agent("operator");
  const ipv6 = underlay.has(6);
  if (ipv6) operator.sysctl(IPV6_OFF, 0);
  writeUnderlay(operator, host, self.netns, underlay);
  for (const pod of node.pods) {
    pod.inside("operator", (inside) => {
      if (ipv6) inside.sysctl(IPV6_OFF, 0);
      listen(inside, pod.pod);
    });
  }
  mode.program(node);
  speaks(node.netlink, host.name, routing);
  for (const pod of node.guests) listen(operator, pod);
  return (netns) => (netns === self.netns ? node.netlink : pods.get(netns)?.netlink);
}

/** A router: cards, the routes it is given, and in modes with BGP what it learns if it speaks it. */
export function buildRouter(router: Router, { underlay, peers, routing }: Ground): Machine {
  const netns = `router/${router.name}`;
  const netlink = new Netlink(netns, "router", peers);
  const operator = new Agent(netlink, "operator", netns);
  operator.sysctl("net.ipv4.ip_forward", 1);
  if (underlay.has(6)) {
    operator.sysctl(IPV6_OFF, 0).sysctl("net.ipv6.conf.all.forwarding", 1);
  }
  writeUnderlay(operator, router, netns, underlay);
  speaks(netlink, router.name, routing);
  if (routing.spoken && router.bgp) {
    new Agent(netlink, "bird", netns).keepPerPeer("BGP", {
      peer: (peer) => ({
        routes: peer.stacks.flatMap(({ family }) =>
          routing.learned(router.name, peer, family).map((learned) => birdRoute(learned, {})),
        ),
      }),
      alone: () => ({
        routes: FAMILIES.flatMap((family) =>
          routing.originated(router.name, family).map((learned) => birdRoute(learned, {})),
        ),
      }),
    });
  }
  return (name) => (name === netns ? netlink : undefined);
}

/** What the machine's routing daemon has to say of its sessions, looked at when somebody asks. */
function speaks({ netns }: Netlink, name: string, routing: Routing): void {
  netns.sessions = () => routing.views(name).flatMap(({ sessions }) => sessions);
}

/** A pod's sockets; one that says nothing of ports is taken to listen on any, and the trace says so. */
function listen(operator: Agent, pod: Pod): void {
  if (!pod.listen) operator.assumeListening();
  const owner = { kind: "process", name: pod.name } as const;
  for (const { protocol, port } of pod.listen ?? []) operator.socket({ protocol, port, owner });
}
