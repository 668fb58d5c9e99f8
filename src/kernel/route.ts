import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Scope } from "./address.ts";
import type { Written } from "./row.ts";

export const LOCAL_TABLE = 255;
export const MAIN_TABLE = 254;

export type RouteType = "unicast" | "local" | "broadcast" | "blackhole" | "unreachable" | "prohibit" | "throw";

/** One way on: through a gateway, or straight out of a device. */
export interface Nexthop {
  readonly via?: Ip;
  readonly dev?: string;
  readonly onlink?: boolean;
  readonly weight?: number;
}

/** A row of a routing table, in the words of ip-route(8). */
export interface Route extends Written {
  readonly table: number;
  readonly type: RouteType;
  readonly dst: Prefix;
  readonly via?: Ip;
  readonly dev?: string;
  /** The gateway is taken to be on the link without asking the other routes. */
  readonly onlink?: boolean;
  readonly src?: Ip;
  readonly metric: number;
  /** `boot` is what iproute2 does not print. */
  readonly proto: string;
  readonly scope: Scope;
  readonly mtu?: number;
  /** Equal-cost branches; then `via` and `dev` are absent. */
  readonly nexthops?: readonly Nexthop[];
}

/**
 * What the kernel takes for the same route: the table, the prefix and the metric. Rows it makes itself stand beside
 * each other, one a device (`fib_magic` appends), and the first wins.
 */
export function routeKey(route: Route): string {
  const own = route.by === "kernel" ? ` ${route.dev}` : "";
  return `${route.table} ${route.dst} ${route.metric}${own}`;
}

/** Every way on that a route offers; none for blackholes and their kin. */
export function nexthopsOf(route: Route): readonly Nexthop[] {
  return route.nexthops ?? (route.dev === undefined ? [] : [route as Nexthop]);
}

/** Longest prefix first, then the lowest metric: the order in which one table offers its rows. */
export function byPreference(a: Route, b: Route): number {
  return b.dst.length - a.dst.length || a.metric - b.metric;
}
