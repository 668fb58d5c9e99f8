import type { Chain, FilterRule, FilterTable, Match, Target } from "../kernel/netfilter.ts";
import { markText } from "./iproute.ts";

/** IP protocols by the names iptables-save prints everywhere; others are printed as numbers. */
const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [1, "icmp"],
  [6, "tcp"],
  [17, "udp"],
  [58, "ipv6-icmp"],
  [132, "sctp"],
]);

/**
 * A rule as iptables-save prints it: `-A FLANNEL-FWD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT`;
 * one of both families as the program of the wanted one does.
 */
export function filterRuleText(chain: string, rule: FilterRule, family: 4 | 6 | undefined = familyOf(rule)): string {
  const { match, target, comment } = rule;
  const remark = comment === undefined ? [] : [`-m comment --comment ${quote(comment)}`];
  return [`-A ${chain}`, ...conditions(match), ...remark, `-j ${targetText(target, family)}`].join(" ");
}

/** A chain as iptables-save prints it: its declaration, then its rules. */
export function chainLines(chain: Chain, family?: 4 | 6): readonly string[] {
  return [
    `:${chain.name} ${chain.policy ?? "-"} [0:0]`,
    ...chain.rules.map((rule) => filterRuleText(chain.name, rule, family ?? familyOf(rule))),
  ];
}

/** The family that a rule is written for: by name, or by its addresses. `undefined`: both programs have it. */
export function familyOf({ match, target }: FilterRule): 4 | 6 | undefined {
  const told = match.family ?? match.src?.prefix.family ?? match.dst?.prefix.family;
  return told ?? (target.kind === "SNAT" ? target.to.family : undefined);
}

/** The command that appends a rule. */
export function filterCommand(
  table: FilterTable,
  chain: string,
  rule: FilterRule,
  family: 4 | 6 = familyOf(rule) ?? 4,
): string {
  return `${program(family)} -t ${table} ${filterRuleText(chain, { ...rule, match: { ...rule.match, family } })}`;
}

/** The commands that make a chain, or set the policy of a built-in one. */
export function chainCommand(chain: Chain, family: 4 | 6): string {
  const policy = family === 6 ? (chain.policy6 ?? chain.policy) : chain.policy;
  const what = policy === undefined ? `-N ${chain.name}` : `-P ${chain.name} ${policy}`;
  return `${program(family)} -t ${chain.table} ${what}`;
}

function program(family: 4 | 6): string {
  return family === 6 ? "ip6tables" : "iptables";
}

function conditions(match: Match): readonly string[] {
  const not = (condition: { readonly not?: boolean }) => (condition.not ? "! " : "");
  const { src, dst, in: iif, out, protocol, dport, mark, ctstate, set, local } = match;
  const named = protocol === undefined ? "" : (PROTOCOLS.get(protocol) ?? String(protocol));
  return [
    src && `${not(src)}-s ${src.prefix}`,
    dst && `${not(dst)}-d ${dst.prefix}`,
    iif && `${not(iif)}-i ${iif.dev}`,
    out && `${not(out)}-o ${out.dev}`,
    named && `-p ${named}`,
    dport !== undefined && `-m ${named} --dport ${dport}`,
    mark && `-m mark ${not(mark)}--mark ${markText(mark)}`,
    ctstate && `-m conntrack --ctstate ${ctstate.join(",")}`,
    set && `-m set ${not(set)}--match-set ${set.name} ${set.dir}`,
    local && `-m addrtype ${not(local)}--${local.dir}-type LOCAL`,
    match.rpfilterFails && "-m rpfilter --invert --validmark",
  ].filter((part) => typeof part === "string" && part !== "") as string[];
}

function targetText(target: Target, family: 4 | 6 | undefined): string {
  switch (target.kind) {
    case "ACCEPT":
    case "DROP":
    case "RETURN":
      return target.kind;
    case "NOTRACK":
      return "CT --notrack";
    case "REJECT":
      return `REJECT --reject-with ${family === 6 ? REJECT6[target.with] : target.with}`;
    case "MASQUERADE":
      return target.randomFully ? "MASQUERADE --random-fully" : "MASQUERADE";
    case "SNAT":
      return `SNAT --to-source ${target.to}`;
    case "MARK":
      return `MARK --set-xmark 0x${target.value.toString(16)}/0x${target.mask.toString(16)}`;
    case "jump":
      return target.chain;
  }
}

const REJECT6 = {
  "icmp-port-unreachable": "icmp6-port-unreachable",
  "icmp-admin-prohibited": "icmp6-adm-prohibited",
  "tcp-reset": "tcp-reset",
} as const;

/** A word as iptables-save quotes it (`xtables_save_string`), and as a shell can read it. */
function quote(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `"${text.replaceAll(/["\\$`]/g, "\\$&")}"`;
}
