import type { Ip } from "../addr/ip.ts";
import type { Mac } from "../addr/mac.ts";

/*
 * A header holds what a sender decides. Lengths, checksums, ethertypes and protocol numbers follow from the
 * stack around it, so they cannot be wrong.
 */

export interface Ethernet {
  readonly kind: "ethernet";
  readonly src: Mac;
  readonly dst: Mac;
}

export interface Arp {
  readonly kind: "arp";
  readonly op: "request" | "reply";
  readonly sha: Mac;
  readonly spa: Ip;
  readonly tha: Mac;
  readonly tpa: Ip;
}

export interface Ipv4 {
  readonly kind: "ipv4";
  readonly src: Ip;
  readonly dst: Ip;
  readonly ttl: number;
  readonly tos: number;
  readonly id: number;
  readonly df: boolean;
  /** Present on every fragment: where it starts (bytes), whether more follow, and the protocol of the whole. */
  readonly fragment?: { readonly offset: number; readonly more: boolean; readonly protocol: number };
}

export interface Ipv6 {
  readonly kind: "ipv6";
  readonly src: Ip;
  readonly dst: Ip;
  /** The hop limit; named as in IPv4 so that the walk reads the same for both. */
  readonly ttl: number;
  /** Traffic class. */
  readonly tos: number;
  readonly flow: number;
  readonly fragment?: {
    readonly offset: number;
    readonly more: boolean;
    readonly protocol: number;
    readonly id: number;
  };
}

/** ICMP or ICMPv6; which one follows from the IP header around it. `rest` is the second 32-bit word of the header. */
export interface Icmp {
  readonly kind: "icmp";
  readonly type: number;
  readonly code: number;
  /** Echo: identifier << 16 | sequence. Too big: the MTU. Otherwise 0. */
  readonly rest: number;
  readonly whole?: Whole;
}

/**
 * What a header says of its whole message where only the beginning is here: in a first fragment, and in a quote whose
 * missing end is unknown. Elsewhere absent, because it follows from the bytes behind.
 */
export interface Whole {
  readonly checksum: number;
}

/** ICMPv6 neighbour solicitation (135) or advertisement (136), RFC 4861 §4.3–4.4, with its link-layer address option. */
export interface Ndp {
  readonly kind: "ndp";
  readonly op: "solicit" | "advert";
  readonly target: Ip;
  readonly lladdr: Mac;
  /** The R flag of an advertisement: the sender forwards. S follows from the destination, O is always set. */
  readonly router?: boolean;
}

export interface Udp {
  readonly kind: "udp";
  readonly sport: number;
  readonly dport: number;
  /** Sent without a checksum, as collect-metadata tunnels do over IPv4. */
  readonly noChecksum?: boolean;
  readonly whole?: Whole & { readonly length: number };
}

export type TcpFlag = "FIN" | "SYN" | "RST" | "PSH" | "ACK" | "URG" | "ECE" | "CWR";

export interface Tcp {
  readonly kind: "tcp";
  readonly sport: number;
  readonly dport: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: readonly TcpFlag[];
  readonly window: number;
  /** The MSS option, on a SYN; it stands before all others. */
  readonly mss?: number;
  /** The other options as they stand on the wire, padding included: a multiple of four bytes. */
  readonly options?: Uint8Array;
  readonly whole?: Whole;
}

/** SCTP common header and an INIT, INIT ACK or ABORT chunk, as far as reachability goes. */
export interface Sctp {
  readonly kind: "sctp";
  readonly sport: number;
  readonly dport: number;
  readonly tag: number;
  readonly chunk: "init" | "init-ack" | "cookie-echo" | "cookie-ack" | "data" | "sack" | "abort";
}

export interface Vxlan {
  readonly kind: "vxlan";
  readonly vni: number;
}

export interface Geneve {
  readonly kind: "geneve";
  readonly vni: number;
}

/** A WireGuard transport message: what stands behind it is sealed, padded to 16 bytes and followed by a 16-byte tag. */
export interface Wireguard {
  readonly kind: "wireguard";
  readonly receiver: number;
  readonly counter: number;
  /** The sending device's MTU, beyond which nothing is padded. */
  readonly mtu?: number;
}

/** The start of a packet that an ICMP error quotes: the first `length` bytes of `packet`, which starts at its IP header. */
export interface Quote {
  readonly kind: "quote";
  readonly packet: Packet;
  readonly length: number;
}

/**
 * What a fragment of our own making carries: `length` bytes from `offset` on of all that stood behind the IP header,
 * `packet`. Bytes alone do not tell it, so `decode` makes none.
 */
export interface Slice {
  readonly kind: "slice";
  readonly packet: Packet;
  readonly offset: number;
  readonly length: number;
}

/**
 * `length` bytes that nobody on the way looks at; `bytes` only when they are known and are not the pattern 00 01 02 …
 * They may be fewer than `length` in a quote: the end was cut off.
 */
export interface Payload {
  readonly kind: "payload";
  readonly length: number;
  readonly bytes?: Uint8Array;
  /** Right behind an IP, Ethernet or Geneve header: the protocol number or ethertype, for lack of a header that tells. */
  readonly protocol?: number;
}

export type Header =
  | Ethernet
  | Arp
  | Ipv4
  | Ipv6
  | Icmp
  | Ndp
  | Udp
  | Tcp
  | Sctp
  | Vxlan
  | Geneve
  | Wireguard
  | Quote
  | Slice
  | Payload;

export type HeaderKind = Header["kind"];
export type HeaderOf<K extends HeaderKind> = Extract<Header, { kind: K }>;
export type IpHeader = Ipv4 | Ipv6;

/** Headers outermost first. */
export type Packet = readonly Header[];
