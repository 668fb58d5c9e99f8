import type { Mac } from "../../src/addr/mac.ts";
import type { Network } from "../../src/kernel/network.ts";
import type { Port } from "../../src/kernel/row.ts";
import type { Event } from "../../src/trace/event.ts";
import { probePackets, type Trace } from "../../src/trace/trace.ts";
import type { Header, Packet } from "../../src/wire/header.ts";
import { protocolNumber } from "../../src/wire/protocol.ts";
import { lengthOf } from "../../src/wire/stack.ts";

/** What the lab calls a namespace and a device: the host end of p1's veth is `veth:p1`, a segment's switch `swA`. */
export class Labels {
  readonly #network: Network;
  readonly #macs = new Map<Mac, string[]>();

  constructor(network: Network) {
    this.#network = network;
    for (const name of network.names()) {
      for (const link of network.netns(name)?.links.values() ?? []) {
        if (link.mac === undefined) continue;
        this.#macs.set(link.mac, [...(this.#macs.get(link.mac) ?? []), this.port({ netns: name, dev: link.name })]);
      }
    }
  }

  port({ netns, dev }: Port): string {
    const link = this.#network.netns(netns)?.links.get(dev);
    const pod = link?.kind === "veth" && !netns.startsWith("pod/") ? link.peer.netns : undefined;
    return `${plain(netns)}:${pod ? `veth:${plain(pod)}` : dev}`;
  }

  mac(mac: Mac): string {
    return this.#macs.get(mac)?.join("|") ?? mac;
  }
}

function plain(netns: string): string {
  return netns.slice(netns.lastIndexOf("/") + 1);
}

type Role = "probe" | "reply" | "icmp-error" | "arp" | "carrier" | "wg-handshake";

/** Every frame of a walk as the lab's capture would print it, in the order of the walk. */
export function framesOf(network: Network, trace: Trace, own: Role = "probe"): readonly string[] {
  const labels = new Labels(network);
  const probe = probePackets(trace);
  const role = (packet: number): Role => {
    if (probe.has(packet)) return own;
    const origin = causeOf(trace, packet);
    if (origin === "handshake") return "wg-handshake";
    return origin === "arp" ? "arp" : "icmp-error";
  };
  // Nobody on the way can see whose a sealed packet is.
  const isSealed = ({ headers }: Event) => headers.some(({ kind }) => kind === "wireguard");
  return trace.events.flatMap((event) => linesOf(labels, event, isSealed(event) ? "carrier" : role(event.packet)));
}

function causeOf(trace: Trace, packet: number): string {
  let info = trace.packets[packet];
  while (info?.cause === "flood" || info?.cause === "fragment" || info?.cause === "reassembled") {
    info = info.parent === undefined ? undefined : trace.packets[info.parent];
  }
  return info?.cause ?? "sent";
}

function linesOf(labels: Labels, event: Event, role: Role): readonly string[] {
  const { action, at, headers } = event;
  const line = (where: string, direction: "in" | "out") =>
    `${where} ${direction} ${role} ${lengthOf(headers)} | ${layers(labels, headers).join(" ; ")}`;
  if (action.kind === "transmit") return [line(labels.port(at), "out")];
  if (action.kind === "receive") return [line(labels.port(at), "in")];
  if (action.kind !== "wire") return [];
  const tap = (port: Port) => `sw${action.segment.toUpperCase()}:to-${plain(port.netns)}`;
  return [line(tap(at), "in"), line(tap(action.to), "out")];
}

function layers(labels: Labels, packet: Packet): string[] {
  const sealed = packet.findIndex(({ kind }) => kind === "wireguard");
  const shown = sealed < 0 ? packet : packet.slice(0, sealed + 1);
  return shown.flatMap((header, i) => layer(labels, header, packet, i));
}

function layer(labels: Labels, header: Header, packet: Packet, i: number): string[] {
  const rest = packet.slice(i + 1);
  const length = lengthOf(packet.slice(i));
  switch (header.kind) {
    case "ethernet":
      return [`eth ${labels.mac(header.src)} > ${labels.mac(header.dst)}`];
    case "arp":
      return [`arp ${header.op} spa=${header.spa} tpa=${header.tpa}`];
    case "ipv4": {
      const { fragment } = header;
      const proto = fragment?.protocol ?? protocolNumber(rest[0], "ipv4");
      const flags = `df=${Number(header.df)} mf=${Number(fragment?.more ?? false)} off=${fragment?.offset ?? 0}`;
      return [
        `ip ${header.src} > ${header.dst} ttl=${header.ttl} ${flags} len=${length} tos=${header.tos} proto=${proto}`,
      ];
    }
    case "udp":
      return [
        `udp ${header.sport} > ${header.dport} len=${length} csum=${header.noChecksum ? "no" : "yes"}`,
        ...(rest[0]?.kind === "ipv4" ? ["flannel-udp"] : []),
      ];
    case "vxlan":
      return [`vxlan vni=${header.vni}`];
    case "wireguard":
      return [`wireguard type=transport-data len=${length}`];
    case "icmp": {
      const echo = header.type === 8 || header.type === 0;
      const mtu = header.type === 3 && header.code === 4 ? ` mtu=${header.rest}` : "";
      return [`icmp ${header.type}/${header.code} len=${length}${echo ? ` seq=${header.rest & 0xffff}` : ""}${mtu}`];
    }
    case "quote":
      return ["about", ...layers(labels, header.packet)];
    case "slice":
      return slice(labels, header);
    case "payload":
      if (header.bytes) return [`wireguard type=handshake-${HANDSHAKES[header.bytes[0] ?? 0]} len=${length}`];
      // An echo's data is counted in its ICMP length.
      return packet[i - 1]?.kind === "icmp" ? [] : [`payload len=${header.length}`];
    default:
      return [header.kind];
  }
}

/** By the type in a message's first byte. */
const HANDSHAKES: Readonly<Record<number, string>> = { 1: "initiation", 2: "response" };

/** A first fragment shows the headers of the whole; a later one is bytes. */
function slice(labels: Labels, header: Extract<Header, { kind: "slice" }>): string[] {
  if (header.offset > 0) return [`fragment len=${header.length}`];
  const shown = layers(labels, header.packet).slice(0, -1);
  const headers = header.packet.slice(0, -1);
  return [...shown, `payload len=${header.length - lengthOf(headers)}`];
}
