import type { Ip } from "../addr/ip.ts";
import type { Covering } from "../bgp/resolve.ts";
import type { Netns } from "../kernel/netns.ts";
import { MAIN_TABLE, type Route } from "../kernel/route.ts";

/**
 * What a daemon finds over an address among the routes of its kernel that are not its own, the longest: connected
 * networks by its direct protocol, all others because its kernel protocol has `learn` (sysdep/unix/krt.c `krt_got_route`).
 */
export function kernelCovering(netns: Netns, ip: Ip): Covering | undefined {
  let best: Route | undefined;
  for (const route of foreign(netns)) {
    if (!route.dst.contains(ip)) continue;
    const longer = !best || route.dst.length > best.dst.length;
    if (longer || (route.dst.length === best?.dst.length && route.metric < best.metric)) best = route;
  }
  return best && covering(netns, ip, best);
}

/** Whether a daemon that looks at a kernel again finds it as it was when this was asked. */
export function hearing(netns: Netns): () => boolean {
  const seen = () => [...foreign(netns), ...netns.addresses];
  const before = seen();
  return () => {
    const after = seen();
    return after.length !== before.length || after.some((row, i) => row !== before[i]);
  };
}

/** Routes that a daemon did not write itself, in the table it looks at. */
function* foreign({ routes }: Netns): Generator<Route> {
  for (const route of routes.written()) if (route.table === MAIN_TABLE && route.proto !== "bird") yield route;
}

function covering(netns: Netns, ip: Ip, { dst, type, dev, via, nexthops }: Route): Covering | undefined {
  const { length } = dst;
  if (type === "blackhole") return { kind: "blackhole", length };
  const [hop] = nexthops ?? [{ dev, via }];
  // `unreachable` and `prohibit` are no way on either.
  if (type !== "unicast" || hop?.dev === undefined) return undefined;
  if (hop.via) return { kind: "kernel", via: hop.via, dev: hop.dev, length };
  const own = netns.addresses.some((address) => address.ip.equals(ip));
  return { kind: own ? "own" : "direct", dev: hop.dev, length };
}
