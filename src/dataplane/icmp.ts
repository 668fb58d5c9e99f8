import type { Ip } from "../addr/ip.ts";
import { type FibResult, selectSource } from "../kernel/fib.ts";
import type { Netns } from "../kernel/netns.ts";
import type { IcmpError, IcmpSilence, SocketError } from "../trace/event.ts";
import type { Header, Icmp, Packet, Quote } from "../wire/header.ts";
import { lengthOf } from "../wire/stack.ts";
import { originate } from "./originate.ts";
import type { Run } from "./run.ts";
import { ipOf, isBroadcast, type Skb, type Step } from "./skb.ts";

export type ErrorKind =
  | "net-unreachable"
  | "host-unreachable"
  | "protocol-unreachable"
  | "port-unreachable"
  | "frag-needed"
  | "prohibited"
  | "ttl-exceeded";

/** Type and code of each error: RFC 792 and 1812 §5.2.7, RFC 4443 §3. */
const ERRORS: Readonly<
  Record<ErrorKind, { readonly v4: readonly [number, number]; readonly v6: readonly [number, number] }>
> = {
  "net-unreachable": { v4: [3, 0], v6: [1, 0] },
  "host-unreachable": { v4: [3, 1], v6: [1, 3] },
  "protocol-unreachable": { v4: [3, 2], v6: [4, 1] },
  "port-unreachable": { v4: [3, 3], v6: [1, 4] },
  "frag-needed": { v4: [3, 4], v6: [2, 0] },
  prohibited: { v4: [3, 13], v6: [1, 1] },
  "ttl-exceeded": { v4: [11, 0], v6: [3, 0] },
};

/** An ICMP error is at most this long, in bytes: RFC 1812 §4.3.2.3, RFC 4443 §2.4. */
const LIMIT = { 4: 576, 6: 1280 } as const;

/**
 * `icmp_send`: an error about `skb`, from the namespace it is in, as a packet of its own. What could not be sent is
 * noted with the reason.
 */
export function icmpSend(
  run: Run,
  skb: Skb,
  kind: ErrorKind,
  more: { readonly mtu?: number; readonly after?: "patience" } = {},
): readonly Step[] {
  const ip = ipOf(skb);
  const [type, code] = ERRORS[kind][ip.kind === "ipv4" ? "v4" : "v6"];
  const error: IcmpError = { type, code, ...(more.mtu !== undefined && { mtu: more.mtu }) };
  const silent = silence(skb);
  if (silent) {
    run.note(skb, { kind: "icmp", error, why: silent });
    return [];
  }
  const { id, made, back } = icmpPacket(run, skb, "icmp-error", errorBody(skb, error));
  if (!made) {
    run.note(skb, { kind: "icmp", error, why: back?.route.type === "blackhole" ? "blackhole" : "no-route-back" });
    return [];
  }
  run.note(skb, { kind: "icmp", error, sent: id });
  const step: Step = { stage: "ip_local_out", skb: made };
  if (more.after === undefined) return [step];
  run.later.push(step);
  return [];
}

/**
 * `icmp_send`: a packet to whoever sent `skb`, as another packet of this walk; absent when no way leads back. Those of
 * IPv4 have precedence 6 and its type of service (RFC 1812 §4.3.2.5), those of IPv6 no class.
 */
export function icmpPacket(run: Run, skb: Skb, cause: "icmp-error" | "redirect", payload: readonly Header[]) {
  const ip = ipOf(skb);
  const netns = run.netns(skb.netns);
  // What was addressed to us is answered from that address; otherwise the way back chooses (`icmp_send`, saddr).
  const own = netns.addresses.some((address) => address.ip.equals(ip.dst));
  const back = run.fib(netns, { dst: ip.src, ...(own && { src: ip.dst }) });
  const src = own ? ip.dst : back && selectSource(netns, back, ip.src);
  const id = run.packet(cause, skb.id);
  const what = {
    id,
    netns: netns.name,
    src,
    dst: ip.src,
    ttl: 64,
    tos: ip.kind === "ipv4" ? (ip.tos & TOS) | 0xc0 : 0,
    df: false,
    payload,
  };
  const made = src && back && sendable(back) ? originate(run, { ...what, found: back }) : undefined;
  return { id, made, back };
}

function sendable({ route }: FibResult): boolean {
  return route.type === "unicast" || route.type === "local";
}

/** The bits of `tos` that are no precedence (`IPTOS_TOS_MASK`). */
const TOS = 0x1e;

export function silence(skb: Skb): IcmpSilence | undefined {
  const ip = ipOf(skb);
  const next = skb.packet[1];
  if (next?.kind === "icmp" && isError(next, ip.kind)) return "about-an-error";
  if (ip.fragment && ip.fragment.offset > 0) return "not-first-fragment";
  const group = ip.dst.isMulticast || isBroadcast(skb) || skb.type === "multicast";
  return group || ip.src.isMulticast || ip.src.isUnspecified ? "group-address" : undefined;
}

/** Types that report something, so that nothing is reported about them (`icmp_pointers`). */
const ERRORS_V4: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);

function isError(icmp: Icmp, family: "ipv4" | "ipv6"): boolean {
  return family === "ipv4" ? ERRORS_V4.has(icmp.type) : icmp.type < 128;
}

function errorBody(skb: Skb, error: IcmpError): readonly Header[] {
  const ip = ipOf(skb);
  const header: Icmp = { kind: "icmp", type: error.type, code: error.code, rest: error.mtu ?? 0 };
  const room = LIMIT[ip.kind === "ipv4" ? 4 : 6] - (ip.kind === "ipv4" ? 20 : 40) - 8;
  const quote: Quote = { kind: "quote", packet: skb.packet, length: Math.min(room, lengthOf(skb.packet)) };
  return [header, quote];
}

/** `icmp_rcv`: an echo request is for the kernel to answer; an error goes to whoever sent what it quotes. */
export function icmpReceive(run: Run, skb: Skb): readonly Step[] {
  const icmp = skb.packet[1];
  const quote = skb.packet[2];
  if (icmp?.kind !== "icmp") return [];
  if (!isError(icmp, ipOf(skb).kind) || quote?.kind !== "quote") {
    // An answer that nobody waits for is dropped without a word (`ping_rcv`).
    const answer = icmp.type === 0 || icmp.type === 129;
    if (answer && !run.state.sockets.has(`${skb.netns} icmp ${icmp.rest >>> 16}`)) return run.drop(skb, "NO_SOCKET");
    // net.ipv4.icmp_echo_ignore_broadcasts is 1 unless somebody says otherwise.
    if (isBroadcast(skb)) return run.drop(skb, "INVALID_PROTO");
    run.note(skb, { kind: "deliver", socket: "kernel" });
    return [];
  }
  const about = quote.packet[0];
  if (about?.kind !== "ipv4" && about?.kind !== "ipv6") return [];
  if (about.kind === "ipv4" && icmp.type === 5) return [{ stage: "icmp_redirect", skb }];
  const netns = run.netns(skb.netns);
  const tooBig = about.kind === "ipv4" ? icmp.type === 3 && icmp.code === 4 : icmp.type === 2;
  if (tooBig) learnMtu(run, skb, netns, about.dst, icmp.rest);
  const error = socketError(icmp, ipOf(skb).src, tooBig);
  if (ownedByApplication(netns, quote.packet)) run.note(skb, { kind: "error", error });
  return [];
}

/** `__ip_rt_update_pmtu`: kept for the destination, never below 552 (min_pmtu) and never up. */
export function learnMtu(run: Run, skb: Skb, netns: Netns, ip: Ip, told: number): void {
  const mtu = Math.max(told, ip.family === 4 ? 552 : 1280);
  const key = `${netns.name} ${ip}`;
  const known = run.state.pmtu.get(key) ?? Number.POSITIVE_INFINITY;
  if (mtu >= known) return;
  run.state.pmtu.set(key, mtu);
  run.note(skb, { kind: "pmtu", ip, mtu });
}

/** What the quoted packet carries decides who is told: a tunnel's outer packet has no socket that listens for errors. */
function ownedByApplication(netns: Netns, quoted: Packet): boolean {
  const [, transport, inner] = quoted;
  if (transport?.kind === "ipv4" || transport?.kind === "ipv6") return false;
  if (inner?.kind === "vxlan" || inner?.kind === "geneve" || inner?.kind === "wireguard") return false;
  const port = transport?.kind === "udp" ? transport.sport : undefined;
  const ofLink = netns.sockets.some(({ owner, port: open }) => owner.kind === "link" && open === port);
  return !ofLink && !netns.forwarders.some((forwarder) => forwarder.port === port);
}

/** `icmp_err_convert` (net/ipv4/icmp.c) and `icmpv6_err_convert`. */
const ERRNO_V4: readonly string[] = [
  "ENETUNREACH",
  "EHOSTUNREACH",
  "ENOPROTOOPT",
  "ECONNREFUSED",
  "EMSGSIZE",
  "EOPNOTSUPP",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ENONET",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "EHOSTUNREACH",
  "EHOSTUNREACH",
  "EHOSTUNREACH",
];
const ERRNO_V6: readonly string[] = ["ENETUNREACH", "EACCES", "EHOSTUNREACH", "EHOSTUNREACH", "ECONNREFUSED"];

function socketError(icmp: Icmp, from: Ip, tooBig: boolean): SocketError {
  const unreachable = from.family === 4 ? icmp.type === 3 : icmp.type === 1;
  const errno = tooBig
    ? "EMSGSIZE"
    : unreachable
      ? ((from.family === 4 ? ERRNO_V4 : ERRNO_V6)[icmp.code] ?? "EHOSTUNREACH")
      : icmp.type === 4 && from.family === 6
        ? "EPROTO"
        : "EHOSTUNREACH";
  return {
    errno,
    origin: "icmp",
    from,
    icmp: { type: icmp.type, code: icmp.code, ...(tooBig && { mtu: icmp.rest }) },
    ...(tooBig && { mtu: icmp.rest }),
  };
}
