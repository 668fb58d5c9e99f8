import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import { type BgpInput, compareSpeakers, type Speaker } from "./speaker.ts";

/** Speakers that differ in nothing but name, router id and address: what one learns, all learn. */
export interface Group {
  readonly index: number;
  /** In the order of `compareSpeakers`, so the first wins every tie among them. */
  readonly members: readonly Speaker[];
  readonly mesh: boolean;
}

/**
 * Sorts speakers into groups.
 *
 * Two nodes are alike when AS, settings, networks, place in the mesh, peers, beliefs and the beliefs others hold of them
 * are equal. Routers and reflectors stand alone: what they pass on carries their own id.
 */
export function groupSpeakers(input: BgpInput): readonly Group[] {
  const signature = signatures(input);
  const byLikeness = new Map<string, Speaker[]>();
  for (const speaker of input.speakers.values()) {
    const alone = speaker.kind === "router" || speaker.routeReflector;
    const key = alone ? `= ${speaker.name}` : signature(speaker);
    const members = byLikeness.get(key);
    if (members) members.push(speaker);
    else byLikeness.set(key, [speaker]);
  }
  return [...byLikeness.values()].map((members, index) => ({
    index,
    members: members.sort(compareSpeakers),
    mesh: members.some(({ name }) => input.mesh?.has(name) ?? false),
  }));
}

function signatures(input: BgpInput): (speaker: Speaker) => string {
  const idOf = prefixIds();
  const named = namedBy(input);
  const around = networksAround(input, idOf);
  return (speaker) =>
    JSON.stringify([
      speaker.as,
      input.mesh?.has(speaker.name) ?? false,
      speaker.nextHopSelf ?? false,
      speaker.localPref ?? 100,
      speaker.alike ?? "",
      speaker.networks.map(idOf).sort(),
      around(speaker.address),
      speaker.peers.map(({ name, as }) => [name, as ?? ""]).sort(),
      named.get(speaker.name) ?? [],
    ]);
}

/** Who names a speaker as its peer, and in which AS it believes it. */
function namedBy(input: BgpInput): ReadonlyMap<string, readonly (readonly [string, number | ""])[]> {
  const named = new Map<string, [string, number | ""][]>();
  for (const speaker of input.speakers.values()) {
    for (const { name, as } of speaker.peers) {
      const entry: [string, number | ""] = [speaker.name, as ?? ""];
      const list = named.get(name);
      if (list) list.push(entry);
      else named.set(name, [entry]);
    }
  }
  return named;
}

/** Which of all speakers' networks hold an address: decides for whom it is a direct next hop. */
function networksAround(input: BgpInput, idOf: (network: Prefix) => string): (ip: Ip) => readonly string[] {
  const known = new Map<number, Set<string>>();
  for (const { networks } of input.speakers.values()) {
    for (const network of networks) {
      const ids = known.get(network.length) ?? new Set();
      known.set(network.length, ids.add(idOf(network)));
    }
  }
  return (ip) =>
    [...known].flatMap(([length, ids]) => {
      const id = `${ip.masked(length).words.join()}/${length}`;
      return ids.has(id) ? [id] : [];
    });
}

/** A network as text; callers mostly share the objects, so the text is kept. */
function prefixIds(): (network: Prefix) => string {
  const known = new Map<Prefix, string>();
  return (network) => {
    const found = known.get(network);
    if (found !== undefined) return found;
    const id = `${network.ip.words.join()}/${network.length}`;
    known.set(network, id);
    return id;
  };
}
