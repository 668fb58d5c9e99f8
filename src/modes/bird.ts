import type { RouteRequest } from "../kernel/request.ts";
import type { CalicoSettings } from "../topology/topology.ts";
import type { Learned } from "./routing.ts";
import { isModern } from "./version.ts";

/**
 * What BIRD's kernel protocol writes for a prefix (sysdep/linux/netlink.c `nl_send_route`). `tunnel` is the fork's
 * krt_tunnel: a plain gateway becomes the tunnel device towards the BGP next hop; nothing else is changed by it.
 */
export function birdRoute(
  learned: Learned,
  options: { readonly metric?: number; readonly tunnel?: string },
): RouteRequest {
  const { dst, paths, resolved } = learned;
  const [hop, ...others] = resolved;
  const row = { dst, proto: "bird", ...(options.metric !== undefined && { metric: options.metric }) };
  if (hop?.kind !== "via") return { ...row, type: hop?.kind ?? "unreachable" };
  if (others.length > 0) {
    const nexthops = resolved.flatMap((way) => (way.kind === "via" ? [{ via: way.via, dev: way.dev }] : []));
    return { ...row, nexthops };
  }
  const via = options.tunnel === undefined ? hop.via : (paths[0]?.nextHop ?? hop.via);
  return options.tunnel === undefined
    ? { ...row, via, dev: hop.dev }
    : { ...row, via, dev: options.tunnel, onlink: true };
}

/** The metric of a BGP route on a node of v3.32 and later; older ones have none. */
export function bgpMetric(version: CalicoSettings["version"], learned: Learned): number | undefined {
  return isModern(version) ? 2147483647 - (learned.paths[0]?.localPref ?? 100) : undefined;
}
