import type { Ip } from "../addr/ip.ts";
import type { Graph } from "./graph.ts";
import type { Announcement } from "./policy.ts";
import { type Candidate, reachOf, type Vertex } from "./route.ts";
import { sessionAddress } from "./session.ts";
import type { Role } from "./share.ts";
import { linkLocalOn, type Speaker } from "./speaker.ts";

/** One BGP path to what a speaker originates, as `birdc show route all` tells it. */
export interface Path {
  readonly origin: string;
  /** The neighbour it was learned from. */
  readonly from: string;
  readonly neighbour: Ip;
  readonly nextHop: Ip;
  /** The next hop's link-local address, which goes with it over single-hop sessions of IPv6. */
  readonly linkLocal?: Ip;
  /**
   * How the next hop resolves: on a connected network (IGP metric 0), through a kernel-learned route (unknown), or
   * not.
   */
  readonly reach: "direct" | "routed" | "unreachable";
  /** Nearest AS first; empty inside the origin's AS. */
  readonly asPath: readonly number[];
  readonly localPref: number;
  readonly learned: "ibgp" | "ebgp";
  /** Only when reflected: the router id of who sent it to the first reflector. */
  readonly originatorId?: Ip;
  /** The reflectors' clusters in ascending order, as BIRD sends them. */
  readonly clusterList: readonly Ip[];
}

/** A place to read a path at. */
export interface Reader {
  readonly graph: Graph;
  readonly origin: Speaker;
  readonly announced: Announcement;
  readonly role: Role;
  readonly at: Vertex;
  readonly speaker: Speaker;
}

/** The paths a bundle stands for at one speaker, in the order of its members. */
export function* expand(reader: Reader, path: Candidate): Generator<Path> {
  const { graph, at, origin, role, speaker } = reader;
  const part = role.swap(speaker);
  const others = (vertex: Vertex) => vertex.members.filter((member) => member !== part);
  for (const from of path.from ? others(path.from) : []) {
    for (const originator of path.originatorAny ? others(path.originatorAny) : [path.originator]) {
      for (const hop of hops(path, { from, originator }, others)) {
        const neighbour = role.swap(from);
        const linkLocal = path.hop.link && linkLocalOn(role.swap(hop), path.hop.link);
        yield {
          origin: origin.name,
          from: neighbour.name,
          neighbour: sessionAddress(neighbour, speaker),
          nextHop: role.swap(hop) === hop && hop === path.hop.owner ? path.hop.ip : role.swap(hop).address,
          ...(linkLocal && { linkLocal }),
          reach: reachOf(graph, at, path).kind,
          asPath: path.asPath,
          localPref: path.localPref,
          learned: path.internal ? "ibgp" : "ebgp",
          ...(originator && { originatorId: role.swap(originator).routerId }),
          clusterList: path.clusters,
        };
      }
    }
  }
}

type Others = (vertex: Vertex) => readonly Speaker[];

/** A next hop that varies with the neighbour or with the originator is that very member. */
function hops(
  path: Candidate,
  { from, originator }: { readonly from: Speaker; readonly originator: Speaker | undefined },
  others: Others,
): readonly Speaker[] {
  if (path.hopAny === undefined) return [path.hop.owner];
  if (path.hopAny === path.from) return [from];
  return path.hopAny === path.originatorAny && originator ? [originator] : others(path.hopAny);
}
