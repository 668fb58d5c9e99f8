import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";

/** The longest match for an address in BIRD's own table, which is not the kernel's. */
export type ResolverRoute =
  /** A connected network, from the direct protocol or a kernel route without a gateway. */
  | { readonly kind: "direct"; readonly dev: string }
  /** The address is one of ours on a connected network. */
  | { readonly kind: "own"; readonly dev: string }
  /** A static or default route that BIRD learned from the kernel. */
  | { readonly kind: "kernel"; readonly via: Ip; readonly dev: string }
  /** A blackhole: the dependent route becomes one too. */
  | { readonly kind: "blackhole" }
  /** A route that itself has a recursive next hop. */
  | { readonly kind: "bgp" };

/** The same with the length of its prefix. */
export type Covering = ResolverRoute & { readonly length: number };

/**
 * The longest match once BGP's own routes are in the table. Of equal length, a BGP route (preference 100) is taken before
 * one learned from the kernel (10), and after a connected network (240).
 */
export function withBgp(route: Covering | undefined, learned: Prefix | undefined): ResolverRoute | undefined {
  if (!learned || (route && route.length > learned.length)) return route;
  const connected = route?.kind === "direct" || route?.kind === "own";
  return route && route.length === learned.length && connected ? route : { kind: "bgp" };
}

/** Where BIRD sends a route whose next hop is looked up: the destination it writes into the kernel. */
export type Resolved =
  | { readonly kind: "via"; readonly via: Ip; readonly dev: string }
  | { readonly kind: "blackhole" }
  | { readonly kind: "unreachable"; readonly why: string };

/** A next hop as a path tells it. */
interface NextHop {
  readonly nextHop: Ip;
  /** Its link-local address, which goes with it over single-hop sessions of IPv6. */
  readonly linkLocal?: Ip;
}

/** BIRD's `merge paths` without a limit joins at most so many (sysdep/unix/krt.h: KRT_DEFAULT_ECMP_LIMIT). */
const ECMP_LIMIT = 16;

/**
 * BIRD's recursive next hop (nest/rt-table.c: rt_update_hostentry).
 *
 * On a connected network the next hop is the gateway, or the link-local address that came with it; through a
 * kernel-learned route that route's gateway is; a BGP route never resolves a next hop, even where the kernel could
 * forward.
 */
export function resolveNextHop(
  { nextHop, linkLocal }: NextHop,
  lookup: (ip: Ip) => ResolverRoute | undefined,
): Resolved {
  const route = lookup(nextHop);
  switch (route?.kind) {
    case undefined:
      return { kind: "unreachable", why: `no route to the next hop ${nextHop}` };
    case "direct":
      return { kind: "via", via: linkLocal ?? nextHop, dev: route.dev };
    case "own":
      return { kind: "unreachable", why: `the next hop ${nextHop} is a local address of ${route.dev}` };
    case "kernel":
      return { kind: "via", via: route.via, dev: route.dev };
    case "blackhole":
      return { kind: "blackhole" };
    case "bgp":
      return {
        kind: "unreachable",
        why: `the next hop ${nextHop} is only known by BGP, and BIRD does not recurse twice`,
      };
  }
}

/**
 * The next hops of one kernel route made of equal paths, given in order of preference (nest/rt-table.c:
 * rt_export_merged).
 *
 * Gateways in ascending order, each once, at most 16. A best path that does not resolve is written as it is.
 */
export function mergeNextHops(paths: readonly Resolved[]): readonly Resolved[] {
  const [best] = paths;
  if (best?.kind !== "via") return paths.slice(0, 1);
  const hops = paths.filter((path) => path.kind === "via");
  const once = hops.filter((hop, i) => hops.findIndex(({ via, dev }) => via.equals(hop.via) && dev === hop.dev) === i);
  return once.sort((a, b) => a.via.compare(b.via)).slice(0, ECMP_LIMIT);
}
