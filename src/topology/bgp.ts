import type { Check } from "./check.ts";
import type { Path } from "./complaint.ts";
import type { BgpEntry, PeerEntry } from "./file.ts";
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
  const seen = new Set<string>();
  const peers = (entry.peers ?? []).flatMap((peer, i): BgpPeer[] => {
    const at = [...path, "peers", i];
    return beliefs(peer, at).flatMap(({ path: here, part, ...belief }) => {
      const again = seen.has(belief.name);
      seen.add(belief.name);
      const refuse = (code: string, message: string, hint: string | undefined) => {
        check.complain({ code, path: here, part, message, hint });
        return [];
      };
      if (belief.name === name)
        return refuse("peer-is-self", `${name} cannot peer with itself`, "name another speaker");
      if (again) return refuse("duplicate-peer", `${belief.name} is a peer twice`, "once is enough");
      if (names.has(belief.name)) return [{ ...belief, ...check.at(here, part) }];
      const meant = names.nearest(belief.name);
      const hint = meant === undefined ? "a peer is a host or a router" : `did you mean ${meant}?`;
      return refuse("unknown-peer", `peer ${belief.name} is nobody`, hint);
    });
  });
  return { as: entry.as ?? as, peers, routeReflector: entry.routeReflector ?? false, ...check.at(path) };
}

interface Belief {
  readonly name: string;
  readonly as?: number;
  readonly path: Path;
  readonly part: "key" | "value";
}

function beliefs(peer: PeerEntry, path: Path): readonly Belief[] {
  if (typeof peer === "string") return [{ name: peer, path, part: "value" }];
  return Object.entries(peer).map(([name, as]) => ({ name, as, path: [...path, name], part: "key" }));
}
