import type { Check } from "./check.ts";
import type { Path } from "./complaint.ts";
import type { BgpEntry } from "./file.ts";
import type { BgpPeer, Speaker } from "./topology.ts";

/** Who can be a peer, and what a name nearly is when it is nobody. */
export interface PeerNames {
  readonly has: (name: string) => boolean;
  readonly nearest: (name: string) => string | undefined;
}

/** One side of its sessions, as it believes them; complains of peers that are nobody, itself, or there twice. */
export function resolveSpeaker(
  entry: BgpEntry,
  { name, as, path }: { readonly name: string; readonly as: number; readonly path: Path },
  names: PeerNames,
  check: Check,
): Speaker {
  const peers: BgpPeer[] = [];
  const seen = new Set<string>();
  for (const [i, peer] of (entry.peers ?? []).entries()) {
    for (const [word, believed] of typeof peer === "string" ? [[peer, undefined] as const] : Object.entries(peer)) {
      const at = typeof peer === "string" ? [...path, "peers", i] : [...path, "peers", i, word];
      const part = typeof peer === "string" ? "value" : "key";
      const wrong = wrongPeer(word, name, seen, names);
      if (wrong) check.complain({ ...wrong, path: at, part });
      else if (believed === undefined) peers.push({ name: word, ...check.at(at, part) });
      else peers.push({ name: word, as: believed, ...check.at(at, part) });
      seen.add(word);
    }
  }
  return { as: entry.as ?? as, peers, routeReflector: entry.routeReflector ?? false, ...check.at(path) };
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
