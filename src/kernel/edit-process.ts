import { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import { type Applied, changed, refused } from "./applied.ts";
import type { AnyNetlink } from "./netlink.ts";
import type { Lease } from "./process.ts";
import type { Writer } from "./row.ts";
import { parseNumber, quoted, type Words } from "./words.ts";

/** `pkill NAME`: a process ends. */
export interface KillEdit {
  readonly kind: "kill";
  readonly process: string;
}

/**
 * `lease add PREFIX via ADDRESS[:PORT]`, `lease del PREFIX`: a row of a forwarder's own table, for which no program has
 * a command.
 */
export type LeaseEdit =
  | {
      readonly kind: "lease";
      readonly op: "add" | "replace";
      readonly dst: Prefix;
      readonly to: Ip;
      readonly port?: number;
    }
  | { readonly kind: "lease"; readonly op: "del"; readonly dst: Prefix };

/** The words after `pkill`. */
export function readKill(words: Words): KillEdit {
  while (words.take("-f", "-x") || /^-[0-9A-Z]/.test(words.ahead)) {
    if (words.ahead.startsWith("-")) words.next("a signal");
  }
  const process = words.next("a process");
  return /^[A-Za-z_][\w.-]{0,63}$/.test(process)
    ? { kind: "kill", process }
    : words.refuse(`${quoted(process)} is no process name`, "pkill flanneld");
}

/** The words after `lease`. */
export function readLease(words: Words): LeaseEdit {
  const op = words.keyword("lease command", ["add", "replace", "del"]);
  const dst = words.prefix(4);
  if (op === "del") return { kind: "lease", op, dst };
  if (!words.take("via", "to")) words.refuseAhead("a lease needs the node that holds it", "via 192.168.0.12");
  const text = words.next("an address");
  const [address = "", number, more] = text.split(":");
  const to = Ip.parse(address);
  const port = number === undefined ? undefined : parseNumber(number, 1, 65535);
  if (!to || more !== undefined || (number !== undefined && port === undefined)) {
    words.refuse(`${quoted(text)} is no address, nor one with a port`, "192.168.0.12:8285");
  }
  return { kind: "lease", op, dst, to, ...(port !== undefined && { port }) };
}

/** A forwarder ends: its socket closes, its leases are forgotten, and its device goes with every row on it. */
export function applyKill(netlink: AnyNetlink, { process }: KillEdit): Applied {
  const { forwarders, sockets, leases } = netlink.netns;
  const ended = forwarders.filter((row) => row.process === process);
  if (ended.length === 0) return changed(0);
  forwarders.splice(0, forwarders.length, ...forwarders.filter((row) => row.process !== process));
  const kept = sockets.filter(({ owner }) => owner.kind !== "process" || owner.name !== process);
  sockets.splice(0, sockets.length, ...kept);
  leases.drop((row) => row.process === process);
  for (const { tun } of ended) netlink.delLink(tun);
  return changed(ended.length);
}

export function applyLease(netlink: AnyNetlink, edit: LeaseEdit, by: Writer): Applied {
  const { forwarders, leases, peers } = netlink.netns;
  const standing: readonly Lease[] = leases.near(peers.byIp(edit.dst.ip)).filter((row) => row.dst.equals(edit.dst));
  if (edit.op === "del") {
    for (const row of standing) leases.except("del", row);
    return changed(standing.length);
  }
  const [forwarder] = forwarders;
  if (!forwarder) return refused({ errno: "ESRCH", text: "No such process" });
  if (edit.op === "add" && standing.length > 0) return refused({ errno: "EEXIST", text: "File exists" });
  const { dst, to, port = forwarder.port } = edit;
  leases.except("add", { process: forwarder.process, dst, to, port, by });
  return changed(1);
}
