import type { Prefix } from "../addr/prefix.ts";
import type { Peering } from "./calico-peers.ts";
import type { Fact, NodeFact } from "./facts.ts";
import type { HostDraft } from "./hosts.ts";

/** What the CNI that carries the packets says of the cluster, in its own objects. */
export interface Carrier {
  /** The pods' networks. */
  readonly networks: readonly Fact<Prefix>[];
  /** Whether they are pools that are written one by one. */
  readonly pooled: boolean;
  /** A node as its agent knows it. */
  readonly host: (node: NodeFact) => HostDraft;
  /** The BGP sessions of the nodes. */
  readonly peering: (hosts: readonly HostDraft[]) => Peering;
}
