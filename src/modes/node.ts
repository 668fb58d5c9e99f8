import type { Ip } from "../addr/ip.ts";
import { type Mac, macFromName } from "../addr/mac.ts";
import { Netlink } from "../kernel/netlink.ts";
import type { Writer } from "../kernel/row.ts";
import type { Cluster, Pod } from "../topology/topology.ts";
import { Agent } from "./agent.ts";
import type { HostPeer } from "./peer.ts";
import type { HostPeers } from "./peers.ts";
import type { Routing } from "./routing.ts";

/** A pod while the node's agents set it up. What they write inside is written when its namespace is first asked for. */
export class PodDraft {
  readonly pod: Pod;
  /** `pod/default/pod-a`. */
  readonly netns: string;
  /** What IPAM gave it, at most one per family, IPv4 first; empty when the node's share is used up. */
  readonly addresses: readonly Ip[];
  readonly #writes: ((netlink: Netlink) => void)[] = [];
  #netlink: Netlink | undefined;

  constructor(pod: Pod, addresses: readonly Ip[]) {
    this.pod = pod;
    this.netns = podNetns(pod);
    this.addresses = addresses;
  }

  /** What one writer does in the pod's namespace, after what was said before. */
  inside(by: Writer, write: (agent: Agent) => void): void {
    this.#writes.push((netlink) => write(new Agent(netlink, by, this.netns)));
  }

  mac(dev: string): Mac {
    return macFromName(`${this.netns} ${dev}`);
  }

  /** The namespace with all that was to be written into it. */
  get netlink(): Netlink {
    if (this.#netlink) return this.#netlink;
    const netlink = new Netlink(this.netns, "pod");
    for (const write of this.#writes) write(netlink);
    this.#netlink = netlink;
    return netlink;
  }
}

/** What a mode writes into: one node and its pods, with the facts that node's agents go by. */
export class NodeDraft {
  readonly self: HostPeer;
  readonly cluster: Cluster;
  readonly netlink: Netlink;
  /** Those with a namespace of their own, in attachment order. */
  readonly pods: readonly PodDraft[];
  /** Those on the node's own network. */
  readonly guests: readonly Pod[];
  /** What the node's BGP speaker learns, in modes that have one. */
  readonly routing: Routing;

  constructor(self: HostPeer, peers: HostPeers, cluster: Cluster, routing: Routing) {
    this.self = self;
    this.cluster = cluster;
    this.routing = routing;
    this.netlink = new Netlink(self.netns, "host", peers);
    const pods = self.pods();
    const addresses = self.podAddresses(pods);
    this.pods = pods.filter((pod) => !pod.hostNetwork).map((pod) => new PodDraft(pod, addresses.get(pod.name) ?? []));
    this.guests = pods.filter((pod) => pod.hostNetwork);
  }

  /** The verbs of one writer in the node's own namespace. */
  agent(by: Writer): Agent {
    return new Agent(this.netlink, by, this.self.name);
  }
}

/** The namespace a pod's processes run in: its own, or its host's. */
export function podNetns(pod: Pod): string {
  return pod.hostNetwork ? `host/${pod.host}` : `pod/${pod.name}`;
}
