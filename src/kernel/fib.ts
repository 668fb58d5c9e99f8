import type { Ip } from "../addr/ip.ts";
import { type Address, SCOPE_ORDER, type Scope } from "./address.ts";
import type { Netns } from "./netns.ts";
import { byPreference, type Nexthop, nexthopsOf, type Route } from "./route.ts";
import type { Rule } from "./rule.ts";

/** What is looked up; as `struct flowi4`, with the fields that rules and next hops can ask for. */
export interface FibKey {
  readonly dst: Ip;
  readonly src?: Ip | undefined;
  readonly iif?: string | undefined;
  readonly oif?: string | undefined;
  readonly mark?: number | undefined;
  /** Rows of a wider scope do not count; used to test a gateway (`fib_check_nh`). */
  readonly scope?: Scope | undefined;
  /** Leaves rows out, as BIRD leaves out its own when it resolves a next hop. */
  readonly except?: (route: Route) => boolean;
  /** Which of several equal branches; reduced modulo their weights. Default: the first. */
  readonly hash?: number | undefined;
}

/** The row that decided, the branch of it, and what lost or was passed over on the way. */
export interface FibResult {
  readonly route: Route;
  readonly rule: Rule;
  readonly nexthop?: Nexthop;
  readonly losers: readonly Route[];
}

/**
 * Looks a destination up as `fib_rules_lookup` does: rules by preference, in each table the longest prefix with the
 * lowest metric; `throw` goes on to the next rule.
 */
export function fibLookup(netns: Netns, key: FibKey): FibResult | undefined {
  const rows = netns.routes.near(netns.peers.byIp(key.dst));
  const candidates = rows.filter((row) => usable(netns, row, key)).sort(byPreference);
  for (const rule of netns.rules) {
    if (!ruleApplies(rule, key)) continue;
    const [route, ...losers] = candidates.filter((row) => row.table === rule.table);
    if (!route || route.type === "throw") continue;
    const nexthop = chooseNexthop(netns, route, key);
    const others = candidates.filter((row) => row !== route && !losers.includes(row));
    return { route, rule, ...(nexthop && { nexthop }), losers: [...losers, ...others] };
  }
  return undefined;
}

function usable(netns: Netns, row: Route, key: FibKey): boolean {
  if (!row.dst.contains(key.dst) || key.except?.(row)) return false;
  if (key.scope !== undefined && SCOPE_ORDER[row.scope] < SCOPE_ORDER[key.scope]) return false;
  const hops = nexthopsOf(row);
  // A route none of whose devices is up is dead (RTNH_F_DEAD); with `oif` one branch must leave by it.
  return hops.length === 0 || hops.some((hop) => alive(netns, hop, key));
}

function alive(netns: Netns, hop: Nexthop, key: FibKey): boolean {
  const link = hop.dev === undefined ? undefined : netns.links.get(hop.dev);
  return link?.up === true && (key.oif === undefined || key.oif === hop.dev);
}

function chooseNexthop(netns: Netns, route: Route, key: FibKey): Nexthop | undefined {
  const hops = nexthopsOf(route).filter((hop) => alive(netns, hop, key));
  const total = hops.reduce((sum, hop) => sum + (hop.weight ?? 1), 0);
  let left = total === 0 ? 0 : (key.hash ?? 0) % total;
  return hops.find((hop) => {
    left -= hop.weight ?? 1;
    return left < 0;
  });
}

function ruleApplies(rule: Rule, key: FibKey): boolean {
  const mark = key.mark ?? 0;
  const matches =
    (!rule.from || (key.src !== undefined && rule.from.contains(key.src))) &&
    (!rule.to || rule.to.contains(key.dst)) &&
    (rule.iif === undefined || rule.iif === key.iif) &&
    (rule.oif === undefined || rule.oif === key.oif) &&
    (!rule.fwmark || (mark & rule.fwmark.mask) >>> 0 === rule.fwmark.value);
  return matches !== (rule.invert ?? false);
}

/**
 * The source address the kernel gives a packet that leaves by `dev`: the route's own, else one of the device's,
 * preferring the one whose network holds the next hop, else the first address of another device in ifindex order
 * (`inet_select_addr`). `undefined` when the namespace has none of the family.
 */
export function selectSource(netns: Netns, found: FibResult, dst: Ip): Ip | undefined {
  const { route, nexthop } = found;
  if (route.src) return route.src;
  if (route.type === "local") return dst;
  return selectAddress(netns, nexthop?.dev, nexthop?.via ?? dst, route.scope)?.ip;
}

/** `inet_select_addr(dev, towards, scope)`; for IPv6 the rules 3 and 5 of RFC 6724 come to the same order. */
export function selectAddress(
  netns: Netns,
  dev: string | undefined,
  towards: Ip,
  scope: Scope = "global",
): Address | undefined {
  const limit = towards.family === 6 ? SCOPE_ORDER.link : SCOPE_ORDER[scope];
  const fits = (address: Address) => address.ip.family === towards.family && SCOPE_ORDER[address.scope] <= limit;
  const here = netns.addresses.filter((address) => address.dev === dev && fits(address));
  const global = here.filter((address) => address.scope === "global" || towards.isLinkLocal);
  const best = (towards.family === 6 && global.length > 0 ? global : here).find((address) =>
    address.ip.masked(address.length).equals(towards.masked(address.length)),
  );
  const first = towards.family === 6 ? (global[0] ?? here[0]) : here[0];
  if (best ?? first) return best ?? first;
  const order = [...netns.links.values()].sort((a, b) => a.ifindex - b.ifindex).map((link) => link.name);
  return order
    .flatMap((name) => netns.addresses.filter((address) => address.dev === name && fits(address)))
    .find((address) => address.scope === "global");
}
