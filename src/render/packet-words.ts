import type { IcmpError, SocketError } from "../trace/event.ts";
import type { Header, Packet } from "../wire/header.ts";
import { lengthOf } from "../wire/stack.ts";

/** How a header is put on, innermost first: `ethernet 14 · vxlan 8 vni 1 · udp 8 → 8472 · ipv4 20`. */
export function pushWords(pushed: readonly Header[], ports: "destination" | "both"): string {
  return pushed
    .toReversed()
    .map((header) => `${header.kind} ${lengthOf([header])}${tag(header, ports)}`)
    .join(" · ");
}

function tag(header: Header, ports: "destination" | "both"): string {
  if (header.kind === "vxlan" || header.kind === "geneve") return ` vni ${header.vni}`;
  if (header.kind !== "udp") return "";
  return ports === "both" ? ` ${header.sport} → ${header.dport}` : ` → ${header.dport}`;
}

/** How headers come off, outermost first. */
export function popWords(popped: readonly Header[]): string {
  return popped.map((header) => header.kind).join(" · ");
}

/** The addresses of the outermost IP header. */
export function outerEnds(packet: Packet): { readonly src: string; readonly dst: string } | undefined {
  const ip = packet.find((header) => header.kind === "ipv4" || header.kind === "ipv6");
  return ip?.kind === "ipv4" || ip?.kind === "ipv6" ? { src: `${ip.src}`, dst: `${ip.dst}` } : undefined;
}

/** A fragment's part of the whole: `fragment 0+1400`. */
export function fragmentWords(packet: Packet): string | undefined {
  const slice = packet.find((header) => header.kind === "slice");
  return slice?.kind === "slice"
    ? `bytes ${slice.offset}–${slice.offset + slice.length - 1} of the payload`
    : undefined;
}

const NAMES_V4: ReadonlyMap<string, string> = new Map([
  ["3/0", "network unreachable"],
  ["3/1", "host unreachable"],
  ["3/2", "protocol unreachable"],
  ["3/3", "port unreachable"],
  ["3/4", "fragmentation needed"],
  ["5/1", "redirect"],
  ["3/13", "administratively prohibited"],
  ["11/0", "TTL exceeded"],
]);

const NAMES_V6: ReadonlyMap<string, string> = new Map([
  ["1/0", "no route"],
  ["1/1", "administratively prohibited"],
  ["1/3", "address unreachable"],
  ["1/4", "port unreachable"],
  ["2/0", "packet too big"],
  ["3/0", "hop limit exceeded"],
  ["4/1", "unknown next header"],
]);

/** An ICMP error by number and name: `ICMP 3/4 fragmentation needed, mtu 1400`. */
export function icmpWords({ type, code, mtu }: IcmpError, family: 4 | 6): string {
  const number = `${type}/${code}`;
  const name = (family === 4 ? NAMES_V4 : NAMES_V6).get(number);
  const protocol = family === 4 ? "ICMP" : "ICMPv6";
  return `${protocol} ${number}${name ? ` ${name}` : ""}${mtu === undefined ? "" : `, mtu ${mtu}`}`;
}

/** What a socket learns, in a few words: `ECONNREFUSED, by ICMP 3/3 port unreachable from 10.244.2.2`. */
export function errorWords(error: SocketError): string {
  const { errno, origin, from, icmp, mtu, after } = error;
  const late = after === undefined ? "" : ` after ${after} s`;
  const source = from ? ` from ${from}` : "";
  switch (origin) {
    case "local":
      return `${errno}${late || " at once"}${mtu === undefined ? "" : `: mtu ${mtu}`}`;
    case "tcp":
      return `${errno}: RST${source}`;
    case "icmp":
      return `${errno}${late}${icmp ? `: ${icmpWords(icmp, from?.family ?? 4)}` : ""}${source}`;
  }
}
