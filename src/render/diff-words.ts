import type { Reason } from "../kernel/diff-causes.ts";
import type { Cause, PlaceKind } from "../kernel/diff-tally.ts";
import type { AnyRow, TableName } from "../kernel/row-change.ts";
import { addressText, ruleText, socketText } from "./iproute.ts";
import { linkText } from "./iproute-link.ts";
import { filterRuleText } from "./iptables.ts";
import {
  fabricWords,
  fdbWords,
  leaseWords,
  neighbourWords,
  refusedWords,
  routeWords,
  wireguardPeerWords,
} from "./row-words.ts";
import { sysctlCommand } from "./sysctl.ts";

/** A row in the words of the program that shows it, without what every row has. */
export function rowWords(any: AnyRow): string {
  switch (any.table) {
    case "link":
      return linkText(any.row);
    case "addr":
      return addressText(any.row);
    case "route":
      return routeWords(any.row);
    case "rule":
      return ruleText(any.row);
    case "neigh":
      return neighbourWords(any.row);
    case "fdb":
      return fdbWords(any.row);
    case "set":
      return `${any.row.set} ${any.row.prefix}`;
    case "lease":
      return leaseWords(any.row);
    case "wireguard":
      return wireguardPeerWords(any.row);
    case "forwarder":
      return `${any.row.process} on ${any.row.tun}, ${any.row.ip}:${any.row.port}`;
    case "socket":
      return socketText(any.row);
    case "chain":
      return `${any.row.table} :${any.row.name} ${any.row.policy ?? "-"}`;
    case "filter":
      return `${any.row.chain.table} ${filterRuleText(any.row.chain.name, any.row.rule)}`;
    case "sysctl":
      return sysctlCommand(any.row.key, any.row.value).replace(/^sysctl -w /, "");
    case "refused":
      return `${refusedWords(any.row)}: "${any.row.text}"`;
    case "segment":
      return `mtu ${any.row.mtu}${any.row.sourceDestCheck ? " sourceDestCheck" : ""}`;
    case "fabric":
      return `${any.row.verdict} ${fabricWords(any.row)}`;
  }
}

export const NOUNS: Readonly<Record<TableName, string>> = {
  link: "link",
  addr: "address",
  route: "route",
  rule: "rule",
  neigh: "neighbour",
  fdb: "fdb entry",
  set: "set member",
  lease: "lease",
  wireguard: "WireGuard peer",
  forwarder: "forwarder",
  socket: "socket",
  chain: "chain",
  filter: "netfilter rule",
  sysctl: "sysctl",
  refused: "refused row",
  segment: "segment",
  fabric: "fabric rule",
};

type Noun = TableName | "row" | "node" | "namespace";

/** `2 routes`, `1 address`, `3 fdb entries`. */
export function counted(count: number, what: Noun): string {
  return `${numberWords(count)} ${nounFor(count, what)}`;
}

function nounFor(count: number, what: Noun): string {
  const noun = what === "row" || what === "node" || what === "namespace" ? what : NOUNS[what];
  if (count === 1) return noun;
  return noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : noun.endsWith("s") ? `${noun}es` : `${noun}s`;
}

/** 24 995 000: digits in threes from ten thousand on. */
function numberWords(count: number): string {
  return count < 10_000 ? String(count) : String(count).replace(/(?<=\d)(?=(?:\d{3})+$)/g, " ");
}

/** What a table is called in a column six characters wide. */
export function tableWord(table: TableName): string {
  if (table === "forwarder") return "proc";
  if (table === "wireguard") return "wg";
  if (table === "segment") return "wire";
  return table === "refused" ? "refuse" : table;
}

/** What a cause says, in one line. */
export function reasonWords({ reason, rows, changes }: Cause): string {
  switch (reason.kind) {
    case "next-hop":
      return `next hop moves: ${reason.before} → ${reason.after}`;
    case "device":
      return deviceWords(reason);
    case "rename": {
      const name = changes[0]?.fields.find(({ field }) => field === "name");
      return `devices are called otherwise: ${name?.before} → ${name?.after}${rows > 1 ? ", …" : ""}`;
    }
    case "field": {
      const { table, field, before, after } = reason;
      const name = FIELD_NAMES.get(`${table} ${field}`) ?? field;
      if (before === undefined && after === undefined) return `${name} changes`;
      if (before === undefined) return `${name} ${after} is set`;
      return after === undefined ? `${name} ${before} is unset` : `${name} ${before} → ${after}`;
    }
    case "rows": {
      // Settings are not signed.
      const whose = UNSIGNED.has(reason.table) ? "" : ` of ${reason.by}`;
      const verb = reason.op === "add" ? "come" : "go";
      return `${nounFor(rows, reason.table)}${whose} ${rows > 1 ? verb : verb === "go" ? "goes" : "comes"}`;
    }
  }
}

const UNSIGNED: ReadonlySet<TableName> = new Set(["sysctl", "fabric"]);

/** Fields whose name alone says too little. */
const FIELD_NAMES: ReadonlyMap<string, string> = new Map([
  ["sysctl value", "sysctl"],
  ["chain policy", "policy"],
  ["refused text", "the kernel's answer"],
]);

function deviceWords({ op, device }: Extract<Reason, { kind: "device" }>): string {
  const verb = op === "add" ? "come" : "go";
  return device === "veth"
    ? `veth devices ${verb}, and the rows on them`
    : `device ${device} ${verb === "go" ? "goes" : "comes"}, and the rows on it`;
}

/** How many rows, and where: on nodes when all are hosts, on segments when it is their own doing, else in namespaces. */
export function extentWords({ rows, tables, places }: Cause): string {
  const [table = "row", ...others] = tables;
  const same = others.length === 0 ? table : "row";
  const count = [...places.values()].reduce((sum, each) => sum + each, 0);
  const all = (kind: PlaceKind) => places.get(kind) === count;
  if (same === "segment") return counted(count, "segment");
  const where = all("host")
    ? `on ${counted(count, "node")}`
    : all("segment")
      ? `on ${counted(count, "segment")}`
      : `in ${counted(count, "namespace")}`;
  return `${counted(rows, same)} ${where}`;
}
