import type { Ip } from "../addr/ip.ts";
import { refusal } from "./admit.ts";
import { type Applied, changed, refused } from "./applied.ts";
import { type Neighbour, neighbourKey } from "./neighbour.ts";
import type { AnyNetlink } from "./netlink.ts";
import type { Writer } from "./row.ts";
import { quoted, type Words } from "./words.ts";

/** `ip neigh add` and its kin. */
export type NeighbourEdit =
  | ({ readonly kind: "neighbour"; readonly op: "add" | "replace" | "change" } & Omit<Neighbour, "by">)
  | { readonly kind: "neighbour"; readonly op: "del"; readonly dev: string; readonly ip: Ip };

/** `ip neigh flush`: rows of a device, a state, or an address; permanent ones only when asked for. */
export interface NeighbourFlush {
  readonly kind: "neighbour-flush";
  readonly state: Neighbour["state"] | "all";
  readonly dev?: string;
  readonly ip?: Ip;
}

const STATES = ["permanent", "reachable"] as const;

/** The words after `ip neigh add`. Without `nud` a row is permanent, as iproute2 has it. */
export function readNeighbour(words: Words, op: NeighbourEdit["op"], family: 4 | 6 | undefined): NeighbourEdit {
  const row: { -readonly [K in keyof Neighbour]?: Neighbour[K] } = {};
  while (!words.done) {
    if (words.take("dev")) row.dev = words.device();
    else if (words.take("lladdr")) row.lladdr = words.mac();
    else if (words.take("nud")) row.state = readState(words);
    else {
      if (row.ip)
        words.refuseAhead(
          `unknown word ${quoted(words.ahead)} in a neighbour`,
          words.nearestAhead(["dev", "lladdr", "nud"]),
        );
      words.take("to");
      row.ip = words.ip(family);
    }
  }
  const { dev, ip, lladdr, state = "permanent" } = row;
  if (!ip) words.refuseAhead(`ip neigh ${op} needs an address`);
  if (dev === undefined) words.refuseAhead(`ip neigh ${op} needs a device`, "dev eth0");
  if (op === "del") return { kind: "neighbour", op, dev, ip };
  if (!lladdr) words.refuseAhead(`ip neigh ${op} needs a MAC address`, "lladdr 02:00:00:00:00:01");
  return { kind: "neighbour", op, dev, ip, lladdr, state };
}

function readState(words: Words): Neighbour["state"] {
  return words.keyword("neighbour state", STATES, []);
}

/** The words after `ip neigh flush`. */
export function readNeighbourFlush(words: Words, family: 4 | 6 | undefined): NeighbourFlush {
  if (words.done) words.refuseAhead("ip neigh flush needs to know what: dev, nud, an address or all");
  let flush: NeighbourFlush = { kind: "neighbour-flush", state: "reachable" };
  while (!words.done) {
    if (words.take("dev")) flush = { ...flush, dev: words.device() };
    else if (words.take("nud")) flush = { ...flush, state: words.take("all") ? "all" : readState(words) };
    else if (!words.take("all")) {
      words.take("to");
      flush = { ...flush, ip: words.ip(family) };
    }
  }
  return flush;
}

function near(netlink: AnyNetlink, ip: Ip): readonly Neighbour[] {
  const { neighbours, peers } = netlink.netns;
  return neighbours.near(peers.byIp(ip)).filter((row) => row.ip.equals(ip));
}

/** Does it (`neigh_add`, `neigh_delete`). */
export function applyNeighbour(netlink: AnyNetlink, edit: NeighbourEdit, by: Writer): Applied {
  const { neighbours, links } = netlink.netns;
  if (!links.has(edit.dev)) return refused({ errno: "ENODEV", text: `Cannot find device "${edit.dev}"` });
  const standing = near(netlink, edit.ip).find((row) => neighbourKey(row) === neighbourKey(edit));
  if (edit.op === "del") {
    if (standing) neighbours.except("del", standing);
    return changed(standing ? 1 : 0);
  }
  if (standing && edit.op === "add") return refused({ errno: "EEXIST", text: "File exists" });
  if (!standing && edit.op === "change") return refused({ errno: "ENOENT", text: "No such file or directory" });
  const { dev, ip, lladdr, state } = edit;
  const row = { dev, ip, lladdr, state, by };
  const why = refusal(netlink.netns, { table: "neigh", row });
  if (why) return refused(why);
  neighbours.except("add", row);
  return changed(1);
}

export function flushNeighbours(netlink: AnyNetlink, { state, dev, ip }: NeighbourFlush): Applied {
  const { neighbours } = netlink.netns;
  const meant = [...(ip ? near(netlink, ip) : neighbours.rows())].filter(
    (row) => (state === "all" || row.state === state) && (dev === undefined || row.dev === dev),
  );
  for (const row of meant) neighbours.except("del", row);
  return changed(meant.length);
}
