import { first, type Graph } from "./graph.ts";
import type { Group } from "./group.ts";
import type { Announcement } from "./policy.ts";
import { type Settled, settle } from "./settle.ts";
import { compareSpeakers, type Speaker } from "./speaker.ts";

/** A settled origin, and how to read it for another one of the same group. */
export interface Role {
  readonly settled: Settled;
  /** Who plays a speaker's part in `settled`, and back: the two origins change places. */
  swap(speaker: Speaker): Speaker;
}

/** Routes that every filter treats alike, and one of them. */
export interface ClassOfRoutes {
  readonly key: string;
  readonly announced: Announcement;
}

/** How many vertices the kept results may hold together; the oldest results go first. */
const KEPT_VERTICES = 500_000;

/**
 * Settles origins when asked, one for all that would settle alike.
 *
 * Two origins of one group settle alike, but for their names and addresses, where no tie is broken by a router id or an
 * address; and where some are, as long as both rank the same among the first members of all vertices, which stand for
 * the rest.
 */
export function settledOrigins(graph: Graph): (origin: Speaker, route: ClassOfRoutes) => Role {
  const kept: Result[] = [];
  const results = new Map<string, Result[]>();
  let size = 0;
  return (origin, { key, announced }) => {
    const group = graph.groupOf(origin);
    const place = `${group.index} ${key}`;
    const known = results.get(place) ?? [];
    const found = known.find((result) => serves(result, origin));
    if (found) return role(found.settled, origin);

    const result = { ...makeResult(settle(graph, origin, announced), group), place };
    results.set(place, [...known, result]);
    kept.push(result);
    size += result.size;
    while (size > KEPT_VERTICES && kept.length > 1) {
      const oldest = kept.shift();
      size -= oldest?.size ?? 0;
      if (oldest) results.set(oldest.place, results.get(oldest.place)?.filter((other) => other !== oldest) ?? []);
    }
    return role(result.settled, origin);
  };
}

interface Result {
  readonly settled: Settled;
  /** The group and the class of routes it stands for. */
  readonly place: string;
  readonly size: number;
  /** The members of the origin's group that are told apart from nobody else in it. */
  readonly rest: ReadonlySet<Speaker>;
  readonly byId: readonly Speaker[];
  readonly byAddress: readonly Speaker[];
}

function makeResult(settled: Settled, group: Group): Omit<Result, "place"> {
  const vertices = settled.vertices.flat();
  const rest = settled.vertices[group.index]?.find(({ members }) => members.length > 1);
  const firsts = vertices.map(first).filter((speaker) => speaker !== settled.origin);
  return {
    settled,
    size: vertices.length,
    rest: new Set(rest?.members.slice(1)),
    byId: [...firsts].sort(compareSpeakers),
    byAddress: [...firsts].sort(byAddress),
  };
}

function serves({ settled, rest, byId, byAddress: addresses }: Result, origin: Speaker): boolean {
  if (origin === settled.origin || !settled.tied) return true;
  if (!rest.has(origin)) return false;
  const alike = (sorted: readonly Speaker[], compare: Compare) =>
    rankIn(sorted, origin, compare) === rankIn(sorted, settled.origin, compare);
  return alike(byId, compareSpeakers) && alike(addresses, byAddress);
}

type Compare = (a: Speaker, b: Speaker) => number;

function byAddress(a: Speaker, b: Speaker): number {
  return a.address.compare(b.address) || compareSpeakers(a, b);
}

/** How many of `sorted` come before `speaker`. */
function rankIn(sorted: readonly Speaker[], speaker: Speaker, compare: Compare): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = sorted[middle];
    if (at && compare(at, speaker) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function role(settled: Settled, origin: Speaker): Role {
  return {
    settled,
    swap(speaker) {
      if (speaker === origin) return settled.origin;
      return speaker === settled.origin ? origin : speaker;
    },
  };
}
