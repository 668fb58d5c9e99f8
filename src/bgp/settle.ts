import type { Split } from "./exchange.ts";
import { first, type Graph } from "./graph.ts";
import type { Group } from "./group.ts";
import { conclude, type News, rank, tell } from "./news.ts";
import type { Announcement } from "./policy.ts";
import { type Candidate, DEFAULT_LOCAL_PREF, type Vertex } from "./route.ts";
import type { Speaker } from "./speaker.ts";

/** What everybody has learned of the routes of one origin, once nothing changes any more. */
export interface Settled {
  readonly origin: Speaker;
  /** By the index of their group. */
  readonly vertices: readonly (readonly Vertex[])[];
  /** False when the sessions go on changing their minds (RFC 3345); what is here is then one moment of that. */
  readonly stable: boolean;
  /** Whether router ids or addresses may have decided anything. */
  readonly tied: boolean;
}

/** After so many members left their group one by one, the group is taken apart at once. */
const SPLITS_LIMIT = 32;

/**
 * Spreads the routes of one origin until they settle: RFC 4271 section 9 as BIRD 1.6 does it, over groups instead of
 * speakers.
 *
 * A vertex is visited when something in its inbox changed, in rounds; a shortest path settles within as many rounds
 * as there are vertices, so twice that is the bound. When members of a vertex would fare differently, it is split and
 * all starts over.
 */
export function settle(graph: Graph, origin: Speaker, announced: Announcement): Settled {
  const alone = new Set([origin]);
  for (;;) {
    const result = spread(graph, { origin, announced }, alone);
    if (result.kind === "settled") return tidy(graph, result);
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

type Spread = { readonly kind: "settled" } & Omit<Settled, "tied">;

/** A route at its start. */
interface Start {
  readonly origin: Speaker;
  readonly announced: Announcement;
}

function spread(graph: Graph, { origin, announced }: Start, alone: ReadonlySet<Speaker>): Spread | Split {
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
      const split = visit({ graph, vertices, vertex, announced, home }, next);
      if (split) return split;
    }
    dirty = next;
  }
  return { kind: "settled", origin, vertices, stable: true };
}

function visit(news: News, changed: Set<Vertex>): Split | undefined {
  const { vertex } = news;
  const more = vertex === news.home || rank(news);
  if (typeof more !== "boolean") return more;
  if (!more || (vertex !== news.home && putsUpItself(vertex, news))) return undefined;
  // Members that live on what they tell each other do not all have the same.
  const [best] = vertex.ranked;
  const inward = best && [best.from, best.hopAny, best.originatorAny].includes(vertex);
  return inward ? { kind: "split", member: first(vertex) } : tell(news, changed);
}

/** Who puts up a prefix itself prefers its own route to what it hears of it, and tells nobody of that. */
function putsUpItself(vertex: Vertex, { announced }: News): boolean {
  return first(vertex).originates?.some((own) => own.equals(announced.prefix)) === true;
}

/** Keeps what is asked for later: of the many paths that came in, those in use and those that are passed on. */
function tidy(graph: Graph, { origin, vertices, stable }: Spread): Settled {
  let tied = !stable;
  for (const vertex of vertices.flat()) {
    const end = conclude(graph, vertex);
    tied ||= end.tied;
    vertex.used = end.used;
    vertex.inbox.clear();
    vertex.told.clear();
  }
  return { origin, vertices, stable, tied };
}

function partition(graph: Graph, alone: ReadonlySet<Speaker>): readonly (readonly Vertex[])[] {
  const touched = new Set([...alone].map((speaker) => graph.groupOf(speaker)));
  const vertex = (group: Group, members: readonly Speaker[]): Vertex => ({
    group,
    members,
    inbox: new Map(),
    told: new Set(),
    ranked: [],
    used: [],
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
