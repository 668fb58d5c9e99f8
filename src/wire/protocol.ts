import type { Header, HeaderKind, IpHeader } from "./header.ts";

/** What a payload without a `protocol` calls itself: RFC 3692's number for experiments, IEEE 802's ethertype for them. */
const UNNAMED = { ip: 253, ethernet: 0x88b5 } as const;

const NUMBERS: ReadonlyMap<number, { readonly name: string; readonly kind: HeaderKind }> = new Map([
  [1, { name: "icmp", kind: "icmp" }],
  [4, { name: "ipip", kind: "ipv4" }],
  [6, { name: "tcp", kind: "tcp" }],
  [17, { name: "udp", kind: "udp" }],
  [41, { name: "ipv6", kind: "ipv6" }],
  [58, { name: "icmpv6", kind: "icmp" }],
  [132, { name: "sctp", kind: "sctp" }],
]);

/**
 * The IANA protocol number of what stands behind an IP header, `outer`: the two ICMPs differ. Throws for a header that
 * never stands there.
 */
export function protocolNumber(inner: Header | undefined, outer: IpHeader["kind"] = "ipv4"): number {
  switch (inner?.kind) {
    case undefined:
      return UNNAMED.ip;
    case "payload":
      return inner.protocol ?? UNNAMED.ip;
    case "icmp":
      return outer === "ipv4" ? 1 : 58;
    case "slice":
      return protocolNumber(inner.packet[0], outer);
    case "ndp":
      return 58;
    case "ipv4":
      return 4;
    case "ipv6":
      return 41;
    case "tcp":
      return 6;
    case "udp":
      return 17;
    case "sctp":
      return 132;
    default:
      throw new Error(`${inner?.kind} does not stand behind an IP header`);
  }
}

/** `udp`, `tcp`, `ipip` …; `proto/89` for what has no name here. */
export function protocolName(protocol: number): string {
  return NUMBERS.get(protocol)?.name ?? `proto/${protocol}`;
}

/** The header that a protocol number announces behind an IP header; `payload` when we have none. */
export function kindOfProtocol(protocol: number, outer: IpHeader["kind"]): HeaderKind {
  if (protocol === (outer === "ipv4" ? 58 : 1)) return "payload";
  return NUMBERS.get(protocol)?.kind ?? "payload";
}

/** The ethertype of what stands behind an Ethernet header. Throws for a header that never stands there. */
export function ethertype(inner: Header | undefined): number {
  switch (inner?.kind) {
    case undefined:
      return UNNAMED.ethernet;
    case "payload":
      return inner.protocol ?? UNNAMED.ethernet;
    case "ipv4":
      return 0x0800;
    case "arp":
      return 0x0806;
    case "ipv6":
      return 0x86dd;
    default:
      throw new Error(`${inner?.kind} does not stand behind an Ethernet header`);
  }
}

/** The header that an ethertype announces; `payload` when we have none. */
export function kindOfEthertype(type: number): HeaderKind {
  if (type === 0x0800) return "ipv4";
  if (type === 0x0806) return "arp";
  return type === 0x86dd ? "ipv6" : "payload";
}

/** The number a payload right behind `outer` has to state, given the one on the wire; `undefined` when it goes unsaid. */
export function statedProtocol(protocol: number | undefined, outer: Header | undefined): number | undefined {
  return protocol === (outer?.kind === "ethernet" ? UNNAMED.ethernet : UNNAMED.ip) ? undefined : protocol;
}
