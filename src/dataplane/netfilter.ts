import { fibLookup } from "../kernel/fib.ts";
import {
  type Chain,
  type FilterRule,
  type FilterTable,
  HOOK_TABLES,
  type Hook,
  type Match,
} from "../kernel/netfilter.ts";
import type { Netns } from "../kernel/netns.ts";
import type { SkipReason } from "../trace/event.ts";
import type { IpHeader } from "../wire/header.ts";
import { protocolNumber } from "../wire/protocol.ts";
import { confirm, masquerade, snat, track, translateReply } from "./conntrack.ts";
import type { ErrorKind } from "./icmp.ts";
import { icmpSend } from "./icmp.ts";
import { reset } from "./reset.ts";
import type { Run } from "./run.ts";
import { ipOf, type Skb } from "./skb.ts";

interface Devices {
  readonly in?: string | undefined;
  readonly out?: string | undefined;
}

/** A redirect about a translated packet would tell its sender of a way for other addresses (`nf_nat_icmp_reply_translation`). */
function isMisleading({ packet: [ip, icmp], connection }: Skb): boolean {
  if (!connection || ip?.kind !== "ipv4" || icmp?.kind !== "icmp" || icmp.type !== 5) return false;
  return !connection.entry.reply.dst.equals(connection.entry.original.src);
}

/** Whether connections are tracked: some rule translates, or asks for a connection's state (`nf_ct_netns_get`). */
export function tracks(netns: Netns): boolean {
  for (const [table, chains] of netns.chains) {
    for (const { rules } of chains.values()) {
      if (table === "nat" ? rules.length > 0 : rules.some((rule) => rule.match.ctstate)) return true;
    }
  }
  return false;
}

/**
 * Runs the tables that hang on a hook, in their order, with connection tracking between raw and the rest. Gives the
 * packet back, changed or not; `undefined` when it ended here, and then that is noted.
 */
export function hook(run: Run, at: Hook, skb: Skb, devices: Devices): Skb | undefined {
  const netns = run.netns(skb.netns);
  if (netns.chains.size === 0) return skb;
  const tracking = tracks(netns);
  let current: Skb = skb;
  for (const table of HOOK_TABLES[at]) {
    if (tracking && table === "mangle" && (at === "PREROUTING" || at === "OUTPUT")) {
      const tracked = track(run, current);
      if (isMisleading(tracked)) {
        run.drop(tracked, "NETFILTER_DROP");
        return undefined;
      }
      current = translateReply(run, tracked);
    }
    const passed = runTable(run, netns, at, table, current, devices);
    if (!passed) return undefined;
    current = passed;
  }
  return tracking && (at === "POSTROUTING" || at === "INPUT") ? confirm(run, current) : current;
}

function runTable(run: Run, netns: Netns, at: Hook, table: FilterTable, skb: Skb, devices: Devices): Skb | undefined {
  const chain = netns.chains.get(table)?.get(at);
  if (!chain) return skb;
  // The nat table sees the first packet of a connection only; the others follow it.
  if (table === "nat" && (!skb.connection?.fresh || skb.untracked)) {
    const spared = at === "POSTROUTING" && chain.rules.length > 0 && skb.connection?.direction === "reply";
    if (spared) run.note(skb, { kind: "skip", what: "SKIP_SNAT_REPLY" });
    return skb;
  }
  const walk = new ChainWalk(run, netns, table, devices);
  const ended = walk.through(chain, skb);
  const after = walk.skb ?? skb;
  switch (ended.verdict) {
    case "ACCEPT":
      if (chain.rules.length > 0 && table !== "nat") {
        run.note(after, {
          kind: "filter",
          hook: at,
          table,
          chain: ended.chain,
          verdict: "ACCEPT",
          ...(ended.rule && { rule: ended.rule }),
        });
      }
      return after;
    case "DROP":
      return end(run, after, at, table, ended);
    case "REJECT": {
      end(run, after, at, table, ended);
      if (ended.error === "tcp-reset") run.settle(reset(run, after));
      else if (ended.error) run.settle(icmpSend(run, after, ended.error));
      return undefined;
    }
  }
}

function end(run: Run, skb: Skb, at: Hook, table: FilterTable, ended: Ended): undefined {
  const { chain, rule, verdict } = ended;
  run.note(skb, { kind: "filter", hook: at, table, chain, verdict, ...(rule && { rule }) });
  // A process whose packet is dropped on its way out is told so.
  if (at === "OUTPUT" && verdict === "DROP")
    run.note(skb, { kind: "error", error: { errno: "EPERM", origin: "local" } });
  run.drop(skb, "NETFILTER_DROP");
  return undefined;
}

interface Ended {
  readonly verdict: "ACCEPT" | "DROP" | "REJECT";
  readonly chain: Chain;
  readonly rule?: FilterRule;
  readonly error?: ErrorKind | "tcp-reset";
}

/** One pass through the chains of one table. */
class ChainWalk {
  skb: Skb | undefined;
  readonly #run: Run;
  readonly #netns: Netns;
  readonly #table: FilterTable;
  readonly #devices: Devices;

  constructor(run: Run, netns: Netns, table: FilterTable, devices: Devices) {
    this.#run = run;
    this.#netns = netns;
    this.#table = table;
    this.#devices = devices;
  }

  /** A built-in chain ends in its policy. */
  through(chain: Chain, skb: Skb): Ended {
    this.skb = skb;
    const policy = ipOf(skb).src.family === 6 ? chain.policy6 : undefined;
    return this.#rules(chain) ?? { verdict: policy ?? chain.policy ?? "ACCEPT", chain };
  }

  /** `undefined` when the chain ran out of rules, or returned. */
  #rules(chain: Chain): Ended | undefined {
    for (const rule of chain.rules) {
      const skb = this.skb as Skb;
      if (!matches(this.#netns, rule.match, skb, this.#devices)) continue;
      const { target } = rule;
      switch (target.kind) {
        case "ACCEPT":
        case "DROP":
          return { verdict: target.kind, chain, rule };
        case "REJECT":
          return { verdict: "REJECT", chain, rule, error: rejection(target.with) };
        case "RETURN":
          if (this.#table === "nat") this.#run.note(skb, { kind: "skip", what: skipped(rule), rule });
          return undefined;
        case "NOTRACK":
          this.skb = { ...skb, untracked: true };
          break;
        case "MARK":
          this.skb = { ...skb, mark: ((skb.mark & ~target.mask) | target.value) >>> 0 };
          break;
        case "MASQUERADE":
          this.skb = masquerade(this.#run, this.#netns, skb, this.#devices.out, rule);
          return { verdict: "ACCEPT", chain, rule };
        case "SNAT":
          this.skb = snat(this.#run, skb, target.to, rule);
          return { verdict: "ACCEPT", chain, rule };
        case "jump": {
          const next = this.#netns.chains.get(this.#table)?.get(target.chain);
          const ended = next && this.#rules(next);
          if (ended) return ended;
          break;
        }
      }
    }
    return undefined;
  }
}

/** Rules that end translation early name what they spare: a set of pools, or the cluster's own prefix. */
function skipped({ match }: FilterRule): SkipReason {
  return match.set ? "SKIP_SNAT_DST_IN_POOL" : "SKIP_SNAT_DST_IN_CLUSTER_CIDR";
}

function rejection(how: "icmp-port-unreachable" | "icmp-admin-prohibited" | "tcp-reset"): ErrorKind | "tcp-reset" {
  if (how === "tcp-reset") return how;
  return how === "icmp-admin-prohibited" ? "prohibited" : "port-unreachable";
}

/** Whether every condition of a rule holds. */
function matches(netns: Netns, match: Match, skb: Skb, devices: Devices): boolean {
  const ip = ipOf(skb);
  const wants = (condition: { readonly not?: boolean } | undefined, holds: () => boolean) =>
    condition === undefined || holds() !== (condition.not ?? false);
  return (
    (match.family === undefined || match.family === ip.src.family) &&
    wants(match.src, () => match.src?.prefix.contains(ip.src) ?? false) &&
    wants(match.dst, () => match.dst?.prefix.contains(ip.dst) ?? false) &&
    wants(match.in, () => named(match.in?.dev, devices.in)) &&
    wants(match.out, () => named(match.out?.dev, devices.out)) &&
    (match.protocol === undefined || match.protocol === protocolOf(skb, ip)) &&
    (match.dport === undefined || match.dport === portOf(skb)) &&
    wants(match.mark, () => (skb.mark & (match.mark?.mask ?? 0)) >>> 0 === match.mark?.value) &&
    (match.ctstate === undefined || match.ctstate.includes(stateOf(skb))) &&
    wants(match.set, () => inSet(netns, match.set?.name ?? "", match.set?.dir === "src" ? ip.src : ip.dst)) &&
    wants(match.local, () => isLocal(netns, match.local?.dir === "src" ? ip.src : ip.dst)) &&
    (match.rpfilterFails === undefined || reverseFails(netns, skb, ip, devices.in))
  );
}

function named(pattern: string | undefined, dev: string | undefined): boolean {
  if (pattern === undefined || dev === undefined) return false;
  return pattern.endsWith("+") ? dev.startsWith(pattern.slice(0, -1)) : dev === pattern;
}

function protocolOf(skb: Skb, ip: IpHeader): number | undefined {
  const next = skb.packet[1];
  return ip.fragment?.protocol ?? (next && protocolNumber(next, ip.kind));
}

function portOf(skb: Skb): number | undefined {
  const next = skb.packet[1];
  return next && "dport" in next ? next.dport : undefined;
}

function stateOf(skb: Skb): "NEW" | "ESTABLISHED" | "RELATED" | "INVALID" {
  const next = skb.packet[1];
  if (skb.packet[2]?.kind === "quote" && next?.kind === "icmp") return skb.connection ? "RELATED" : "INVALID";
  return skb.connection === undefined
    ? "INVALID"
    : skb.connection.direction === "reply" || !skb.connection.fresh
      ? "ESTABLISHED"
      : "NEW";
}

function inSet(netns: Netns, name: string, ip: IpHeader["src"]): boolean {
  return netns.sets.near(netns.peers.byIp(ip), ip).some((row) => row.set === name && row.prefix.contains(ip));
}

function isLocal(netns: Netns, ip: IpHeader["src"]): boolean {
  return netns.addresses.some((address) => address.ip.equals(ip));
}

/** `-m rpfilter --invert`: nothing leads back to the source by the device it came in by. */
function reverseFails(netns: Netns, skb: Skb, ip: IpHeader, dev: string | undefined): boolean {
  const back = fibLookup(netns, { dst: ip.src, mark: skb.mark });
  return back?.nexthop?.dev !== dev;
}
