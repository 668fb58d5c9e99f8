import { type Exchange, type Split, send } from "./exchange.ts";
import { first, type Graph } from "./graph.ts";
import type { Group } from "./group.ts";
import type { Announcement } from "./policy.ts";
import {
  type Candidate,
  compareMerit,
  comparePaths,
  DEFAULT_LOCAL_PREF,
  type Merit,
  mergeable,
  reachOf,
  samePath,
  type Vertex,
} from "./route.ts";

/** One vertex among all the others, about to hear or to speak. */
export interface News {
  readonly graph: Graph;
  /** By the index of their group. */
  readonly vertices: readonly (readonly Vertex[])[];
  readonly vertex: Vertex;
  readonly announced: Announcement;
  /** Where the routes come from. It is not told: its own static route is preferred to whatever it hears. */
  readonly home: Vertex;
}

/**
 * How many paths a speaker sends on for a block over sessions with add paths, the best first.
 * BIRD has no such bound; without one, nodes of many ASes that all peer with each other would list every walk among
 * them.
 */
const ADD_PATHS_LIMIT = 16;

/** Sends what a vertex has now to all its neighbours, and notes whose inbox changed. */
export function tell(news: News, changed: Set<Vertex>): Split | undefined {
  const { graph, announced, vertex, vertices, home } = news;
  const { as } = first(vertex);
  const best = bestOnArrival(vertex);
  for (const peers of [graph.configured(vertex.group), meshed(news)]) {
    for (const peer of peers) {
      const merit = first(peer).as === as ? best?.inside : best?.outside;
      for (const to of vertices[peer.index] ?? []) {
        if (to === home || (to === vertex && vertex.members.length === 1)) continue;
        const useless = merit && to.floor && behind(merit, to.floor) && !to.inbox.has(vertex);
        const wire = useless ? undefined : graph.wire(vertex.group, peer);
        if (!wire) continue;
        const now = accepted({ graph, announced, from: vertex, to, out: wire.out, back: wire.back }, to.floor);
        if ("kind" in now) return now;
        if (deliver(graph, to, { from: vertex, now })) changed.add(to);
      }
    }
  }
  return undefined;
}

/**
 * Puts the inbox in order of preference; true when there is something new to tell.
 * When what counted so far is gone, all neighbours are asked again for what was of no use before.
 */
export function rank(news: News): boolean | Split {
  const { graph, vertex } = news;
  const before = vertex.ranked;
  const floor = vertex.floor;
  order(graph, vertex);
  if (floor && (vertex.floor === undefined || behind(vertex.floor, floor))) {
    const split = ask(news);
    if (split) return split;
    order(graph, vertex);
  }
  return !sameLists(before, vertex.ranked);
}

/**
 * What there is at a vertex in the end: the best path and, on a node, those that BIRD's kernel protocol merges with it;
 * and whether a router id may have decided anything, there being paths as good as each other or one that stands for
 * several.
 */
export function conclude(
  graph: Graph,
  vertex: Vertex,
): { readonly used: readonly Candidate[]; readonly tied: boolean } {
  const [best] = vertex.ranked;
  if (best === undefined || (vertex.inbox.size === 1 && !graph.addsPaths(vertex.group))) {
    return { used: vertex.ranked, tied: best !== undefined && isBundle(best) };
  }
  const paths = [...vertex.inbox.values()].flat();
  const others = paths.filter((path) => path !== best && mergeable(graph, vertex, best, path));
  others.sort((a, b) => comparePaths(graph, vertex, a, b));
  const tied = paths.some(
    (a, i) => isBundle(a) || paths.some((b, j) => j < i && compareMerit(graph, vertex, a, b) === 0),
  );
  return { used: first(vertex).kind === "router" ? [best] : [best, ...others], tied };
}

function isBundle({ from, hopAny, originatorAny }: Candidate): boolean {
  return (from && from.members.length > 1) || hopAny !== undefined || originatorAny !== undefined;
}

/** In a mesh of one AS nobody has an ear for what came by iBGP; then a vertex only takes back what it said before. */
function meshed({ graph, vertex }: News): readonly Group[] {
  if (!vertex.group.mesh) return [];
  const quiet = graph.meshIsInternal && vertex.ranked.every(({ internal }) => internal);
  return quiet ? [...new Set([...vertex.told].map(({ group }) => group))] : graph.mesh;
}

/** What `to` accepts of everything `from` has and is of use to it, or the member that must leave `to` first. */
function accepted(between: Exchange, floor: Merit | undefined): readonly Candidate[] | Split {
  const { from, out } = between;
  const list: Candidate[] = [];
  for (const path of from.ranked) {
    const useful = floor === undefined || !behind(meritOnArrival(path, out.internal), floor);
    const sent = useful ? send(between, path) : "useless";
    if (typeof sent !== "string") {
      if (sent.kind === "split") return sent;
      if (!list.some((other) => samePath(other, sent))) list.push(sent);
    }
    if (!out.addPaths) break;
  }
  return list;
}

function meritOnArrival({ localPref, asPath }: Candidate, internal: boolean): Merit {
  return internal ? { localPref, length: asPath.length } : { localPref: DEFAULT_LOCAL_PREF, length: asPath.length + 1 };
}

/** What no path of a vertex can beat when it arrives. Its first one may be unreachable here, so all are looked at. */
function bestOnArrival({ ranked }: Vertex): { readonly inside: Merit; readonly outside: Merit } | undefined {
  const best = (internal: boolean) =>
    ranked.map((path) => meritOnArrival(path, internal)).reduce((a, b) => (behind(a, b) ? b : a));
  return ranked.length > 0 ? { inside: best(true), outside: best(false) } : undefined;
}

function behind(a: Merit, b: Merit): boolean {
  return a.localPref < b.localPref || (a.localPref === b.localPref && a.length > b.length);
}

interface Update {
  readonly from: Vertex;
  readonly now: readonly Candidate[];
}

/** Replaces what `to` holds from a neighbour; true when it is something else now. */
function deliver(graph: Graph, to: Vertex, { from, now }: Update): boolean {
  const before = to.inbox.get(from);
  if (before === undefined ? now.length === 0 : sameLists(before, now)) return false;
  if (now.length > 0) to.inbox.set(from, now);
  else to.inbox.delete(from);
  if (from.group.mesh && to.group.mesh) from.told.add(to);
  const [path] = now;
  if (path && !graph.addsPaths(to.group)) raiseFloor(graph, to, path);
  return true;
}

/** Where only the best path counts, a path need not be ranked to put worse ones out of use. */
function raiseFloor(graph: Graph, at: Vertex, path: Candidate): void {
  const merit = { localPref: path.localPref, length: path.asPath.length };
  if (at.floor && !behind(at.floor, merit)) return;
  if (reachOf(graph, at, path).kind !== "unreachable") at.floor = merit;
}

function order(graph: Graph, vertex: Vertex): void {
  const compare = (a: Candidate, b: Candidate) => comparePaths(graph, vertex, a, b);
  const paths = [...vertex.inbox.values()].flat();
  const limit = graph.addsPaths(vertex.group) ? ADD_PATHS_LIMIT : 1;
  if (limit > 1) vertex.ranked = paths.sort(compare).slice(0, limit);
  else vertex.ranked = paths.length > 0 ? [paths.reduce((best, path) => (compare(path, best) < 0 ? path : best))] : [];
  const last = vertex.ranked[limit - 1];
  delete vertex.floor;
  if (last) raiseFloor(graph, vertex, last);
}

function ask({ graph, announced, vertices, vertex: to }: News): Split | undefined {
  for (const group of [...graph.configured(to.group), ...(to.group.mesh ? graph.mesh : [])]) {
    const wire = graph.wire(group, to.group);
    for (const from of wire ? (vertices[group.index] ?? []) : []) {
      if (!wire || (from === to && to.members.length === 1)) continue;
      const now = accepted({ graph, announced, from, to, out: wire.out, back: wire.back }, undefined);
      if ("kind" in now) return now;
      deliver(graph, to, { from, now });
    }
  }
  return undefined;
}

function sameLists(a: readonly Candidate[], b: readonly Candidate[]): boolean {
  const same = (path: Candidate, other: Candidate | undefined) => other !== undefined && samePath(path, other);
  return a.length === b.length && a.every((path, i) => same(path, b[i]));
}
