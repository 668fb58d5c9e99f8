import type { Ip } from "../addr/ip.ts";
import { first, type Graph, type Hop, type Reach } from "./graph.ts";
import type { Group } from "./group.ts";
import { sessionAddress } from "./session.ts";
import { compareSpeakers, type Speaker } from "./speaker.ts";

/** LOCAL_PREF of a route that arrives without one (BIRD's `default bgp_local_pref`). */
export const DEFAULT_LOCAL_PREF = 100;

/**
 * The speakers of one group that also agree on one origin's routes.
 *
 * The origin itself is a vertex of its own, and so is a member that a neighbour singles out.
 */
export interface Vertex {
  readonly group: Group;
  /** In the order of `compareSpeakers`. */
  readonly members: readonly Speaker[];
  /** What it accepted, by the neighbour it came from. */
  readonly inbox: Map<Vertex, readonly Candidate[]>;
  /** Over the mesh, who holds something that came from here. */
  readonly told: Set<Vertex>;
  /** What it may send on, the best first: at most 16 paths where somebody gets all of them, else the best one alone. */
  ranked: readonly Candidate[];
  /** Once settled, what the kernel gets: the best path and those merged with it. Then the inbox is empty. */
  used: readonly Candidate[];
  /** What a path must not fall behind to be of use here; absent while anything is. */
  floor?: Merit;
}

/** One path to the origin at a vertex, or a bundle of them alike up to which member of a vertex stands in it. */
export interface Candidate {
  readonly kind: "candidate";
  readonly asPath: readonly number[];
  readonly localPref: number;
  readonly hop: Hop;
  /** Each member of this vertex is a next hop of one path of the bundle, `hop` being the first one's. */
  readonly hopAny?: Vertex;
  /** Who sent the route into the reflectors. */
  readonly originator?: Speaker;
  readonly originatorAny?: Vertex;
  readonly clusters: readonly Ip[];
  /** The neighbour; `undefined` for the origin's own route. */
  readonly from: Vertex | undefined;
  readonly internal: boolean;
  /** Learned from a client of this reflector. */
  readonly client: boolean;
}

/** The first two things that BIRD compares of paths with a reachable next hop. */
export interface Merit {
  readonly localPref: number;
  readonly length: number;
}

/** How `at` resolves the next hop of a path. */
export function reachOf(graph: Graph, at: Vertex, { hop }: Candidate): Reach {
  if (at.members.length === 1 && first(at) === hop.owner) return { kind: "unreachable" };
  return graph.reach(at.group, hop);
}

/**
 * BIRD's order of preference (proto/bgp/attrs.c: bgp_rte_better), negative when `a` is the better path.
 *
 * A resolvable next hop, LOCAL_PREF, AS path length, eBGP over iBGP, IGP metric (0 for a direct next hop, unknown
 * through a gateway), router or originator id, cluster list length, neighbour address. BIRD keeps the older of two
 * paths that are equal in all that; here the next hop whose owner has the smaller router id, and the smaller AS path,
 * stand in for age.
 */
export function comparePaths(graph: Graph, at: Vertex, a: Candidate, b: Candidate): number {
  return (
    compareMerit(graph, at, a, b) ||
    idOf(a).compare(idOf(b)) ||
    a.clusters.length - b.clusters.length ||
    neighbourAddress(at, a).compare(neighbourAddress(at, b)) ||
    compareSpeakers(a.hop.owner, b.hop.owner) ||
    a.hop.ip.compare(b.hop.ip) ||
    compareLists(a.asPath, b.asPath)
  );
}

/**
 * Whether BIRD's `merge paths` joins two paths (bgp_rte_mergable): equal in all but ids, cluster list and address,
 * which are the tie-breakers behind the IGP metric, and both resolvable. The ASes on the way need not be the same.
 */
export function mergeable(graph: Graph, at: Vertex, best: Candidate, other: Candidate): boolean {
  return compareMerit(graph, at, best, other) === 0 && reachOf(graph, at, other).kind !== "unreachable";
}

/** Equal in every attribute, whatever the object. */
export function samePath(a: Candidate, b: Candidate): boolean {
  return (
    a === b ||
    (a.from === b.from &&
      a.hop === b.hop &&
      a.hopAny === b.hopAny &&
      a.originator === b.originator &&
      a.originatorAny === b.originatorAny &&
      a.localPref === b.localPref &&
      a.internal === b.internal &&
      compareLists(a.asPath, b.asPath) === 0 &&
      a.clusters.length === b.clusters.length &&
      a.clusters.every((id, i) => id.equals(b.clusters[i])))
  );
}

const RANK = { direct: 0, routed: 1, unreachable: 2 } as const;

/** The part of `comparePaths` that no id or address decides. */
export function compareMerit(graph: Graph, at: Vertex, a: Candidate, b: Candidate): number {
  const [reachA, reachB] = [reachOf(graph, at, a).kind, reachOf(graph, at, b).kind];
  return (
    Number(reachA === "unreachable") - Number(reachB === "unreachable") ||
    b.localPref - a.localPref ||
    a.asPath.length - b.asPath.length ||
    Number(a.internal) - Number(b.internal) ||
    RANK[reachA] - RANK[reachB]
  );
}

function idOf({ originator, from, hop }: Candidate): Ip {
  return (originator ?? (from ? first(from) : hop.owner)).routerId;
}

function neighbourAddress(at: Vertex, { from, hop }: Candidate): Ip {
  return from ? sessionAddress(first(from), first(at)) : hop.ip;
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return a.length - b.length;
  for (const [i, as] of a.entries()) {
    const difference = as - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
