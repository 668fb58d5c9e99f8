import type { Ip } from "../addr/ip.ts";
import { isGroup, type Mac, NO_MAC } from "../addr/mac.ts";
import { refusal } from "./admit.ts";
import { type Applied, changed, refused } from "./applied.ts";
import { type FdbEntry, fdbKey } from "./fdb.ts";
import type { AnyNetlink } from "./netlink.ts";
import type { Writer } from "./row.ts";
import type { Words } from "./words.ts";

/** `bridge fdb add` and its kin. */
export interface FdbEdit {
  readonly kind: "fdb";
  readonly op: "add" | "append" | "replace" | "del";
  readonly dev: string;
  readonly mac: Mac;
  readonly dst?: Ip;
}

/** How an entry is kept and by whom; entries here are all static, so these change nothing. */
const FLAGS = ["self", "master", "permanent", "local", "static", "temp", "dynamic", "use", "extern_learn"] as const;

/** The words after `bridge fdb add`. */
export function readFdb(words: Words, op: FdbEdit["op"]): FdbEdit {
  words.take("to", "lladdr");
  const mac = words.mac();
  let dev: string | undefined;
  let dst: Ip | undefined;
  while (!words.done) {
    const word = words.keyword("word of a forwarding entry", ["dev", "dst", ...FLAGS], ["permanent"]);
    if (word === "dev") dev = words.device();
    if (word === "dst") dst = words.ip();
  }
  if (dev === undefined) words.refuseAhead(`bridge fdb ${op} needs a device`, "dev flannel.1");
  return { kind: "fdb", op, dev, mac, ...(dst && { dst }) };
}

/**
 * Does it (`vxlan_fdb_update`, `vxlan_fdb_delete`, `br_fdb_add`). One MAC has one destination: appending a second one
 * to a unicast MAC changes nothing in the kernel either.
 */
export function applyFdb(netlink: AnyNetlink, { op, dev, mac, dst }: FdbEdit, by: Writer): Applied {
  const { fdb, links, peers } = netlink.netns;
  if (!links.has(dev)) return refused({ errno: "ENODEV", text: `Cannot find device "${dev}"` });
  const row: FdbEntry = { dev, mac, ...(dst && { dst }), by };
  const standing = fdb.near(peers.byMac(mac)).find((other) => fdbKey(other) === fdbKey(row));
  if (op === "del") {
    if (!standing || (dst && !dst.equals(standing.dst))) return changed(0);
    fdb.except("del", standing);
    return changed(1);
  }
  if (links.get(dev)?.kind === "vxlan" && !dst) return refused({ errno: "EINVAL", text: "Invalid argument" });
  const why = refusal(netlink.netns, { table: "fdb", row });
  if (why) return refused(why);
  if (standing && op === "add") return refused({ errno: "EEXIST", text: "File exists" });
  if (op === "replace" && dst && (isGroup(mac) || mac === NO_MAC) && standing) {
    return refused({ errno: "EOPNOTSUPP", text: "Operation not supported" });
  }
  if (standing && op === "append") return changed(0);
  fdb.except("add", row);
  return changed(1);
}
