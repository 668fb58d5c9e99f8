import { applyEdit, parseCommand } from "../kernel/edit.ts";
import type { Netlink } from "../kernel/netlink.ts";
import type { Problem } from "../topology/problem.ts";
import type { Fault } from "../topology/topology.ts";

/** A command for finished tables, and in whose name it is done: a fault unless it says otherwise. */
export interface Change extends Fault {
  readonly by?: "fault" | "fix";
}

/**
 * Does a change to the tables of its machine. The problem when it cannot be done: its words make no sense, the kernel
 * refuses it, or there is nothing that it names.
 */
export function applyChange(netlink: Netlink, change: Change): Problem | undefined {
  const { target, text, place, by = "fault" } = change;
  const about = (code: string, message: string, hint?: string): Problem => ({
    code,
    message: `${target.name}: ${message}`,
    ...(place && { place }),
    ...(hint !== undefined && { hint }),
  });
  const read = parseCommand(text);
  if (!read.ok) return about("bad-command", read.message, read.hint);
  const done = applyEdit(netlink, read.edit, by);
  if ("refused" in done) {
    return about("refused", `the kernel refuses ${JSON.stringify(text)}: ${done.refused.text} (${done.refused.errno})`);
  }
  if (done.changed > 0) return undefined;
  return about(
    "matches-nothing",
    `nothing fits ${JSON.stringify(text)}`,
    `cni-trace tables ${target.name} shows what is there`,
  );
}
