import { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Check } from "./check.ts";
import type { BgpEntry, PeerMap, RouterBgpEntry } from "./file.ts";
import { nearest } from "./nearest.ts";
import type { Path } from "./path.ts";
import { quoted, readPrefixes } from "./prefixes.ts";
import type { BgpPeer, Nic, Speaker } from "./topology.ts";

/** Who can be a peer, and what a name nearly is when it is nobody. */
export interface PeerNames {
  readonly has: (name: string) => boolean;
  readonly nearest: (name: string) => string | undefined;
}

/** Whose session it is, and what it can refer to. */
interface Side {
  readonly name: string;
  readonly as: number;
  readonly path: Path;
  readonly names: PeerNames;
  /** The names of BGPFilters. */
  readonly filters: ReadonlySet<string>;
}

/** One side of its sessions, as it believes them; complains of peers that are nobody, itself, or there twice. */
export function resolveSpeaker(entry: BgpEntry, { name, as, path, names, filters }: Side, check: Check): Speaker {
  const { peers = [] } = entry;
  const good: BgpPeer[] = [];
  const seen = new Set<string>();
  const take = (peer: BgpPeer, at: Path, part: "key" | "value") => {
    const wrong = wrongPeer(peer.name, name, seen, names);
    if (wrong) check.complain({ ...wrong, path: at, part });
    else good.push(check.placed(peer, at, part));
    seen.add(peer.name);
  };
  for (let i = 0; i < peers.length; i++) {
    const peer = peers[i];
    if (typeof peer === "string") take({ name: peer }, [...path, "peers", i], "value");
    else
      for (const [word, told] of Object.entries(peer ?? {})) {
        const at = [...path, "peers", i, word];
        if (typeof told === "number") take({ name: word, as: told }, at, "key");
        else take({ name: word, ...readPeer(told, filters, at, check) }, at, "key");
      }
  }
  return check.placed({ as: entry.as ?? as, peers: good, ...readReflector(entry.routeReflector, path, check) }, path);
}

function readPeer(told: PeerMap, known: ReadonlySet<string>, path: Path, check: Check): Omit<BgpPeer, "name"> {
  const { as, filters, nextHopMode, numAllowedLocalASNumbers } = told;
  for (const [i, word] of (filters ?? []).entries()) {
    if (known.has(word)) continue;
    const close = nearest(word, [...known]);
    const all = known.size > 0 ? `filters are ${[...known].join(", ")}` : "add it under cni.calico.bgpFilters";
    const hint = close === undefined ? all : `did you mean ${close}?`;
    const message = `there is no BGPFilter ${word}`;
    check.complain({ code: "unknown-filter", path: [...path, "filters", i], message, hint });
  }
  return {
    ...(as !== undefined && { as }),
    ...(filters && { filters }),
    ...(nextHopMode && { nextHopMode }),
    ...(numAllowedLocalASNumbers !== undefined && { numAllowedLocalASNumbers }),
  };
}

/** Whether it reflects, and in which cluster: the id is written as an address (RFC 4456). */
function readReflector(
  told: boolean | string | undefined,
  path: Path,
  check: Check,
): Pick<Speaker, "routeReflector" | "clusterID"> {
  if (typeof told !== "string") return { routeReflector: told === true };
  const clusterID = Ip.parse(told);
  if (clusterID?.family === 4) return { routeReflector: true, clusterID };
  const message = `${quoted(told)} is no cluster id`;
  const hint = "true, or an id such as 244.0.0.1";
  check.complain({ code: "bad-address", path: [...path, "routeReflector"], message, hint });
  return { routeReflector: true };
}

/** What a router puts up itself: `default` for a default route of each of its families, `connected` for its subnets. */
export function readOriginate(
  { originate }: RouterBgpEntry,
  nics: readonly Nic[],
  path: Path,
  check: Check,
): { readonly originate?: readonly Prefix[] } {
  if (originate === undefined) return {};
  const addresses = nics.flatMap((nic) => nic.addresses);
  const families = ([4, 6] as const).filter((family) => addresses.some(({ ip }) => ip.family === family));
  const all = originate.flatMap((text, i): readonly Prefix[] => {
    if (text === "default") return families.map((family) => Prefix.all(family));
    if (text === "connected") return addresses.map(({ ip, length }) => Prefix.of(ip, length));
    if (text.includes("/")) return readPrefixes(text, [...path, "originate", i], check);
    const hint = "a CIDR, default, or connected";
    const message = `${quoted(text)} is nothing to originate`;
    check.complain({ code: "bad-cidr", path: [...path, "originate", i], message, hint });
    return [];
  });
  return { originate: all.filter((prefix, i) => all.findIndex((other) => other.equals(prefix)) === i) };
}

function wrongPeer(
  word: string,
  self: string,
  seen: ReadonlySet<string>,
  names: PeerNames,
): { code: string; message: string; hint: string } | undefined {
  if (word === self) {
    return { code: "peer-is-self", message: `${word} cannot peer with itself`, hint: "name another speaker" };
  }
  if (seen.has(word)) return { code: "duplicate-peer", message: `${word} is a peer twice`, hint: "once is enough" };
  if (names.has(word)) return undefined;
  const meant = names.nearest(word);
  const hint = meant === undefined ? "a peer is a host or a router" : `did you mean ${meant}?`;
  return { code: "unknown-peer", message: `peer ${word} is nobody`, hint };
}
