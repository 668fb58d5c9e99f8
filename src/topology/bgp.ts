import type { Check } from "./check.ts";
import type { BgpEntry } from "./file.ts";
import type { Path } from "./path.ts";
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
  const { peers = [], routeReflector = false } = entry;
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
      for (const [word, believed] of Object.entries(peer ?? {}))
        take({ name: word, as: believed }, [...path, "peers", i, word], "key");
  }
  return check.placed({ as: entry.as ?? as, peers: good, routeReflector }, path);
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
