import type { Ip } from "../addr/ip.ts";
import type { FibResult } from "../kernel/fib.ts";
import type { Netns } from "../kernel/netns.ts";
import { acceptsLocal, rpFilter } from "../kernel/sysctl.ts";
import type { DropReason } from "../trace/reason.ts";
import type { Run } from "./run.ts";

/** The packet's own addresses and the device it came in by, as far as the reverse path is concerned. */
export interface Arrival {
  readonly src: Ip;
  readonly dev: string;
}

/**
 * `fib_validate_source`: a packet from one of our own addresses is a martian, whatever rp_filter says; with rp_filter
 * the way back to the source must leave by the device it came in by (1), or exist at all (2).
 */
export function validateSource(
  run: Run,
  netns: Netns,
  { src, dev }: Arrival,
): { readonly reason: DropReason; readonly back?: FibResult } | undefined {
  if (src.family === 6 || dev === "lo" || src.isUnspecified) return undefined;
  const own = netns.addresses.some((address) => address.ip.equals(src));
  if (own) return acceptsLocal(netns, dev) ? undefined : { reason: "IP_LOCAL_SOURCE" };
  const mode = rpFilter(netns, dev);
  if (mode === 0) return undefined;
  const back = run.fib(netns, { dst: src, iif: "lo" });
  const leads = back?.route.type === "unicast";
  if (leads && (mode === 2 || reachesBy(back, dev))) return undefined;
  return { reason: "IP_RPFILTER", ...(back && { back }) };
}

/** Any branch of a multipath route will do (`fib_info_nh_uses_dev`). */
function reachesBy({ route, nexthop }: FibResult, dev: string): boolean {
  return nexthop?.dev === dev || (route.nexthops?.some((hop) => hop.dev === dev) ?? false);
}
