import type { Applied } from "./applied.ts";
import {
  type AddressEdit,
  type AddressFlush,
  applyAddress,
  flushAddresses,
  readAddress,
  readAddressFlush,
} from "./edit-address.ts";
import { applyFdb, type FdbEdit, readFdb } from "./edit-fdb.ts";
import { type ChainEdit, type FilterEdit, type PolicyEdit, readIptables } from "./edit-filter.ts";
import { applyChain, applyFilter, applyPolicy } from "./edit-filter-apply.ts";
import {
  applyLink,
  applyLinkDel,
  type LinkDeletion,
  type LinkEdit,
  readBridgeLink,
  readLinkDel,
  readLinkSet,
} from "./edit-link.ts";
import {
  applyNeighbour,
  flushNeighbours,
  type NeighbourEdit,
  type NeighbourFlush,
  readNeighbour,
  readNeighbourFlush,
} from "./edit-neighbour.ts";
import { applyKill, applyLease, type KillEdit, type LeaseEdit, readKill, readLease } from "./edit-process.ts";
import { type RouteEdit, type RouteFlush, readRoute, readRouteFlush } from "./edit-route.ts";
import { applyRoute, flushRoutes } from "./edit-route-apply.ts";
import { applyRule, type RuleEdit, readRule } from "./edit-rule.ts";
import { applySet, readIpset, type SetEdit } from "./edit-set.ts";
import { applySysctl, readSysctl, type SysctlEdit } from "./edit-sysctl.ts";
import { applyWireguard, readWg, type WireguardEdit } from "./edit-wireguard.ts";
import type { AnyNetlink } from "./netlink.ts";
import type { RouteRequest } from "./request.ts";
import { quoted, type Reading, reading, type Words } from "./words.ts";

/** What a command asks for. */
type Asked =
  | RouteEdit
  | RouteFlush
  | RuleEdit
  | LinkEdit
  | LinkDeletion
  | AddressEdit
  | AddressFlush
  | NeighbourEdit
  | NeighbourFlush
  | FdbEdit
  | SysctlEdit
  | PolicyEdit
  | FilterEdit
  | ChainEdit
  | SetEdit
  | KillEdit
  | LeaseEdit
  | WireguardEdit;

/** A change by hand, a fault or a fix: plain data, with the words it was asked in. */
export type Edit = Asked & { readonly text: string };

/**
 * Reads a command in the operator's own words: `ip`, `bridge`, `iptables`, `ip6tables`, `ipset`, `sysctl`, `pkill`, `wg`,
 * and `lease` for a forwarder's own table. Parsed, never run; at most one command, and no shell syntax.
 */
export function parseCommand(text: string): Reading<{ readonly edit: Edit }> {
  return reading(text, (words) => ({ edit: { ...readCommand(words), text: text.trim() } }));
}

/** Reads a route as a topology writes it: the words behind `ip route add`. */
export function parseRoute(text: string): Reading<{ readonly route: RouteRequest }> {
  return reading(text, (words) => ({ route: readRoute(words, "add", undefined) }));
}

/**
 * Does an edit to finished tables; families' rows are changed like any others, and what is added is admitted like any
 * other row. A refused edit changes nothing.
 */
export function applyEdit(netlink: AnyNetlink, edit: Edit, by: "fault" | "fix"): Applied {
  netlink.seal();
  switch (edit.kind) {
    case "route":
      return applyRoute(netlink, edit, by);
    case "route-flush":
      return flushRoutes(netlink, edit);
    case "rule":
      return applyRule(netlink, edit, by);
    case "link":
      return applyLink(netlink, edit);
    case "link-del":
      return applyLinkDel(netlink, edit);
    case "address":
      return applyAddress(netlink, edit, by);
    case "address-flush":
      return flushAddresses(netlink, edit);
    case "neighbour":
      return applyNeighbour(netlink, edit, by);
    case "neighbour-flush":
      return flushNeighbours(netlink, edit);
    case "fdb":
      return applyFdb(netlink, edit, by);
    case "sysctl":
      return applySysctl(netlink, edit);
    case "policy":
      return applyPolicy(netlink, edit);
    case "filter":
      return applyFilter(netlink, edit, by);
    case "chain":
      return applyChain(netlink, edit, by);
    case "set":
      return applySet(netlink, edit, by);
    case "kill":
      return applyKill(netlink, edit);
    case "lease":
      return applyLease(netlink, edit, by);
    case "wireguard":
      return applyWireguard(netlink, edit, by);
  }
}

const PROGRAMS = [
  "ip",
  "bridge",
  "iptables",
  "ip6tables",
  "ipset",
  "sysctl",
  "pkill",
  "kill",
  "killall",
  "lease",
  "wg",
] as const;

function readCommand(words: Words): Asked {
  if (words.done) words.refuseAhead("there is no command", "ip route del 10.244.2.0/24");
  words.take("sudo");
  const program = words.keyword("command", PROGRAMS, []);
  switch (program) {
    case "ip":
      return readIp(words);
    case "bridge":
      return readBridge(words);
    case "iptables":
      return readIptables(words, 4);
    case "ip6tables":
      return readIptables(words, 6);
    case "ipset":
      return readIpset(words);
    case "sysctl":
      return readSysctl(words);
    case "lease":
      return readLease(words);
    case "wg":
      return readWg(words);
    default:
      return readKill(words);
  }
}

function readIp(words: Words): Asked {
  let family: 4 | 6 | undefined;
  while (words.ahead.startsWith("-")) {
    if (words.take("-6")) family = 6;
    else if (words.take("-4")) family = 4;
    else words.refuseAhead(`ip ${quoted(words.ahead)} is not known here`, "ip -4 or ip -6");
  }
  const object = words.keyword("object of ip", ["address", "route", "rule", "neighbor", "neighbour", "link"]);
  switch (object) {
    case "address": {
      const op = words.keyword("command of ip addr", ["add", "change", "replace", "delete", "flush"]);
      if (op === "flush") return readAddressFlush(words, family);
      return readAddress(words, op === "delete" ? "del" : op === "change" ? "replace" : op, family);
    }
    case "route": {
      const op = words.keyword("command of ip route", ["add", "change", "replace", "append", "delete", "flush"]);
      if (op === "flush") return readRouteFlush(words, family);
      const verb = op === "delete" ? "del" : op;
      return { kind: "route", op: verb, route: readRoute(words, verb, family) };
    }
    case "rule":
      return readRule(words, words.keyword("command of ip rule", ["add", "delete"]) === "add" ? "add" : "del", family);
    case "neighbor":
    case "neighbour": {
      const op = words.keyword("command of ip neigh", ["add", "change", "replace", "delete", "flush"]);
      if (op === "flush") return readNeighbourFlush(words, family);
      return readNeighbour(words, op === "delete" ? "del" : op, family);
    }
    case "link":
      return words.keyword("command of ip link", ["set", "delete"]) === "set" ? readLinkSet(words) : readLinkDel(words);
  }
}

function readBridge(words: Words): Asked {
  if (words.keyword("object of bridge", ["link", "fdb"]) === "link") {
    words.keyword("command of bridge link", ["set"]);
    return readBridgeLink(words);
  }
  const op = words.keyword("command of bridge fdb", ["add", "append", "replace", "delete"]);
  return readFdb(words, op === "delete" ? "del" : op);
}
