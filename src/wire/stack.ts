import { arp } from "./arp.ts";
import { type Codec, type Decoded, type Extent, type Input, regionOf, type Tunnel } from "./codec.ts";
import { ethernet } from "./ethernet.ts";
import { geneve } from "./geneve.ts";
import type { Header, HeaderKind, HeaderOf, Packet } from "./header.ts";
import { icmp } from "./icmp.ts";
import { ipv4 } from "./ipv4.ts";
import { ipv6 } from "./ipv6.ts";
import { ndp } from "./ndp.ts";
import { payload, payloadOf } from "./payload.ts";
import { statedProtocol } from "./protocol.ts";
import { quote } from "./quote.ts";
import { sctp } from "./sctp.ts";
import { slice } from "./slice.ts";
import { tcp } from "./tcp.ts";
import { udp } from "./udp.ts";
import { vxlan } from "./vxlan.ts";
import { wireguard } from "./wireguard.ts";

const codecs: { readonly [K in HeaderKind]: Codec<HeaderOf<K>> } = {
  ethernet,
  arp,
  ipv4,
  ipv6,
  icmp,
  ndp,
  udp,
  tcp,
  sctp,
  vxlan,
  geneve,
  wireguard,
  quote,
  slice,
  payload,
};

/** The tunnels at their usual ports: IANA's and the kernel's VXLAN, Geneve, flannel's udp backend, flannel's and Calico's WireGuard. */
export const TUNNELS: ReadonlyMap<number, Tunnel> = new Map([
  [4789, "vxlan"],
  [8472, "vxlan"],
  [6081, "geneve"],
  [8285, "ip"],
  [51820, "wireguard"],
  [51821, "wireguard"],
]);

/** How many quotes may stand in one another; an error about an error is only ever quoted inside a tunnel's packet. */
const DEEPEST_QUOTE = 8;

/** The bytes of a packet, counted without writing them. */
export function lengthOf(packet: Packet): number {
  return lengthFrom(packet, 0);
}

/** The length of the IP packet that starts at the first IP header; 0 when there is none. */
export function ipLengthOf(packet: Packet): number {
  const first = packet.findIndex(({ kind }) => kind === "ipv4" || kind === "ipv6");
  return first < 0 ? 0 : lengthFrom(packet, first);
}

function lengthFrom(packet: Packet, first: number): number {
  let length = 0;
  let inner: Header | undefined;
  for (let at = packet.length - 1; at >= first; at--) {
    const header = packet[at];
    if (header === undefined) break;
    const codec = codecFor(header);
    length += codec.size(header) + (codec.behind?.(header, length, inner) ?? 0);
    inner = header;
  }
  return length;
}

/**
 * The bytes of a packet that starts at an Ethernet or IP header, written from the inside out: lengths, checksums,
 * ethertypes and protocol numbers follow from the stack. Throws when the stack is none (ARP behind UDP), or does not
 * fit its length fields.
 */
export function encode(packet: Packet): Uint8Array {
  const bytes = new Uint8Array(lengthOf(packet));
  write(packet, 0, bytes);
  return bytes;
}

/** Writes the headers from `at` on into `bytes`, the body before its header, because checksums cover it. */
function write(packet: Packet, at: number, bytes: Uint8Array): void {
  const header = packet[at];
  if (header === undefined) return;
  const outer = packet[at - 1];
  const inner = packet[at + 1];
  if (outer === undefined && !STARTS.includes(header.kind))
    throw new Error(`a packet does not start at ${header.kind}`);
  const codec = codecFor(header);
  const start = codec.size(header);
  write(packet, at + 1, bytes.subarray(start, start + lengthFrom(packet, at + 1)));
  codec.encode(header, regionOf(bytes), { outer, inner, encode });
}

const STARTS: readonly HeaderKind[] = ["ethernet", "ipv4", "ipv6"];

/**
 * Takes bytes apart, as far as `Header` can say. Lengths and checksums are checked, and throw `DecodeError` when wrong;
 * so do IPv4 options. What is well-formed but says more than a header holds (an unknown protocol, a TCP urgent pointer,
 * another neighbour discovery option) stays a payload, so that `encode` gives the same bytes back; only the padding of a
 * least Ethernet frame is lost. A tunnel is looked for at the destination ports in `tunnels`; a sealed or fragmented
 * packet is not looked into.
 */
export function decode(
  bytes: Uint8Array,
  start: "ethernet" | "ip",
  tunnels: ReadonlyMap<number, Tunnel> = TUNNELS,
): Packet {
  const first = start === "ip" ? ipKind(bytes) : start;
  return decodeFrom(first, { bytes, length: bytes.length, offset: 0 }, { tunnels, depth: 0 });
}

interface Context {
  readonly tunnels: ReadonlyMap<number, Tunnel>;
  readonly depth: number;
}

function decodeFrom(first: HeaderKind, extent: Extent, context: Context): Packet {
  const packet: Header[] = [];
  const quoted =
    context.depth < DEEPEST_QUOTE
      ? (inner: Extent) => decodeQuoted(inner, { ...context, depth: context.depth + 1 })
      : undefined;
  let rest = extent;
  let found: Pick<Decoded<Header>, "next" | "protocol" | "partial"> = { next: first };
  while (rest.length > 0 || packet.length === 0 || found.protocol !== undefined) {
    const outer = packet.at(-1);
    const input: Input = {
      ...rest,
      ...regionOf(rest.bytes),
      partial: found.partial ?? false,
      outer,
      tunnels: context.tunnels,
      quoted,
    };
    const decoded = found.next === "payload" ? undefined : codecs[found.next].decode(input);
    if (decoded === undefined) {
      const protocol = statedProtocol(found.protocol, outer);
      if (rest.length > 0 || protocol !== undefined) packet.push(payloadOf(rest, protocol));
      break;
    }
    packet.push(decoded.header);
    rest = {
      bytes: rest.bytes.subarray(decoded.start, decoded.start + decoded.length),
      length: decoded.length,
      offset: rest.offset + decoded.start,
    };
    found = decoded;
  }
  return packet;
}

/**
 * Takes the packet in a quote apart. Where its end is missing, its checksums cannot be checked: those that come out the
 * same when the end is taken to be the usual pattern follow from the packet after all, and are not stated.
 */
function decodeQuoted(extent: Extent, context: Context): Packet | undefined {
  const { bytes, length } = extent;
  const packet = decodeFrom(ipKind(bytes), extent, context);
  if (packet[0]?.kind === "payload") return undefined;
  if (length === bytes.length) return packet;
  const unstated = packet.map((header, at) => withoutWhole(header, packet[at - 1]));
  const again = encode(unstated);
  return bytes.every((byte, at) => byte === again[at]) ? unstated : packet;
}

/** A header without what it states of its whole message; one in a fragment keeps it. */
function withoutWhole(header: Header, outer: Header | undefined): Header {
  if (!("whole" in header) || (outer !== undefined && "fragment" in outer)) return header;
  const { whole: _, ...rest } = header;
  return rest;
}

function ipKind(bytes: Uint8Array): "ipv4" | "ipv6" {
  return (bytes[0] ?? 0) >>> 4 === 6 ? "ipv6" : "ipv4";
}

/** The codec of a header. A method may be called with any header its table entry was found by. */
function codecFor(header: Header): Codec<Header> {
  return codecs[header.kind];
}
