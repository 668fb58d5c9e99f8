import type { Ip } from "../addr/ip.ts";
import type { Send } from "../dataplane/output.ts";
import type { Question } from "../trace/answer.ts";
import { type EventOf, eventsOf, probePackets, type Trace } from "../trace/trace.ts";
import type { Header, Packet, Sctp, Tcp } from "../wire/header.ts";

/** Timestamps, SACK and window scale: what a Linux SYN carries behind its MSS, in bytes; all no-operations here. */
const SYN_OPTIONS = new Uint8Array(16).fill(1);

const SYN_WINDOW = 64240;

/** Which packet of a flow it is, and what its sender knows by then. */
export interface Turn {
  /** From 1. */
  readonly number: number;
  /** How many packets before it were answered: so far a handshake has come. */
  readonly answered: number;
  /** What the sender takes its path to carry. */
  readonly pathMtu?: number | undefined;
  /** TCP: the longest segment that the other side takes, as it said. */
  readonly peerMss?: number | undefined;
}

const FIRST: Turn = { number: 1, answered: 0 };

/**
 * The send call of a question: a datagram, a SYN, an INIT, or an echo request of the wanted IP length. TCP sends its SYN
 * until it is answered and then segments, and cuts them to what it knows of the path (`tcp_sync_mss`); SCTP goes on with
 * its COOKIE ECHO, and with data once that is answered.
 */
export function requestOf(question: Question, turn: Turn = FIRST): Send {
  const { src, dst, ttl, df } = question;
  return {
    from: src.netns ?? "",
    dst: dst.ip,
    ttl,
    df,
    process: src.name,
    payload: filled(transport(question, turn), sizeOf(question, turn) - headerOf(dst.ip)),
  };
}

/** In a flow of TCP it is the segments that have the wanted length, as far as one of that length is ever sent. */
function sizeOf(question: Question, { answered, pathMtu = question.size, peerMss }: Turn): number {
  const { protocol, count, size, dst } = question;
  if (protocol !== "tcp" || count === 1) return size;
  const header = headerOf(dst.ip);
  if (answered === 0) return Math.min(size, header + 24 + SYN_OPTIONS.length);
  return Math.min(size, pathMtu, header + 20 + (peerMss ?? Number.POSITIVE_INFINITY));
}

/** What stands behind the TCP header once options are agreed on: timestamps; no-operations here. */
const SEGMENT_OPTIONS = new Uint8Array(12).fill(1);

function transport({ protocol, sport, dport, size, dst }: Question, turn: Turn): Header {
  const { number, answered, pathMtu } = turn;
  if (protocol === "tcp" && answered > 0) {
    const ports = { kind: "tcp", sport, dport, seq: number, ack: 1 } as const;
    const room = size >= headerOf(dst.ip) + 32;
    return { ...ports, flags: ["PSH", "ACK"], window: SYN_WINDOW, ...(room && { options: SEGMENT_OPTIONS }) };
  }
  switch (protocol) {
    case "udp":
      return { kind: "udp", sport, dport };
    case "tcp":
      return {
        kind: "tcp",
        sport,
        dport,
        seq: 1,
        ack: 0,
        flags: ["SYN"],
        window: SYN_WINDOW,
        mss: advertisedMss(dst.ip, pathMtu),
        ...(size >= headerOf(dst.ip) + 40 && { options: SYN_OPTIONS }),
      };
    case "sctp":
      return { kind: "sctp", sport, dport, tag: 1, chunk: (["init", "cookie-echo"] as const)[answered] ?? "data" };
    case "icmp":
      return {
        kind: "icmp",
        type: dst.ip.family === 4 ? 8 : 128,
        code: 0,
        rest: ((sport << 16) | (number & 0xffff)) >>> 0,
      };
  }
}

/**
 * The longest segment that a side says it takes: what its way back carries without the headers, no less than `ip_rt_min_advmss`
 * or what IPv6 must carry (`ipv4_default_advmss`, `ip6_default_advmss`).
 */
function advertisedMss(ip: Ip, pathMtu = 1500): number {
  const least = ip.family === 4 ? 256 : 1220;
  return Math.min(65535 - 40, Math.max(least, pathMtu - headerOf(ip) - 20));
}

/** Bytes of transport header, by what was built. */
const TRANSPORT_LENGTH = { udp: 8, icmp: 8, sctp: 32 } as const;

function filled(header: Header, length: number): Packet {
  if (header.kind === "sctp") return [header];
  const own =
    header.kind === "tcp"
      ? 20 + (header.mss === undefined ? 0 : 4) + (header.options?.length ?? 0)
      : header.kind === "udp" || header.kind === "icmp"
        ? TRANSPORT_LENGTH[header.kind]
        : 0;
  const rest = length - own;
  return rest > 0 ? [header, { kind: "payload", length: rest }] : [header];
}

function headerOf(ip: Ip): number {
  return ip.family === 4 ? 20 : 40;
}

/** The smallest IP length of a protocol's packet, in bytes. */
export function smallest(protocol: Question["protocol"], family: 4 | 6): number {
  const transportLength = protocol === "tcp" ? 24 : TRANSPORT_LENGTH[protocol];
  return (family === 4 ? 20 : 40) + transportLength;
}

/** What a namespace takes the path to an address to carry, in bytes. */
export type KnownMtu = (netns: string, ip: Ip) => number | undefined;

/**
 * What the receiver sends back to what it received: to the source it saw, which may not be the sender's own. `undefined`
 * when nothing was delivered.
 */
export function replyTo(trace: Trace, question: Question, known: KnownMtu = () => undefined): Send | undefined {
  const delivered = arrival(trace);
  const [ip, header, payload] = delivered?.headers ?? [];
  if (!delivered || (ip?.kind !== "ipv4" && ip?.kind !== "ipv6") || !header) return undefined;
  const answer = answerTo(header, (opening) => ({
    ...opening,
    mss: advertisedMss(ip.src, known(delivered.at.netns, ip.src)),
  }));
  if (!answer) return undefined;
  return {
    from: delivered.at.netns,
    src: ip.dst,
    dst: ip.src,
    // The kernel answers an echo request without DF; a default socket sets it.
    df: header.kind === "icmp" ? "never" : "auto",
    process: question.dst.name,
    // A segment is acknowledged without data.
    payload: payload && !isSegment(header) ? [answer, payload] : [answer],
    cause: "reply",
  };
}

function isSegment(header: Header): boolean {
  return header.kind === "tcp" && !header.flags.includes("SYN");
}

/** Where the probe was taken in, when it was. */
export function arrival(trace: Trace): EventOf<"deliver"> | undefined {
  const probe = probePackets(trace);
  return eventsOf(trace, "deliver").find((event) => probe.has(event.packet));
}

const CHUNK_ANSWERS = {
  init: "init-ack",
  "cookie-echo": "cookie-ack",
  data: "sack",
} as const satisfies Partial<Record<Sctp["chunk"], Sctp["chunk"]>>;

function answerTo(header: Header, offering: (opening: Tcp) => Tcp): Header | undefined {
  switch (header.kind) {
    case "udp":
      return { ...header, sport: header.dport, dport: header.sport };
    case "tcp": {
      const answer = { ...header, sport: header.dport, dport: header.sport, ack: header.seq + 1 };
      return header.flags.includes("SYN")
        ? offering({ ...answer, flags: ["SYN", "ACK"] })
        : { ...answer, flags: ["ACK"] };
    }
    case "sctp": {
      const { chunk } = header;
      if (chunk !== "init" && chunk !== "cookie-echo" && chunk !== "data") return undefined;
      return { ...header, sport: header.dport, dport: header.sport, chunk: CHUNK_ANSWERS[chunk] };
    }
    case "icmp":
      return header.type === 8 || header.type === 128 ? { ...header, type: header.type === 8 ? 0 : 129 } : undefined;
    default:
      return undefined;
  }
}
