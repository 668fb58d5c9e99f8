import type { Ip } from "../addr/ip.ts";
import { type FibResult, selectSource } from "../kernel/fib.ts";
import type { Link } from "../kernel/link.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Header, IpHeader } from "../wire/header.ts";
import { lengthOf } from "../wire/stack.ts";
import type { Run } from "./run.ts";
import type { Skb } from "./skb.ts";

/** What a namespace wants sent on its own behalf: tunnels' outer packets, ICMP, a forwarder's datagrams. */
export interface Originate {
  readonly id: number;
  readonly netns: string;
  readonly src?: Ip | undefined;
  /** The source need not be the namespace's own (FLOWI_FLAG_ANYSRC). */
  readonly anySource?: boolean;
  readonly dst: Ip;
  /** The way, where it was looked up already. */
  readonly found?: FibResult;
  readonly ttl: number;
  readonly tos?: number;
  readonly df: boolean | "auto";
  readonly payload: readonly Header[];
  readonly mark?: number;
  readonly depth?: number;
}

/** Routes and wraps a packet the kernel itself sends; `undefined` when there is no way (nothing is noted then). */
export function originate(run: Run, what: Originate): Skb | undefined {
  const netns = run.netns(what.netns);
  const mark = what.mark ?? 0;
  const own = what.src !== undefined && netns.addresses.some(({ ip }) => what.src?.equals(ip));
  const found = what.found ?? run.fib(netns, { dst: what.dst, src: own ? what.src : undefined, mark });
  if (!found || (found.route.type !== "unicast" && found.route.type !== "local")) return undefined;
  const src = what.src ?? selectSource(netns, found, what.dst);
  // A tunnel's fixed source must be the namespace's own (`__ip_dev_find` in `ip_route_output_key`).
  if (!src || (what.src && !own && !what.anySource)) return undefined;
  const size = lengthOf(what.payload) + (what.dst.family === 4 ? 20 : 40);
  const df = what.df === "auto" ? size <= pathMtu(run, netns, found, what.dst) : what.df;
  const header = ipHeader(run, { src, dst: what.dst, ttl: what.ttl, tos: what.tos ?? 0, df });
  return {
    id: what.id,
    netns: what.netns,
    packet: [header, ...what.payload],
    dev: outputDevice(found),
    type: "host",
    mark,
    route: found,
    local: true,
    depth: what.depth ?? 0,
  };
}

/** What the path to `dst` carries as far as this namespace knows: learned, on the route, or the device's (`ip_dst_mtu`). */
export function pathMtu(run: Run, netns: Netns, found: FibResult, dst: Ip): number {
  const link: Link | undefined = netns.links.get(outputDevice(found));
  const device = link?.mtu ?? Number.POSITIVE_INFINITY;
  const learned = run.state.pmtu.get(`${netns.name} ${dst}`) ?? Number.POSITIVE_INFINITY;
  return Math.min(found.route.mtu ?? device, device, learned);
}

/** The device a packet made here leaves by; what is for the namespace itself turns round in `lo`. */
export function outputDevice(found: FibResult): string {
  return found.route.type === "local" ? "lo" : (found.nexthop?.dev ?? "lo");
}

/** An IP header of the destination's family. Identifications count up, as no reader may rely on them. */
export function ipHeader(
  run: Run,
  { src, dst, ttl, tos, df }: { src: Ip; dst: Ip; ttl: number; tos: number; df: boolean },
): IpHeader {
  if (dst.family === 6) return { kind: "ipv6", src, dst, ttl, tos, flow: 0 };
  return { kind: "ipv4", src, dst, ttl, tos, id: (run.serial() % 65535) + 1, df };
}
