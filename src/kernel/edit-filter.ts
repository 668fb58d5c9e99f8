import { FILTER_TABLES, readMatches } from "./edit-match.ts";
import { readMark } from "./edit-rule.ts";
import type { FilterRule, FilterTable, Policy, Target } from "./netfilter.ts";
import { quoted, type Words } from "./words.ts";

/** What every iptables command says: which of the two programs, and which table. */
export interface FilterPlace {
  readonly family: 4 | 6;
  readonly table: FilterTable;
}

/** `iptables -P CHAIN POLICY`. */
export interface PolicyEdit extends FilterPlace {
  readonly kind: "policy";
  readonly chain: string;
  readonly policy: Policy;
}

/** `iptables -A`, `-I` and `-D`; `index` counts from 1. */
export type FilterEdit = FilterPlace & { readonly kind: "filter"; readonly chain: string } & (
    | { readonly op: "append"; readonly rule: Omit<FilterRule, "by"> }
    | { readonly op: "insert"; readonly index: number; readonly rule: Omit<FilterRule, "by"> }
    | { readonly op: "delete"; readonly index: number }
    | { readonly op: "delete"; readonly rule: Omit<FilterRule, "by"> }
  );

/** `iptables -F`, `-N` and `-X`; without a chain all of the table are meant. */
export type ChainEdit = FilterPlace & { readonly kind: "chain" } & (
    | { readonly op: "flush" | "delete"; readonly chain?: string }
    | { readonly op: "new"; readonly chain: string }
  );

const COMMANDS = ["-A", "-I", "-D", "-P", "-F", "-N", "-X"] as const;
type Command = (typeof COMMANDS)[number];

const LONG: ReadonlyMap<string, Command> = new Map([
  ["--append", "-A"],
  ["--insert", "-I"],
  ["--delete", "-D"],
  ["--policy", "-P"],
  ["--flush", "-F"],
  ["--new-chain", "-N"],
  ["--delete-chain", "-X"],
]);

/** The words after `iptables` or `ip6tables`. */
export function readIptables(words: Words, family: 4 | 6): PolicyEdit | FilterEdit | ChainEdit {
  let table = readTable(words);
  words.take("-w", "--wait");
  const spelt = words.next("an iptables command");
  const command = COMMANDS.find((known) => known === spelt) ?? LONG.get(spelt);
  if (!command)
    words.refuse(`unknown iptables command ${quoted(spelt)}`, words.nearestTo([...COMMANDS, ...LONG.keys()]));
  const chain = words.done || words.ahead === "-t" ? undefined : readChain(words);
  const place = () => {
    table = readTable(words, table);
    return { family, table };
  };
  if (command === "-F") return { kind: "chain", op: "flush", ...place(), ...(chain !== undefined && { chain }) };
  if (command === "-X") return { kind: "chain", op: "delete", ...place(), ...(chain !== undefined && { chain }) };
  if (chain === undefined) words.refuseAhead(`${spelt} needs a chain`, "FORWARD");
  if (command === "-N") return { kind: "chain", op: "new", chain, ...place() };
  if (command === "-P") {
    const policy = words.keyword("policy", ["ACCEPT", "DROP"], []);
    return { kind: "policy", chain, policy, ...place() };
  }
  const index = command !== "-A" && /^[0-9]+$/.test(words.ahead) ? words.number("a rule number", 1, 65535) : undefined;
  if (command === "-D" && index !== undefined) return { kind: "filter", op: "delete", chain, index, ...place() };
  const { rule, table: told } = readRule(words, family, table);
  const where = { kind: "filter", chain, family, table: told, rule } as const;
  if (command === "-I") return { ...where, op: "insert", index: index ?? 1 };
  return command === "-A" ? { ...where, op: "append" } : { ...where, op: "delete" };
}

function readTable(words: Words, otherwise: FilterTable = "filter"): FilterTable {
  return words.take("-t", "--table") ? words.keyword("table", FILTER_TABLES, []) : otherwise;
}

function readChain(words: Words): string {
  const name = words.next("a chain");
  return /^[^\s!-][^\s]{0,28}$/.test(name) ? name : words.refuse(`${quoted(name)} is no chain: at most 28 characters`);
}

/** Conditions and target of a rule; `-t` may stand anywhere among them. */
function readRule(
  words: Words,
  family: 4 | 6,
  before: FilterTable,
): { readonly rule: Omit<FilterRule, "by">; readonly table: FilterTable } {
  const { match, comment, table } = readMatches(words, family);
  const target = readTarget(words, family);
  return {
    rule: { match, target, ...(comment !== undefined && { comment }) },
    table: readTable(words, table ?? before),
  };
}

/** The words after `-j`. */
function readTarget(words: Words, family: 4 | 6): Target {
  const name = words.next("a target");
  switch (name) {
    case "ACCEPT":
    case "DROP":
    case "RETURN":
    case "NOTRACK":
      return { kind: name };
    case "CT":
      if (!words.take("--notrack")) words.refuseAhead("-j CT is known with --notrack only");
      return { kind: "NOTRACK" };
    case "REJECT":
      return { kind: "REJECT", with: words.take("--reject-with") ? readRejection(words) : "icmp-port-unreachable" };
    case "MASQUERADE":
      return { kind: "MASQUERADE", randomFully: words.take("--random-fully") };
    case "SNAT":
      if (!words.take("--to-source")) words.refuseAhead("-j SNAT needs --to-source");
      return { kind: "SNAT", to: words.ip(family) };
    case "MARK":
      return readMarking(words);
    default:
      return /^[A-Za-z0-9]/.test(name) && name.length <= 28
        ? { kind: "jump", chain: name }
        : words.refuse(`${quoted(name)} is no target`);
  }
}

function readRejection(words: Words): Extract<Target, { kind: "REJECT" }>["with"] {
  const told = words.keyword(
    "rejection",
    [
      "icmp-port-unreachable",
      "icmp-admin-prohibited",
      "tcp-reset",
      "icmp6-port-unreachable",
      "icmp6-adm-prohibited",
      "icmp-admin-prohib",
    ],
    [],
  );
  if (told === "icmp6-port-unreachable") return "icmp-port-unreachable";
  return told === "icmp6-adm-prohibited" || told === "icmp-admin-prohib" ? "icmp-admin-prohibited" : told;
}

/** `--set-xmark V/M` clears M and toggles V, `--set-mark V/M` clears M and sets V (`mark_tg`). */
function readMarking(words: Words): Target {
  const how = words.keyword("option of MARK", ["--set-xmark", "--set-mark", "--or-mark", "--and-mark"], []);
  const { value, mask } = readMark(words);
  if (how === "--or-mark") return { kind: "MARK", value, mask: value };
  if (how === "--and-mark") return { kind: "MARK", value: 0, mask: ~value >>> 0 };
  if (how === "--set-mark") return { kind: "MARK", value, mask: (mask | value) >>> 0 };
  if ((value & ~mask) !== 0)
    words.refuse("a value outside its mask would toggle bits, which no agent does", "--set-mark");
  return { kind: "MARK", value, mask };
}
