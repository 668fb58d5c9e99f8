import type { Network } from "../kernel/network.ts";
import { DecodeError, type Tunnel } from "../wire/codec.ts";
import type { Header, Packet } from "../wire/header.ts";
import { decode, TUNNELS } from "../wire/stack.ts";
import type { Expected, Outcome } from "./expect.ts";
import type { Frame, Probed } from "./layout.ts";
import { isAside, type Line, packetText, type Unknowable } from "./lines.ts";
import type { Names } from "./names.ts";

/** What the kernel did with a case. */
export interface Observed {
  readonly lines: readonly Line[];
  readonly outcome: Outcome;
}

/** The ports behind which this network's own tunnels are. */
export function tunnelsOf(network: Network): ReadonlyMap<number, Tunnel> {
  const tunnels = new Map(TUNNELS);
  for (const name of network.names()) {
    const netns = network.netns(name);
    for (const link of netns?.links.values() ?? []) {
      if (link.kind === "vxlan" || link.kind === "wireguard") tunnels.set(link.port, link.kind);
    }
    for (const { port } of netns?.forwarders ?? []) tunnels.set(port, "ip");
  }
  return tunnels;
}

/** Reads what came of a case in the words of the model. */
export function observed(
  network: Network,
  names: Names,
  { case: each, trace }: Expected,
  { result, frames }: Probed,
): Observed {
  const tunnels = tunnelsOf(network);
  const hashed = new Set([...tunnels].flatMap(([port, kind]) => (kind === "vxlan" ? [port] : [])));
  const translated = trace.events.some(({ action }) => action.kind === "translate");
  const { delivered, reply, send, errors } = result;
  return {
    lines: frames.flatMap((frame) => lineOf(network, names, frame, { hashed, translated, ipip: false }, tunnels) ?? []),
    outcome: {
      send,
      errors: [...new Set(errors.map(errorText))].sort(),
      ...(delivered && {
        delivered: `from ${delivered.from}${each.question.protocol === "udp" ? ` ttl ${delivered.ttl}` : ""}`,
      }),
      ...(reply && { reply: reply.ttl }),
    },
  };
}

function errorText({ errno, origin, type, code, from, mtu }: Probed["result"]["errors"][number]): string {
  return [
    errno,
    origin,
    type !== undefined && `${type}/${code}`,
    from && `from ${from}`,
    mtu !== undefined && `mtu ${mtu}`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** A frame in the words of the model; none for what a bridge flooded to a card it was not for, and for handshakes' ends. */
function lineOf(
  network: Network,
  names: Names,
  { netns, dev, dir, hex, start }: Frame,
  unknowable: Unknowable,
  tunnels: ReadonlyMap<number, Tunnel>,
): Line | undefined {
  const place = names.places.get(netns) ?? netns;
  if (isMembership(hex, start)) return undefined;
  const where = `${place} ${dev}`;
  const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
  try {
    const packet = decode(bytes, start, tunnels);
    if (dir === "in" && isAside(network, { netns: place, dev }, packet)) return undefined;
    if (packet.some(isChatter) || packet.some(isIdle)) return undefined;
    const tcp = packet.find((header) => header.kind === "tcp");
    if (tcp?.kind === "tcp" && !tcp.flags.some((flag) => flag === "SYN" || flag === "RST")) return undefined;
    return { where, direction: dir, text: packetText(packet, unknowable) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { where, direction: dir, text: `unreadable: ${error.message} in ${hex.slice(0, 200)}` };
  }
}

/** IGMP and MLD: what bridges and hosts say of groups, when they like. */
function isMembership(hex: string, start: "ethernet" | "ip"): boolean {
  const ip = start === "ethernet" ? (/^(0800|86dd)/.test(hex.slice(24)) ? hex.slice(28) : "") : hex;
  if (ip.startsWith("4")) return ip.slice(18, 20) === "02";
  // Behind a hop-by-hop header of eight bytes (RFC 3810 §5), 130 to 132 or 143 of ICMPv6.
  return (
    ip.startsWith("6") && ip.slice(12, 14) === "00" && ip.slice(80, 82) === "3a" && /^(8[2-4]|8f)/.test(ip.slice(96))
  );
}

/**
 * What nobody's packet makes a kernel say of neighbours: routers that are asked for, an address that its owner asks for
 * before it is used, and whether one is still there, without anybody's MAC (RFC 4861 §6.3.7, §7.3; RFC 4862 §5.4).
 */
function isIdle(header: Header, k: number, packet: Packet): boolean {
  const ip = packet[k - 1];
  if (ip?.kind !== "ipv6") return false;
  return (header.kind === "icmp" && IDLE.has(header.type)) || (header.kind === "ndp" && ip.src.isUnspecified);
}

const IDLE: ReadonlySet<number> = new Set([133, 135, 136]);

/** A sealed packet with nothing in it: a keepalive. */
function isChatter(header: Header, k: number, packet: Packet): boolean {
  const behind = packet[k + 1];
  return header.kind === "wireguard" && behind?.kind === "payload" && behind.length === TAG;
}

/** Bytes of the tag behind what is sealed. */
const TAG = 16;
