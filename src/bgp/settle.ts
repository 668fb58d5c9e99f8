import { type Exchange, type Split, send } from "./exchange.ts";
import { first, type Graph } from "./graph.ts";
import type { Group } from "./group.ts";
import { type Candidate, comparePaths, DEFAULT_LOCAL_PREF, samePath, type Vertex } from "./route.ts";
import type { Speaker } from "./speaker.ts";

/** What everybody has learned of the routes of one origin, once nothing changes any more. */
export interface Settled {
  readonly origin: Speaker;
  /** By the index of their group. */
  readonly vertices: readonly (readonly Vertex[])[];
  /** False when the sessions go on changing their minds (RFC 3345); what is here is then one moment of that. */
  readonly stable: boolean;
}

/**
 * How many paths one add-paths session carries for a block, the best first.
 * BIRD has no such bound; without one, nodes of many ASes that all peer with each other would list every walk among them.
 */
const ADD_PATHS_LIMIT = 16;

/** After so many members left their group one by one, the group is taken apart at once. */
const SPLITS_LIMIT = 32;

/**
 * Spreads the routes of one origin until they settle: RFC 4271 section 9 as BIRD 1.6 does it, over groups instead of speakers.
 *
 * A vertex is visited when something in its inbox changed, in rounds; a shortest path settles within as many rounds as there
 * are vertices, so twice that is the bound. When members of a vertex would fare differently, it is split and all starts over.
 */
export function settle(graph: Graph, origin: Speaker): Settled {
  const alone = new Set([origin]);
  for (;;) {
    const result = spread(graph, origin, alone);
    if (result.kind === "settled") return result;
    if (alone.size < SPLITS_LIMIT) alone.add(result.member);
    else for (const member of graph.groupOf(result.member).members) alone.add(member);
  }
}

/** The vertex that `speaker` belongs to. */
export function vertexOf(settled: Settled, group: Group, speaker: Speaker): Vertex {
  const vertices = settled.vertices[group.index] ?? [];
  const found =
    vertices.find(({ members }) => members.length === 1 && members[0] === speaker) ??
    vertices.find(({ members }) => members.length > 1);
  if (found === undefined) throw new Error(`no vertex for ${speaker.name}`);
  return found;
}

/** Everything `to` accepts from `from`, or the member that must leave `to`. */
export function accepted(exchange: Exchange): readonly Candidate[] | Split {
  const { from, out } = exchange;
  const list: Candidate[] = [];
  for (const path of from.ranked) {
    const sent = send(exchange, path);
    if (typeof sent !== "string") {
      if (sent.kind === "split") return sent;
      if (!list.some((other) => samePath(other, sent))) list.push(sent);
    }
    if (!out.addPaths || list.length === ADD_PATHS_LIMIT) break;
  }
  return list;
}

function spread(graph: Graph, origin: Speaker, alone: ReadonlySet<Speaker>): ({ kind: "settled" } & Settled) | Split {
  const vertices = partition(graph, alone);
  const home = vertices[graph.groupOf(origin).index]?.find(({ members }) => members[0] === origin);
  if (home === undefined) throw new Error(`no vertex for ${origin.name}`);
  home.ranked = [ownRoute(graph, origin)];
  const bound = 2 * vertices.reduce((sum, list) => sum + list.length, 0) + 16;
  let dirty = new Set([home]);
  for (let round = 0; dirty.size > 0; round++) {
    if (round === bound) return { kind: "settled", origin, vertices, stable: false };
    const next = new Set<Vertex>();
    for (const vertex of dirty) {
      if (vertex !== home && !rank(graph, vertex)) continue;
      // Members that live on what they tell each other do not all have the same.
      const [best] = vertex.ranked;
      if (best && [best.from, best.hopAny, best.originatorAny].includes(vertex)) {
        return { kind: "split", member: first(vertex) };
      }
      const split = tell({ graph, vertices, vertex, home }, next);
      if (split) return split;
    }
    dirty = next;
  }
  return { kind: "settled", origin, vertices, stable: true };
}

function partition(graph: Graph, alone: ReadonlySet<Speaker>): readonly (readonly Vertex[])[] {
  const touched = new Set([...alone].map((speaker) => graph.groupOf(speaker)));
  const vertex = (group: Group, members: readonly Speaker[]): Vertex => ({
    group,
    members,
    inbox: new Map(),
    told: new Set(),
    ranked: [],
  });
  return graph.groups.map((group) => {
    if (!touched.has(group)) return [vertex(group, group.members)];
    const together = group.members.filter((member) => !alone.has(member));
    const apart = group.members.filter((member) => alone.has(member)).map((member) => vertex(group, [member]));
    return together.length > 0 ? [...apart, vertex(group, together)] : apart;
  });
}

function ownRoute(graph: Graph, origin: Speaker): Candidate {
  return {
    kind: "candidate",
    asPath: [],
    localPref: origin.localPref ?? DEFAULT_LOCAL_PREF,
    hop: graph.hop(origin, origin.address),
    clusters: [],
    from: undefined,
    internal: false,
    client: false,
  };
}

interface News {
  readonly graph: Graph;
  readonly vertices: Settled["vertices"];
  readonly vertex: Vertex;
  /** Not told: its own static route is preferred to whatever it hears. */
  readonly home: Vertex;
}

/** Sends what a vertex has now to all its neighbours, and notes whose inbox changed. */
function tell(news: News, changed: Set<Vertex>): Split | undefined {
  for (const exchange of exchanges(news)) {
    const { to } = exchange;
    if (to === news.home) continue;
    const now = accepted(exchange);
    if ("kind" in now) return now;
    if (deliver(news.vertex, to, now)) changed.add(to);
  }
  return undefined;
}

/**
 * The neighbours a vertex may have something for.
 * In a mesh of one AS that is nobody when all it knows came by iBGP; then it only takes back what it said before.
 */
function* exchanges({ graph, vertices, vertex }: News): Generator<Exchange> {
  const { group } = vertex;
  const groups = new Set(graph.configured(group));
  const loud = group.mesh && !(graph.meshIsInternal && vertex.ranked.every(({ internal }) => internal));
  if (loud) for (const peer of graph.mesh) groups.add(peer);
  else for (const to of vertex.told) groups.add(to.group);
  for (const peer of groups) {
    const out = graph.link(group, peer);
    const back = graph.link(peer, group);
    if (!out || !back) continue;
    for (const to of vertices[peer.index] ?? []) {
      if (to !== vertex || vertex.members.length > 1) yield { graph, from: vertex, to, out, back };
    }
  }
}

/** Replaces what `to` holds from `vertex`; true when it is something else now. */
function deliver(vertex: Vertex, to: Vertex, now: readonly Candidate[]): boolean {
  if (sameLists(to.inbox.get(vertex) ?? [], now)) return false;
  if (now.length > 0) to.inbox.set(vertex, now);
  else to.inbox.delete(vertex);
  if (vertex.group.mesh && to.group.mesh) vertex.told.add(to);
  return true;
}

/** Puts the inbox in order of preference; true when there is something new to tell. */
function rank(graph: Graph, vertex: Vertex): boolean {
  const before = vertex.ranked;
  const compare = (a: Candidate, b: Candidate) => comparePaths(graph, vertex, a, b);
  const paths = [...vertex.inbox.values()].flat();
  if (graph.addsPaths(vertex.group)) vertex.ranked = paths.sort(compare);
  else vertex.ranked = paths.length > 0 ? [paths.reduce((best, path) => (compare(path, best) < 0 ? path : best))] : [];
  return !sameLists(before, vertex.ranked);
}

function sameLists(a: readonly Candidate[], b: readonly Candidate[]): boolean {
  return a.length === b.length && a.every((path, i) => samePath(path, b[i] as Candidate));
}
