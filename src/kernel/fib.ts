import { Ip } from "../addr/ip.ts";
import { hash32 } from "../addr/mac.ts";
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
  /** Rows of a wider scope do not count; used to test an IPv4 gateway (`fib_check_nh`). IPv6 routes have no scope. */
  readonly scope?: Scope | undefined;
  /** Leaves rows out, as BIRD leaves out its own when it resolves a next hop. */
  readonly except?: (route: Route) => boolean;
  /** Says which branch of a route with several is taken, by its place; default: the one that the addresses hash to. */
  readonly branch?: ((netns: Netns, route: Route, dst: Ip) => number | undefined) | undefined;
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
  const rows = netns.routes.near(netns.peers.byIp(key.dst), key.dst);
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
  if (key.scope !== undefined && row.dst.family === 4 && SCOPE_ORDER[row.scope] < SCOPE_ORDER[key.scope]) return false;
  const hops = nexthopsOf(row);
  // A route none of whose devices is up is dead (RTNH_F_DEAD); with `oif` one branch must leave by it.
  return hops.length === 0 || hops.some((hop) => alive(netns, hop, key));
}

function alive(netns: Netns, hop: Nexthop, key: Pick<FibKey, "oif">): boolean {
  const link = hop.dev === undefined ? undefined : netns.links.get(hop.dev);
  return link?.up === true && (key.oif === undefined || key.oif === hop.dev);
}

/** The branches of a route whose devices are up. */
export function liveNexthops(netns: Netns, route: Route): readonly Nexthop[] {
  return nexthopsOf(route).filter((hop) => alive(netns, hop, {}));
}

/**
 * `fib_select_multipath`: a hash of the two addresses alone picks a branch (fib_multipath_hash_policy 0), so all flows
 * of a pair go the same way. The kernel's hash is keyed at random; ours follows from the names, and respects weights.
 */
function chooseNexthop(netns: Netns, route: Route, key: FibKey): Nexthop | undefined {
  const hops = nexthopsOf(route).filter((hop) => alive(netns, hop, key));
  if (hops.length < 2) return hops[0];
  const told = nexthopsOf(route)[key.branch?.(netns, route, key.dst) ?? -1];
  if (told && hops.includes(told)) return told;
  const total = hops.reduce((sum, hop) => sum + (hop.weight ?? 1), 0);
  let left = hash32(`${netns.name} ${key.src ?? ""} ${key.dst}`) % total;
  return hops.find((hop) => {
    left -= hop.weight ?? 1;
    return left < 0;
  });
}

function ruleApplies(rule: Rule, key: FibKey): boolean {
  if (rule.family !== undefined && rule.family !== key.dst.family) return false;
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
 * The source address the kernel gives a packet that leaves by a route: the route's own, else for IPv4 that of
 * `fib_info_update_nhc_saddr`, for IPv6 that of RFC 6724. `undefined` when the namespace has none of the family.
 */
export function selectSource(netns: Netns, found: FibResult, dst: Ip): Ip | undefined {
  const { route, nexthop } = found;
  if (route.src) return route.src;
  if (route.type === "local") return dst;
  if (dst.family === 6) return selectAddress(netns, nexthop?.dev, dst)?.ip;
  return selectAddress(netns, nexthop?.dev, nexthop?.via ?? Ip.of(0), route.scope)?.ip;
}

/**
 * An address to speak from on `dev`. IPv4, `inet_select_addr`: the first of the device whose network holds `towards`
 * (any, when that is 0.0.0.0), else its first, else the first of another device in ifindex order. IPv6,
 * `ipv6_dev_get_saddr`: the best by RFC 6724 for the destination `towards`.
 */
export function selectAddress(
  netns: Netns,
  dev: string | undefined,
  towards: Ip,
  scope: Scope = "global",
): Address | undefined {
  const order = [...netns.links.values()].sort((a, b) => a.ifindex - b.ifindex).map((link) => link.name);
  const on = (name: string) => netns.addresses.filter((row) => row.dev === name && row.ip.family === towards.family);
  if (towards.family === 6) return selectAddress6(dev, towards, towards.isLinkLocal ? [] : order, on);
  const fits = (row: Address) => SCOPE_ORDER[row.scope] <= SCOPE_ORDER[scope];
  const here = dev === undefined ? [] : on(dev).filter(fits);
  const near = (row: Address) => towards.isUnspecified || row.ip.masked(row.length).equals(towards.masked(row.length));
  return here.find(near) ?? here[0] ?? order.flatMap(on).find((row) => fits(row) && row.scope !== "link");
}

/** Rules 1, 2, 5, 6 and 8; the first device wins a tie, and on a device the address that was added last. */
function selectAddress6(
  dev: string | undefined,
  dst: Ip,
  devices: readonly string[],
  on: (name: string) => readonly Address[],
): Address | undefined {
  const rank = (row: Address) => [
    row.ip.equals(dst) ? 1 : 0,
    row.ip.isLinkLocal === dst.isLinkLocal && !row.ip.isLoopback ? 1 : 0,
    row.dev === dev ? 1 : 0,
    isUniqueLocal(row.ip) === isUniqueLocal(dst) ? 1 : 0,
    Math.min(commonLength(row.ip, dst), row.length),
  ];
  let best: { readonly row: Address; readonly rank: readonly number[] } | undefined;
  for (const name of devices.length > 0 ? devices : dev === undefined ? [] : [dev]) {
    for (const row of on(name).toReversed()) {
      const mine = rank(row);
      if (!best || isGreater(mine, best.rank)) best = { row, rank: mine };
    }
  }
  return best?.row;
}

function isGreater(a: readonly number[], b: readonly number[]): boolean {
  const first = a.findIndex((value, i) => value !== b[i]);
  return first >= 0 && (a[first] ?? 0) > (b[first] ?? 0);
}

/** fc00::/7, a label of its own in the kernel's policy table. */
function isUniqueLocal(ip: Ip): boolean {
  return (ip.words[0] ?? 0) >>> 25 === 0x7e;
}

function commonLength(a: Ip, b: Ip): number {
  const word = a.words.findIndex((value, i) => value !== b.words[i]);
  return word < 0 ? a.bits : word * 32 + Math.clz32((a.words[word] ?? 0) ^ (b.words[word] ?? 0));
}
