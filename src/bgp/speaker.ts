import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Policy } from "./policy.ts";
import type { Covering } from "./resolve.ts";

/** One BGP daemon of one address family, as its own configuration and its machine's addresses describe it. */
export interface Speaker {
  /** The machine's name. */
  readonly name: string;
  readonly as: number;
  /** Always IPv4, also in an IPv6 daemon. */
  readonly routerId: Ip;
  /**
   * A node's node IP, the source of all its sessions. A router answers from its address on the shared link, else
   * from this one.
   */
  readonly address: Ip;
  /** All its own addresses, `address` among them. */
  readonly addresses: readonly Ip[];
  /** Its connected networks: next hops in them are direct, a router's peers in them are single-hop. */
  readonly networks: readonly Prefix[];
  /** In an IPv6 daemon, its link-local address on each of them. */
  readonly linkLocals?: readonly Ip[];
  /**
   * A node runs Calico's BIRD: multihop sessions, add paths with other nodes, merged equal paths, originates its
   * blocks. A router exports what it learned by BGP, runs single-hop sessions on a shared network and multihop ones
   * elsewhere, and uses one best path.
   */
  readonly kind: "node" | "router";
  /** Its iBGP peers are clients, save reflectors of the same cluster. */
  readonly routeReflector: boolean;
  /** RFC 4456 cluster id; the router id when absent. */
  readonly clusterId?: Ip;
  /** BIRD's `next hop self`, on every session. */
  readonly nextHopSelf?: boolean;
  /**
   * LOCAL_PREF its export filter gives the routes it originates; 100 when absent. Calico v3.32 and later:
   * 2147482623.
   */
  readonly localPref?: number;
  /** What a router puts up of its own accord: a default route, its subnets. */
  readonly originates?: readonly Prefix[];
  /** Its own belief; the first entry for a name counts. A peer that the mesh already gives is left out. */
  readonly peers: readonly Peer[];
  /**
   * A digest of what else decides where its packets to other speakers go: static routes, default gateway, what its
   * segment lets through. Speakers that differ in nothing but name, router id and address are computed as one group.
   */
  readonly alike?: string;
}

export interface Peer {
  readonly name: string;
  /** The AS this side believes the peer to be in; the true one when absent. */
  readonly as?: number;
  /** Which BGPPeer the session comes from: it names the protocol `Global_…` or `Node_…`, the default. */
  readonly scope?: "global" | "node";
  /** What is let out to this peer, and in from it. A node lets out, of the rest, only what is inside a pool. */
  readonly exports?: Policy;
  readonly imports?: Policy;
  /** BIRD's `next hop self` and `next hop keep` on this session. */
  readonly nextHop?: "self" | "keep";
  /** How often the own AS may stand on a path from this peer (`allow local as`); 0 when absent. */
  readonly allowOwnAs?: number;
}

export interface BgpInput {
  /** By name. */
  readonly speakers: ReadonlyMap<string, Speaker>;
  /** The nodes in the full node-to-node mesh; a reflector is never one. Absent: the mesh is off. */
  readonly mesh?: ReadonlySet<string>;
  /**
   * The gateway of the longest kernel-learned route (static, default) from a speaker to an address off its networks;
   * `undefined` when it has none. Absent: everything is reachable. Asked once per pair of groups.
   */
  readonly gateway?: (from: Speaker, to: Ip) => Ip | undefined;
  /**
   * What a speaker's table without BGP has for a next hop, where that differs from its networks and gateways: its
   * kernel's tables may have changed since the sessions came up. Asked once per group and next hop.
   */
  readonly lookup?: (at: Speaker, nextHop: Ip) => Covering | undefined;
  /** Whether the fabric lets TCP port 179 through from one speaker to another; absent: it does. */
  readonly passes?: (from: Speaker, to: Speaker) => boolean;
}

/** The connected network of `speaker` that holds `ip`, the longest when several do. */
export function networkOf(speaker: Speaker, ip: Ip): Prefix | undefined {
  let best: Prefix | undefined;
  for (const network of speaker.networks) {
    if (network.contains(ip) && (best === undefined || network.length > best.length)) best = network;
  }
  return best;
}

/** A speaker's link-local address on one of its networks. */
export function linkLocalOn({ networks, linkLocals }: Speaker, network: Prefix): Ip | undefined {
  return linkLocals?.[networks.findIndex((other) => other.equals(network))];
}

/** The cluster id a reflector adds to what it reflects. */
export function clusterOf(speaker: Speaker): Ip {
  return speaker.clusterId ?? speaker.routerId;
}

/** By router id, then by address, then by name. */
export function compareSpeakers(a: Speaker, b: Speaker): number {
  return (
    a.routerId.compare(b.routerId) || a.address.compare(b.address) || (a.name < b.name ? -1 : Number(a.name > b.name))
  );
}
