import type { Ip } from "../addr/ip.ts";
import { type FibResult, selectSource } from "../kernel/fib.ts";
import type { SocketProtocol } from "../kernel/socket.ts";
import { defaultTtl } from "../kernel/sysctl.ts";
import type { SocketError } from "../trace/event.ts";
import type { Header, Packet } from "../wire/header.ts";
import { lengthOf } from "../wire/stack.ts";
import { hook } from "./netfilter.ts";
import { ipHeader, outputDevice, pathMtu } from "./originate.ts";
import type { Run } from "./run.ts";
import { ipOf, isLimitedBroadcast, type Skb, type Step } from "./skb.ts";

/** What a process asks its socket to send. */
export interface Send {
  /** The namespace of the process. */
  readonly from: string;
  readonly dst: Ip;
  /** Bound to an address; otherwise the kernel chooses. */
  readonly src?: Ip;
  readonly ttl?: number;
  readonly tos?: number;
  /**
   * `auto`: a default socket, which sets DF and fragments by itself once it has learned a smaller path MTU
   * (IP_PMTUDISC_WANT). `always`: IP_PMTUDISC_DO. `never`: IP_PMTUDISC_DONT.
   */
  readonly df: "auto" | "always" | "never";
  /** The transport header and what is behind it. */
  readonly payload: Packet;
  readonly process: string;
  /** What the packet is to the trace; default `sent`. */
  readonly cause?: "sent" | "reply";
}

/** What a socket is found by when an answer comes: its port, or the identifier of its echo requests. */
function clientPort(transport: Header): number | undefined {
  switch (transport.kind) {
    case "udp":
    case "tcp":
    case "sctp":
      return transport.sport;
    case "icmp":
      return transport.rest >>> 16;
    default:
      return undefined;
  }
}

const ERRNO_OF_TYPE = { blackhole: "EINVAL", unreachable: "EHOSTUNREACH", prohibit: "EACCES" } as const;
const DROP_OF_TYPE = {
  blackhole: "route-blackhole",
  unreachable: "route-unreachable",
  prohibit: "route-prohibit",
} as const;

/** `udp_sendmsg`, `ping_v4_sendmsg`, `tcp_v4_connect`: routes, chooses a source, checks the size, and lets it out. */
export function send(run: Run, what: Send): { readonly packet: Packet; readonly steps: readonly Step[] } {
  const id = run.packet(what.cause ?? "sent");
  const netns = run.netns(what.from);
  const found = sendingWay(run.fib(netns, { dst: what.dst, src: what.src }), what.dst);
  const src = what.src ?? (found && selectSource(netns, found, what.dst)) ?? what.dst.masked(0);
  const size = lengthOf(what.payload) + (what.dst.family === 4 ? 20 : 40);
  const mtu = found ? pathMtu(run, netns, found, what.dst) : Number.POSITIVE_INFINITY;
  const header = ipHeader(run, {
    src,
    dst: what.dst,
    ttl: what.ttl ?? defaultTtl(netns),
    tos: what.tos ?? 0,
    df: what.df === "always" || (what.df === "auto" && size <= mtu),
  });
  const packet: Packet = [header, ...what.payload];
  const skb: Skb = {
    id,
    netns: what.from,
    packet,
    type: "host",
    mark: 0,
    local: true,
    depth: 0,
    ...(found && { route: found, dev: outputDevice(found) }),
  };
  remember(run, what);
  run.note(skb, { kind: "send", process: what.process });
  const failed = failure(found, size, mtu, what);
  if (failed) {
    if (found) run.note(skb, { kind: "route", direction: "output", found, src });
    run.note(skb, { kind: "error", error: failed.error });
    return { packet, steps: run.drop(skb, failed.reason, { ...(found && { route: found }), mtu, size, ip: what.dst }) };
  }
  return { packet, steps: [{ stage: "ip_local_out", skb }] };
}

/** What is for everybody goes out of the route's device, and to no gateway (`ip_route_output_key_hash_rcu`). */
function sendingWay(found: FibResult | undefined, dst: Ip): FibResult | undefined {
  const dev = found?.nexthop?.dev;
  if (!found || dev === undefined || !isLimitedBroadcast(dst)) return found;
  return { ...found, route: { ...found.route, type: "broadcast" }, nexthop: { dev } };
}

/** The socket stays open for what comes back. */
function remember(run: Run, what: Send): void {
  const [transport] = what.payload;
  const port = transport && clientPort(transport);
  if (!transport || port === undefined) return;
  const protocol = transport.kind as SocketProtocol;
  const owner = { kind: "process", name: what.process } as const;
  run.state.sockets.set(`${what.from} ${protocol} ${port}`, { protocol, port, owner, by: "operator" });
}

function failure(found: FibResult | undefined, size: number, mtu: number, what: Send) {
  const local = (errno: string, more: Partial<SocketError> = {}): SocketError => ({ errno, origin: "local", ...more });
  if (!found) return { error: local("ENETUNREACH"), reason: "IP_OUTNOROUTES" } as const;
  const { type } = found.route;
  if (type === "blackhole" || type === "unreachable" || type === "prohibit") {
    return { error: local(ERRNO_OF_TYPE[type]), reason: DROP_OF_TYPE[type] } as const;
  }
  if (what.df === "always" && size > mtu) return { error: local("EMSGSIZE", { mtu }), reason: "PKT_TOO_BIG" } as const;
  return undefined;
}

/** `__ip_local_out`: the OUTPUT hook, then on as any packet that leaves. */
export function localOut(run: Run, skb: Skb): readonly Step[] {
  const route = skb.route as FibResult;
  run.note(skb, { kind: "route", direction: "output", found: route, src: ipOf(skb).src });
  const passed = hook(run, "OUTPUT", skb, { out: skb.dev });
  if (!passed) return [];
  const { dst } = ipOf(passed);
  return dst.equals(ipOf(skb).dst) ? [{ stage: "ip_output", skb: passed }] : routeAgain(run, passed, dst);
}

/** `ip_route_me_harder`: what was translated on its way out has another way. */
function routeAgain(run: Run, skb: Skb, dst: Ip): readonly Step[] {
  const netns = run.netns(skb.netns);
  const found = run.fib(netns, { dst, src: ipOf(skb).src, mark: skb.mark });
  if (!found) return run.drop(skb, "IP_OUTNOROUTES", { ip: dst });
  const routed: Skb = { ...skb, route: found, dev: outputDevice(found) };
  run.note(routed, { kind: "route", direction: "output", found, src: ipOf(skb).src });
  return [{ stage: "ip_output", skb: routed }];
}

/** `ip_output`: the POSTROUTING hook, then the size. */
export function ipOutput(run: Run, skb: Skb): readonly Step[] {
  const passed = hook(run, "POSTROUTING", skb, { out: skb.dev });
  return passed ? [{ stage: "ip_finish_output", skb: passed }] : [];
}
