import type { Session } from "../bgp/session.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Network } from "../kernel/network.ts";
import type { Fault, Host, Topology } from "../topology/topology.ts";

/** Hosts whose tables are the same but for names and addresses; one of them is read for all. */
export interface Kind {
  readonly sample: Host;
  /** The tables of the sample. */
  readonly netns: Netns;
  readonly hosts: readonly Host[];
}

/** What the rules look at. */
export interface Scope {
  readonly topology: Topology;
  readonly network: Network;
  /** The topology's own faults and those that were done after them. */
  readonly faults: readonly Fault[];
  readonly kinds: readonly Kind[];
  /** Which part of the underlay a host is in; hosts of one kind can be in many that are alike. */
  readonly siteOf: (host: Host) => number;
  /** The namespaces of routers, with their names. */
  readonly routers: readonly Netns[];
  /** The BGP sessions of a host or router, over all families. */
  readonly sessions: (machine: string) => Iterable<Session>;
}
