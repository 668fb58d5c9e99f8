import type { Ip } from "../../src/addr/ip.ts";
import type { Prefix } from "../../src/addr/prefix.ts";
import type { BgpInput, Speaker } from "../../src/bgp/speaker.ts";

/**
 * BIRD's exchange of routes spelled out for every speaker and every session, without groups: the reference for the
 * laws.
 *
 * Returns `undefined` when it does not settle, or somebody has more paths than the limit.
 */
export function simulate(
  given: BgpInput,
  origin: Speaker,
  { shuffle, limit }: Schedule,
): ReadonlyMap<string, readonly Route[]> | undefined {
  const all = [...given.speakers.values()];
  const tables = new Map<string, Route[]>(all.map(({ name }) => [name, []]));
  const peers = new Map(all.map((to) => [to, all.filter((from) => isUp(given, from, to))]));
  for (let round = 0; round < 200; round++) {
    let quiet = true;
    for (const to of shuffle(round)) {
      if (to === origin) continue;
      const table = (peers.get(to) ?? []).flatMap((from) => heard(given, tables, { origin, from, to }));
      if (table.length > limit) return undefined;
      table.sort((a, b) => compare(given, to, a, b));
      if (JSON.stringify(table) !== JSON.stringify(tables.get(to.name))) quiet = false;
      tables.set(to.name, table);
    }
    if (quiet) return tables;
  }
  return undefined;
}

export interface Schedule {
  /** Who listens next. */
  readonly shuffle: (round: number) => readonly Speaker[];
  readonly limit: number;
}

export interface Route {
  readonly from: string;
  readonly nextHop: Ip;
  readonly asPath: readonly number[];
  readonly localPref: number;
  readonly internal: boolean;
  readonly originator?: string;
  readonly clusters: readonly string[];
}

/** The best route of a table and those that BIRD merges with it. */
export function inUse(given: BgpInput, at: Speaker, table: readonly Route[]): readonly Route[] {
  const [best, ...others] = table;
  if (best === undefined) return [];
  if (at.kind === "router" || metric(given, at, best.nextHop) === undefined) return [best];
  return [best, ...others.filter((route) => merit(given, at, best).join() === merit(given, at, route).join())];
}

/** Whether both ends have each other, with the right AS, and packets get both ways. */
export function isUp(given: BgpInput, a: Speaker, b: Speaker): boolean {
  const believes = (x: Speaker, y: Speaker) => {
    if (given.mesh?.has(x.name) === true && given.mesh.has(y.name)) return true;
    const peer = x.peers.find(({ name }) => name === y.name);
    return peer !== undefined && (peer.as ?? y.as) === y.as;
  };
  const reaches = (x: Speaker, y: Ip) =>
    onLink(x, y) !== undefined || !given.gateway || given.gateway(x, y) !== undefined;
  if (meshedOutside(given, a, b) && !(onLink(a, b.address) && onLink(b, a.address))) return false;
  if (a === b || addressOf(a, b).equals(addressOf(b, a)) || !believes(a, b) || !believes(b, a)) return false;
  if (a.as === b.as && a.routerId.equals(b.routerId)) return false;
  return reaches(a, addressOf(b, a)) && reaches(b, addressOf(a, b));
}

interface Talk {
  readonly origin: Speaker;
  readonly from: Speaker;
  readonly to: Speaker;
}

function heard(given: BgpInput, tables: ReadonlyMap<string, readonly Route[]>, { origin, from, to }: Talk): Route[] {
  const internal = from.as === to.as;
  const self = addressOf(from, to);
  if (from === origin) {
    const localPref = internal ? (origin.localPref ?? 100) : 100;
    const asPath = internal ? [] : [from.as];
    return [{ from: from.name, nextHop: self, asPath, localPref, internal, clusters: [] }];
  }
  const table = tables.get(from.name) ?? [];
  const offered = from.kind === "node" && to.kind === "node" ? table : table.slice(0, 1);
  return offered.flatMap((route): Route[] => {
    if (route.from === to.name) return [];
    const source = given.speakers.get(route.from);
    const reflects = internal && route.internal;
    if (client(from, to) && route.clusters.includes(clusterOf(from))) return [];
    if (reflects && !(client(from, to) || (source && client(from, source)))) return [];
    const link =
      from.kind === "router" || meshedOutside(given, from, to) ? onLink(from, addressOf(to, from)) : undefined;
    const keep =
      !from.nextHopSelf && (internal || (link !== undefined && leavesBy(given, from, route.nextHop) === link));
    const nextHop = keep ? route.nextHop : self;
    if (nextHop.equals(addressOf(to, from))) return [];
    const asPath = internal ? route.asPath : [from.as, ...route.asPath];
    if (asPath.includes(to.as)) return [];
    const originator = reflects ? (route.originator ?? source?.routerId.toString()) : undefined;
    if (originator === to.routerId.toString()) return [];
    const clusters = reflects ? [...new Set([...route.clusters, clusterOf(from)])].sort(byNumber) : [];
    if (client(to, from) && clusters.includes(clusterOf(to))) return [];
    const localPref = internal ? route.localPref : 100;
    return [{ from: from.name, nextHop, asPath, localPref, internal, ...(originator && { originator }), clusters }];
  });
}

/** Sessions of the mesh have no `multihop`, so those between two ASes are single-hop. */
function meshedOutside(given: BgpInput, a: Speaker, b: Speaker): boolean {
  return given.mesh?.has(a.name) === true && given.mesh.has(b.name) && a.as !== b.as;
}

function client(reflector: Speaker, peer: Speaker): boolean {
  if (!reflector.routeReflector || reflector.as !== peer.as) return false;
  return !(peer.routeReflector && clusterOf(peer) === clusterOf(reflector));
}

function clusterOf({ clusterId, routerId }: Speaker): string {
  return (clusterId ?? routerId).toString();
}

function addressOf(speaker: Speaker, peer: Speaker): Ip {
  if (speaker.kind === "node") return speaker.address;
  const link = peer.kind === "node" ? onLink(speaker, peer.address) : shared(speaker, peer);
  return speaker.addresses.find((ip) => link?.contains(ip)) ?? speaker.address;
}

/** Of several links between two routers, the one that the router of the smaller name lists first. */
function shared(a: Speaker, b: Speaker): Prefix | undefined {
  const [first, second] = a.name < b.name ? [a, b] : [b, a];
  return first.networks.find((network) => second.networks.some((other) => network.equals(other)));
}

function onLink({ networks }: Speaker, ip: Ip): Prefix | undefined {
  return networks.find((network) => network.contains(ip));
}

function leavesBy(given: BgpInput, at: Speaker, nextHop: Ip): Prefix | undefined {
  if (at.addresses.some((own) => own.equals(nextHop))) return undefined;
  const gateway = given.gateway?.(at, nextHop);
  return onLink(at, nextHop) ?? (gateway && onLink(at, gateway));
}

/** 0 on a connected network, unknown through a gateway, none when unreachable. */
function metric(given: BgpInput, at: Speaker, nextHop: Ip): number | undefined {
  if (at.addresses.some((own) => own.equals(nextHop))) return undefined;
  if (onLink(at, nextHop)) return 0;
  return !given.gateway || given.gateway(at, nextHop) ? 0xffffffff : undefined;
}

function merit(given: BgpInput, at: Speaker, route: Route): readonly number[] {
  const cost = metric(given, at, route.nextHop);
  return [cost === undefined ? 1 : 0, -route.localPref, route.asPath.length, route.internal ? 1 : 0, cost ?? 0];
}

function compare(given: BgpInput, at: Speaker, a: Route, b: Route): number {
  const [left, right] = [merit(given, at, a), merit(given, at, b)];
  const unequal = left.findIndex((value, i) => value !== right[i]);
  if (unequal >= 0) return (left[unequal] ?? 0) - (right[unequal] ?? 0);
  const id = (route: Route) => number(route.originator ?? given.speakers.get(route.from)?.routerId.toString() ?? "");
  const neighbour = (route: Route) => {
    const from = given.speakers.get(route.from);
    return number(from ? addressOf(from, at).toString() : "");
  };
  return (
    id(a) - id(b) ||
    a.clusters.length - b.clusters.length ||
    neighbour(a) - neighbour(b) ||
    owner(given, a.nextHop) - owner(given, b.nextHop) ||
    a.nextHop.compare(b.nextHop) ||
    (a.asPath.join() < b.asPath.join() ? -1 : 1)
  );
}

/** Which of two otherwise equal paths is the older one is not known: the router id behind the next hop decides. */
function owner(given: BgpInput, nextHop: Ip): number {
  const speaker = [...given.speakers.values()].find(({ addresses }) => addresses.some((ip) => ip.equals(nextHop)));
  return number(speaker?.routerId.toString() ?? "");
}

function byNumber(a: string, b: string): number {
  return number(a) - number(b);
}

function number(dotted: string): number {
  return dotted.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}
