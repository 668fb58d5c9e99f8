import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import { type BgpInput, compareSpeakers, type Peer, type Speaker } from "./speaker.ts";

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
 * Two nodes are alike when AS, settings, networks, place in the mesh, peers, beliefs and the beliefs others hold of
 * them are equal. Routers and reflectors stand alone: what they pass on carries their own id.
 */
export function groupSpeakers(input: BgpInput): readonly Group[] {
  const signature = signatures(input);
  const byLikeness = new Map<string, Speaker[]>();
  for (const speaker of input.speakers.values()) {
    const key = standsAlone(speaker) ? `= ${speaker.name}` : signature(speaker);
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

function standsAlone({ kind, routeReflector }: Speaker): boolean {
  return kind === "router" || routeReflector;
}

/** A network of one address, as clouds give to nodes, is nobody else's link and tells nothing. */
function isHost(network: Prefix): boolean {
  return network.length === network.ip.bits;
}

function signatures(input: BgpInput): (speaker: Speaker) => string {
  const named = namedBy(input);
  const around = networksAround(input);
  const networks = memo((list: Speaker["networks"]) =>
    list.map((each) => (isHost(each) ? "host" : idOf(each.ip, each.length))).join(),
  );
  return (speaker) => {
    const { as, name, nextHopSelf, localPref, alike, peers } = speaker;
    const settings = `${as} ${input.mesh?.has(name) ?? false} ${nextHopSelf ?? false} ${localPref ?? ""}`;
    const beliefs = peers.map(belief);
    const links = `${networks(speaker.networks)} ${around(speaker.address)}`;
    return `${settings} ${links} ${beliefs.sort().join()} ${named.get(name) ?? ""} ${alike ?? ""}`;
  };
}

/** Who names a speaker as its peer, and in which AS it believes it; of no interest where that speaker stands alone. */
function namedBy(input: BgpInput): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  for (const speaker of input.speakers.values()) {
    for (const told of speaker.peers) {
      const peer = input.speakers.get(told.name);
      if (!peer || standsAlone(peer)) continue;
      named.set(told.name, (named.get(told.name) ?? "") + belief({ ...told, name: speaker.name }));
    }
  }
  return named;
}

/** The length says where a name ends, whatever is in it. */
function belief({ name, as, exports, imports, nextHop, allowOwnAs }: Peer): string {
  const rules = exports || imports || nextHop || allowOwnAs;
  const told = rules ? JSON.stringify([exports?.key, imports?.key, nextHop, allowOwnAs]) : "";
  return `${name.length}:${name}=${as ?? ""}${told} `;
}

/** Which of all speakers' networks hold an address: decides for whom it is a direct next hop. */
function networksAround(input: BgpInput): (ip: Ip) => string {
  const known = new Map<number, Set<string>>();
  const seen = new Set<Prefix>();
  for (const { networks } of input.speakers.values()) {
    for (const network of networks) {
      if (isHost(network) || seen.has(network)) continue;
      seen.add(network);
      known.set(network.length, (known.get(network.length) ?? new Set()).add(idOf(network.ip, network.length)));
    }
  }
  return (ip) => {
    let around = "";
    for (const [length, ids] of known) {
      const id = idOf(ip.masked(length), length);
      if (ids.has(id)) around += `${id};`;
    }
    return around;
  };
}

function idOf({ family, words }: Ip, length: number): string {
  return `${family === 4 ? words[0] : words.join()}/${length}`;
}

/** Keeps what was made of an object: callers mostly share lists of networks. */
function memo<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    known.set(key, made);
    return made;
  };
}
