import type { Prefix } from "../addr/prefix.ts";
import { type Applied, changed, refused } from "./applied.ts";
import { setKey } from "./netfilter.ts";
import type { AnyNetlink } from "./netlink.ts";
import type { Writer } from "./row.ts";
import { quoted, type Words } from "./words.ts";

/** `ipset add` and `ipset del`. */
export interface SetEdit {
  readonly kind: "set";
  readonly op: "add" | "del";
  readonly set: string;
  readonly prefix: Prefix;
}

/** The words after `ipset`. */
export function readIpset(words: Words): SetEdit {
  const op = words.keyword("ipset command", ["add", "del"]);
  const set = words.next("a set");
  if (set.length > 31) words.refuse(`${quoted(set)} is no set: at most 31 characters`);
  return { kind: "set", op, set, prefix: words.prefix() };
}

/** Does it (`ip_set_uadd`, `ip_set_udel`). */
export function applySet(netlink: AnyNetlink, { op, set, prefix }: SetEdit, by: Writer): Applied {
  const { sets, peers } = netlink.netns;
  const row = { set, prefix, by };
  const standing = sets.near(peers.byIp(prefix.ip)).find((other) => setKey(other) === setKey(row));
  if (op === "del") {
    if (standing) sets.except("del", standing);
    return changed(standing ? 1 : 0);
  }
  if (standing) return refused({ errno: "EEXIST", text: "Element cannot be added to the set: it's already added" });
  sets.except("add", row);
  return changed(1);
}
