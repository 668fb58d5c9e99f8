import type { Ip } from "../addr/ip.ts";
import { first, type Graph, type Hop, type Link } from "./graph.ts";
import { type Announcement, verdict } from "./policy.ts";
import { type Candidate, DEFAULT_LOCAL_PREF, reachOf, type Vertex } from "./route.ts";
import { clusterOf, type Speaker } from "./speaker.ts";

/**
 * Why a path does not get from one speaker to a neighbour.
 *
 * `split-horizon`: it came from that neighbour. `ibgp`: iBGP to iBGP, and nobody reflects it. `own-next-hop`: its
 * next hop is the neighbour. The neighbour refuses it because of `as-loop`: its own AS is on the path, `originator`:
 * it sent the path into the reflectors itself, `cluster`: it went through this cluster already.
 * `export-filter`, `import-filter`: a rule of either side says so. `pool`: a node lets out nothing that no pool has.
 */
export type Refused =
  | "split-horizon"
  | "ibgp"
  | "own-next-hop"
  | "as-loop"
  | "originator"
  | "cluster"
  | "export-filter"
  | "import-filter"
  | "pool";

/** The members of the receiving vertex would fare differently: this one must leave it first. */
export interface Split {
  readonly kind: "split";
  readonly member: Speaker;
}

/** Two neighbours with an established session: both vertices and both directions of it. */
export interface Exchange {
  readonly graph: Graph;
  readonly announced: Announcement;
  readonly from: Vertex;
  readonly to: Vertex;
  readonly out: Link;
  readonly back: Link;
}

/** What becomes of one path of the sender on its way to the receiver: export rules, then import rules. */
export function send(exchange: Exchange, path: Candidate): Candidate | Refused | Split {
  const sent = exportPath(exchange, path);
  return typeof sent === "string" ? sent : importPath(exchange, path, sent);
}

/** BIRD's bgp_import_control (its name for what a protocol takes from the table) and bgp_update_attrs. */
function exportPath(exchange: Exchange, path: Candidate): Candidate | Refused {
  const { from, to, out, back } = exchange;
  if (path.from === to && to.members.length === 1) return "split-horizon";
  const speaker = first(from);
  const reflected = out.internal && path.internal;
  if (out.client && hasCluster(path, speaker)) return "cluster";
  if (reflected && !(speaker.routeReflector && (out.client || path.client))) return "ibgp";

  const keeps = keepsNextHop(exchange, path);
  const hop = keeps ? keptHop(exchange, path) : ownHop(exchange);
  if (to.members.length === 1 && hop.ip.equals(out.target ?? first(to).address)) return "own-next-hop";
  const hopAny = keeps ? (out.addPaths ? path.hopAny : undefined) : many(from);
  const origin = reflected ? originatorOf(exchange, path) : {};
  // The own AS is on the path by the time a filter sees it.
  const asPath = out.internal ? path.asPath : [speaker.as, ...path.asPath];
  const refused = exported(exchange, path, asPath);
  if (refused) return refused;
  return {
    kind: "candidate",
    asPath,
    localPref: out.internal ? path.localPref : DEFAULT_LOCAL_PREF,
    hop,
    ...(hopAny && { hopAny }),
    ...origin,
    clusters: reflected ? withCluster(path.clusters, clusterOf(speaker)) : [],
    from,
    internal: out.internal,
    client: back.client,
  };
}

/** The sender's rules; then a node's pipeline, which ends in `reject` (confd bird_ipam.cfg.template). */
function exported(
  { graph, announced, from, out }: Exchange,
  path: Candidate,
  asPath: readonly number[],
): Refused | undefined {
  const said = verdict(out.told.exports, {
    prefix: announced.prefix,
    remote: path.from !== undefined,
    device: path.from && reachOf(graph, from, path).dev,
    internal: out.internal,
    asPath,
    localPref: path.localPref,
  });
  if (said !== undefined) return said === "reject" ? "export-filter" : undefined;
  return first(from).kind === "node" && !announced.pooled ? "pool" : undefined;
}

/**
 * iBGP keeps the next hop; a single-hop eBGP session keeps one that lies on its own link (a third party); a multihop
 * eBGP session, and `next hop self`, put the sender's own address. A route the sender originates has no next hop to
 * keep.
 *
 * In IPv6 a third party's link-local address must be sent too, and only single-hop sessions tell of one
 * (proto/bgp/packets.c `bgp_create_update`, `missing lladdr self`).
 */
function keepsNextHop({ graph, from, out }: Exchange, path: Candidate): boolean {
  const { nextHop } = out.told;
  if (path.from === undefined || nextHop === "self" || first(from).nextHopSelf) return false;
  if (out.internal || nextHop === "keep") return true;
  if (!out.network) return false;
  const { kind, network } = reachOf(graph, from, path);
  return (
    network?.equals(out.network) === true &&
    (kind !== "direct" || path.hop.ip.family === 4 || path.hop.link !== undefined)
  );
}

/** The link-local address is for the link alone. */
function keptHop({ graph, out }: Exchange, { hop }: Candidate): Hop {
  return out.internal && hop.link ? graph.hop(hop.owner, hop.ip) : hop;
}

function ownHop({ graph, from, out }: Exchange): Hop {
  const speaker = first(from);
  const ip = out.source ?? speaker.address;
  return graph.hop(speaker, ip, ip.family === 6 && !out.internal ? out.network : undefined);
}

/** BIRD sends sets of numbers in ascending order, and this is one to it (`bgp_get_bucket`). */
function withCluster(clusters: readonly Ip[], id: Ip): readonly Ip[] {
  return [...clusters.filter((other) => !other.equals(id)), id].sort((a, b) => a.compare(b));
}

/** RFC 4456 section 8: the first reflector notes who the route came from. */
function originatorOf({ out }: Exchange, path: Candidate): Pick<Candidate, "originator" | "originatorAny"> {
  const any = path.originatorAny ?? (path.originator ? undefined : many(path.from));
  const originator = path.originator ?? (path.from && first(path.from));
  return { ...(originator && { originator }), ...(any && out.addPaths && { originatorAny: any }) };
}

/** BIRD's bgp_decode_attrs: three loop checks. */
function importPath(
  { announced, to, out, back }: Exchange,
  path: Candidate,
  sent: Candidate,
): Candidate | Refused | Split {
  const speaker = first(to);
  const one = to.members.length === 1;
  if (sent.asPath.filter((as) => as === speaker.as).length > (back.told.allowOwnAs ?? 0)) return "as-loop";
  if (back.client && hasCluster(sent, speaker)) return "cluster";
  const { asPath, localPref, internal } = sent;
  const offer = { prefix: announced.prefix, remote: true, device: undefined, internal, asPath, localPref };
  if (verdict(back.told.imports, offer) === "reject") return "import-filter";
  const { originator, originatorAny } = sent;
  if (one && originator?.routerId.equals(speaker.routerId)) return "originator";
  if (one) return sent;
  // Only some members are refused, or told of themselves: they can be told apart from here on.
  if (!out.addPaths && path.from === to) return { kind: "split", member: speaker };
  if (originator && !originatorAny && to.members.includes(originator)) return { kind: "split", member: originator };
  if (!sent.hopAny && to.members.includes(sent.hop.owner)) return { kind: "split", member: sent.hop.owner };
  return sent;
}

function many(vertex: Vertex | undefined): Vertex | undefined {
  return vertex && vertex.members.length > 1 ? vertex : undefined;
}

function hasCluster(path: Candidate, speaker: Speaker): boolean {
  const id: Ip = clusterOf(speaker);
  return path.clusters.some((cluster) => cluster.equals(id));
}
