import type { Ip } from "../addr/ip.ts";
import type { Send } from "../dataplane/output.ts";
import type { Question } from "../trace/answer.ts";
import { type EventOf, eventsOf, probePackets, type Trace } from "../trace/trace.ts";
import type { Header, Packet } from "../wire/header.ts";

/** Timestamps, SACK and window scale: what a Linux SYN carries behind its MSS, in bytes; all no-operations here. */
const SYN_OPTIONS = new Uint8Array(16).fill(1);

const SYN_WINDOW = 64240;

/** The send call of a question: a datagram, a SYN, an INIT, or an echo request of the wanted IP length. */
export function requestOf(question: Question): Send {
  const { src, dst, ttl, df } = question;
  return {
    from: src.netns ?? "",
    dst: dst.ip,
    ttl,
    df,
    process: src.name,
    payload: filled(transport(question), question.size - headerOf(dst.ip)),
  };
}

function transport({ protocol, sport, dport, size, dst }: Question): Header {
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
        mss: 1500 - headerOf(dst.ip) - 20,
        ...(size >= headerOf(dst.ip) + 40 && { options: SYN_OPTIONS }),
      };
    case "sctp":
      return { kind: "sctp", sport, dport, tag: 0, chunk: "init" };
    case "icmp":
      return { kind: "icmp", type: dst.ip.family === 4 ? 8 : 128, code: 0, rest: ((sport << 16) | 1) >>> 0 };
  }
}

/** Bytes of transport header, by what was built. */
const TRANSPORT_LENGTH = { udp: 8, icmp: 8, sctp: 32 } as const;

function filled(header: Header, length: number): Packet {
  const own =
    header.kind === "tcp"
      ? 20 + (header.mss === undefined ? 0 : 4) + (header.options?.length ?? 0)
      : header.kind === "udp" || header.kind === "icmp" || header.kind === "sctp"
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

/**
 * What the receiver sends back to what it received: to the source it saw, which may not be the sender's own. `undefined`
 * when nothing was delivered.
 */
export function replyTo(trace: Trace, question: Question): Send | undefined {
  const delivered = arrival(trace);
  const [ip, header, payload] = delivered?.headers ?? [];
  if (!delivered || (ip?.kind !== "ipv4" && ip?.kind !== "ipv6") || !header) return undefined;
  const answer = answerTo(header);
  if (!answer) return undefined;
  return {
    from: delivered.at.netns,
    src: ip.dst,
    dst: ip.src,
    // The kernel answers an echo request without DF; a default socket sets it.
    df: header.kind === "icmp" ? "never" : "auto",
    process: question.dst.name,
    payload: payload ? [answer, payload] : [answer],
    cause: "reply",
  };
}

/** Where the probe was taken in, when it was. */
export function arrival(trace: Trace): EventOf<"deliver"> | undefined {
  const probe = probePackets(trace);
  return eventsOf(trace, "deliver").find((event) => probe.has(event.packet));
}

function answerTo(header: Header): Header | undefined {
  switch (header.kind) {
    case "udp":
      return { ...header, sport: header.dport, dport: header.sport };
    case "tcp":
      return { ...header, sport: header.dport, dport: header.sport, ack: header.seq + 1, flags: ["SYN", "ACK"] };
    case "sctp":
      return { ...header, sport: header.dport, dport: header.sport, chunk: "init-ack" };
    case "icmp":
      return header.type === 8 || header.type === 128 ? { ...header, type: header.type === 8 ? 0 : 129 } : undefined;
    default:
      return undefined;
  }
}
