import { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import { type Announcement, holds, type PrefixMatch } from "./policy.ts";
import type { ClassOfRoutes } from "./share.ts";
import type { BgpInput } from "./speaker.ts";

/** Sorts routes by what the filters of all speakers can tell of their prefixes: one class has the same paths everywhere. */
export interface Classes {
  of(route: Announcement): ClassOfRoutes;
  /** A route inside a pool that no filter matches by its prefix. */
  readonly block: Announcement;
}

export function classifier({ speakers }: BgpInput): Classes {
  const matches = new Map<string, PrefixMatch>();
  const originated = new Set<string>();
  for (const { peers, originates = [] } of speakers.values()) {
    for (const prefix of originates) originated.add(`${prefix}`);
    for (const { exports, imports } of peers) {
      for (const { prefix } of [...(exports?.rules ?? []), ...(imports?.rules ?? [])]) {
        if (prefix) matches.set(JSON.stringify(prefix), prefix);
      }
    }
  }
  const all = [...matches.values()];
  const known = new Map<string, ClassOfRoutes>();
  return {
    block: { prefix: Prefix.of(Ip.of(0)), pooled: true },
    of(announced) {
      const { prefix, pooled } = announced;
      // Who originates a prefix itself treats others' routes to it in a way of its own.
      const own = originated.has(`${prefix}`) ? `${prefix} ` : "";
      const key = `${own}${pooled ? "pool" : ""} ${all.map((match) => Number(holds(match, prefix))).join("")}`;
      const found = known.get(key) ?? { key, announced };
      known.set(key, found);
      return found;
    },
  };
}
