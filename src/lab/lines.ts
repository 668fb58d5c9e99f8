import { Ip } from "../addr/ip.ts";
import { isGroup } from "../addr/mac.ts";
import type { Network } from "../kernel/network.ts";
import type { Port } from "../kernel/row.ts";
import type { Event } from "../trace/event.ts";
import type { Trace } from "../trace/trace.ts";
import type { Header, Icmp, Packet } from "../wire/header.ts";
import { protocolNumber } from "../wire/protocol.ts";
import { lengthOf } from "../wire/stack.ts";

/** A frame at a device, in words that a walk and a capture share. */
export interface Line {
  /** `node-1 cni0`. */
  readonly where: string;
  readonly direction: "in" | "out";
  readonly text: string;
}

/** Questions and answers about neighbours, by ARP or in ICMPv6, which come when a kernel likes. */
export const isArp = ({ text }: Line): boolean => text.includes(" ; arp ") || text.includes(" ; ndp ");

/** Redirects, which a kernel sends ever more rarely to one sender, and after nine of them no more. */
export const isRedirect = ({ text }: Line): boolean => text.includes(" ; icmp 5/");

/** What is left out of both sides because no model can know it: a port that a kernel draws or hashes. */
export interface Unknowable {
  /** Destination ports whose source port is a hash. */
  readonly hashed: ReadonlySet<number>;
  /** Ports were drawn at random by a translation. */
  readonly translated: boolean;
  /**
   * The lab has IP-in-IP devices: then its one kernel has the protocol in every namespace, and a router without such a
   * device says that a port is missing where a machine of its own would say that the protocol is.
   */
  readonly ipip: boolean;
}

/** The frames of a walk in the order in which devices handle them. */
export function linesOfTrace(network: Network, trace: Trace, unknowable: Unknowable): readonly Line[] {
  return trace.events.flatMap((event) => lineOf(network, event, unknowable) ?? []);
}

/**
 * Whether a frame reached a device only because a bridge or a segment flooded it: the model counts those that ignore a
 * frame, and names none, and whether a bridge floods depends on what passed long before.
 */
export function isAside(network: Network, { netns, dev }: Port, [ethernet]: Packet): boolean {
  const link = network.netns(netns)?.links.get(dev);
  if (ethernet?.kind !== "ethernet" || !link?.mac || ethernet.dst === link.mac || isGroup(ethernet.dst)) return false;
  if (link.kind === "nic") return true;
  const peer = link.kind === "veth" ? network.netns(link.peer.netns)?.links.get(link.peer.dev) : undefined;
  return link.master === undefined && peer?.master !== undefined;
}

function lineOf(network: Network, { at, action, headers }: Event, unknowable: Unknowable): Line | undefined {
  if (action.kind !== "transmit" && action.kind !== "receive") return undefined;
  if (action.kind === "receive" && isAside(network, at, headers)) return undefined;
  const direction = action.kind === "transmit" ? "out" : "in";
  return { where: `${at.netns} ${at.dev}`, direction, text: packetText(headers, unknowable) };
}

/**
 * A packet as every header that can be predicted; what is sealed cannot be read on either side. Payloads are not shown,
 * their lengths are those of the IP headers; of a fragment only the first shows what is behind its IP header, and of that
 * one header.
 */
export function packetText(packet: Packet, unknowable: Unknowable): string {
  const sealed = packet.findIndex(({ kind }) => kind === "wireguard");
  const open = sealed < 0 ? packet : packet.slice(0, sealed + 1);
  return open.flatMap((header, i) => headerText(header, packet, i, unknowable)).join(" ; ");
}

function headerText(header: Header, packet: Packet, i: number, unknowable: Unknowable): readonly string[] {
  const rest = packet.slice(i + 1);
  const length = lengthOf(packet.slice(i));
  const ports = (sport: number, dport: number) =>
    unknowable.translated ? "* > *" : `${unknowable.hashed.has(dport) ? "*" : sport} > ${dport}`;
  switch (header.kind) {
    case "ethernet":
      return [`eth ${header.src} > ${header.dst}`];
    case "arp":
      return [`arp ${header.op} ${header.spa} asks ${header.tpa}`];
    case "ipv4": {
      const { fragment } = header;
      const protocol = fragment?.protocol ?? protocolNumber(rest[0], "ipv4");
      const cut = fragment ? ` offset ${fragment.offset}${fragment.more ? " more" : ""}` : "";
      const df = header.df ? " DF" : "";
      return [
        `${header.src} > ${header.dst} ttl ${header.ttl}${df}${cut} len ${length} tos ${header.tos} proto ${protocol}`,
      ];
    }
    case "ndp":
      return [`ndp ${header.op} ${header.target}${header.router ? " router" : ""}`];
    case "ipv6": {
      const { fragment } = header;
      const protocol = fragment?.protocol ?? protocolNumber(rest[0], "ipv6");
      const cut = fragment ? ` offset ${fragment.offset}${fragment.more ? " more" : ""}` : "";
      return [
        `${header.src} > ${header.dst} ttl ${header.ttl}${cut} len ${length} tos ${header.tos} proto ${protocol}`,
      ];
    }
    case "udp": {
      const size = header.whole?.length ?? length;
      return [`udp ${ports(header.sport, header.dport)} len ${size}${header.noChecksum ? " no checksum" : ""}`];
    }
    case "tcp":
      return [`tcp ${ports(header.sport, header.dport)} ${[...header.flags].sort().join(",")}`];
    case "vxlan":
      return [`vxlan vni ${header.vni}`];
    case "icmp": {
      const tooBig = packet.some(({ kind }) => kind === "ipv6")
        ? header.type === 2
        : header.type === 3 && header.code === 4;
      const mtu = tooBig ? ` mtu ${header.rest}` : "";
      const gateway = header.type === 5 ? ` gateway ${Ip.of(header.rest)}` : "";
      const code = unknowable.ipip && isNoIpip(header, rest[0]) ? 3 : header.code;
      return [`icmp ${header.type}/${code}${mtu}${gateway}`];
    }
    case "quote":
      return ["about", packetText(header.packet, unknowable)];
    case "slice":
      // An inner IP packet is longer than the first piece of it, and cannot be read from that.
      return header.offset > 0 || header.packet[0]?.kind === "ipv4"
        ? []
        : header.packet.slice(0, 1).flatMap((first) => headerText(first, header.packet, 0, unknowable));
    case "wireguard":
      return [`wireguard sealed ${length}`];
    case "payload":
      return isHandshake(packet, i) ? [`wireguard handshake ${length}`] : [];
    default:
      return [header.kind];
  }
}

/** Protocol unreachable, about a packet in a packet. */
function isNoIpip({ type, code }: Icmp, quote: Header | undefined): boolean {
  return type === 3 && code === 2 && quote?.kind === "quote" && quote.packet[1]?.kind === "ipv4";
}

/** Whether a network has IP-in-IP devices anywhere. */
export function hasIpip(network: Network): boolean {
  return [...network.names()].some((name) => {
    return [...(network.netns(name)?.links.values() ?? [])].some(({ kind }) => kind === "ipip");
  });
}

/** Handshakes of WireGuard: messages of types 1 to 3 between two ports that are alike. */
function isHandshake(packet: Packet, i: number): boolean {
  const [udp, payload] = [packet[i - 1], packet[i]];
  if (udp?.kind !== "udp" || payload?.kind !== "payload") return false;
  const length = HANDSHAKES[payload.bytes?.[0] ?? 0];
  return length !== undefined && payload.length === length;
}

/** Their lengths by their type (drivers/net/wireguard/messages.h). */
const HANDSHAKES: Readonly<Record<number, number>> = { 1: 148, 2: 92, 3: 64 };
