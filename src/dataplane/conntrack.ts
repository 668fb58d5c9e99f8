import type { Ip } from "../addr/ip.ts";
import { selectAddress } from "../kernel/fib.ts";
import type { FilterRule } from "../kernel/netfilter.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Tuple } from "../trace/learned.ts";
import type { Header, Packet } from "../wire/header.ts";
import { protocolNumber } from "../wire/protocol.ts";
import type { Run } from "./run.ts";
import { ipOf, type Skb, withIp } from "./skb.ts";
import type { Connection } from "./state.ts";

/** `nf_conntrack_in`: finds the connection a packet belongs to, or begins one. An ICMP error belongs to what it quotes. */
export function track(run: Run, skb: Skb): Skb {
  if (skb.untracked || skb.connection) return skb;
  const quote = skb.packet[2];
  const about = quote?.kind === "quote" ? tupleOf(quote.packet) : undefined;
  // What an error quotes travelled the other way (`nf_conntrack_inet_error`).
  const tuple = about ? reversed(about) : tupleOf(skb.packet);
  if (!tuple) return skb;
  for (const entry of run.state.connections) {
    if (entry.netns !== skb.netns) continue;
    if (same(entry.original, tuple)) return { ...skb, connection: { entry, direction: "original", fresh: false } };
    if (same(entry.reply, tuple)) return { ...skb, connection: { entry, direction: "reply", fresh: false } };
  }
  if (about) return skb;
  const entry: Connection = { netns: skb.netns, original: tuple, reply: reversed(tuple) };
  return { ...skb, connection: { entry, direction: "original", fresh: true } };
}

/** A packet of a known connection is translated as its first one was, or back. */
export function translateReply(run: Run, skb: Skb): Skb {
  const { connection } = skb;
  if (!connection || connection.fresh) return skb;
  const { original, reply } = connection.entry;
  if (connection.direction === "reply" && !reply.dst.equals(original.src)) {
    return translate(run, unquote(skb, "src", reply.dst, original.src), "dst", original.src);
  }
  return skb;
}

/** `nf_nat_masquerade_ipv4`: the source becomes the first fitting address of the device it leaves by. */
export function masquerade(run: Run, netns: Netns, skb: Skb, out: string | undefined, rule: FilterRule): Skb {
  const to = selectAddress(netns, out, skb.route?.nexthop?.via ?? ipOf(skb).dst)?.ip;
  return to ? snat(run, skb, to, rule) : skb;
}

/** The source of a new connection becomes `to`, and its replies are expected there. */
export function snat(run: Run, skb: Skb, to: Ip, rule: FilterRule): Skb {
  const { connection } = skb;
  if (!connection) return skb;
  const entry: Connection = { ...connection.entry, reply: { ...connection.entry.reply, dst: to }, rule };
  return translate(run, { ...skb, connection: { ...connection, entry } }, "src", to, rule);
}

/** `nf_conntrack_confirm`: the first packet got through; and a later one of a translated connection follows it. */
export function confirm(run: Run, skb: Skb): Skb {
  const { connection } = skb;
  if (!connection) return skb;
  if (connection.fresh) {
    run.state.connections.push(connection.entry);
    return { ...skb, connection: { ...connection, fresh: false } };
  }
  const { original, reply, rule } = connection.entry;
  if (connection.direction !== "original") return skb;
  // An error about a reply, whoever it is from, is made to look as if the translated end had sent it.
  if (skb.packet[2]?.kind === "quote" && !reply.dst.equals(original.src)) {
    return translate(run, unquote(skb, "dst", original.src, reply.dst), "src", reply.dst);
  }
  return ipOf(skb).src.equals(original.src) ? translate(run, skb, "src", reply.dst, rule) : skb;
}

function translate(run: Run, skb: Skb, field: "src" | "dst", after: Ip, rule?: FilterRule): Skb {
  const before = ipOf(skb)[field];
  const drawsPort = rule?.target.kind === "MASQUERADE" && rule.target.randomFully;
  if (before.equals(after) && !drawsPort) return skb;
  const changed = withIp(skb, { [field]: after });
  run.note(changed, { kind: "translate", field, before, after, ...(rule && { rule }) });
  return changed;
}

/** In an ICMP error the quoted packet is translated as well. */
function unquote(skb: Skb, field: "src" | "dst", from: Ip, to: Ip): Skb {
  const packet = skb.packet.map((header): Header => {
    if (header.kind !== "quote") return header;
    const [ip, ...rest] = header.packet;
    if ((ip?.kind !== "ipv4" && ip?.kind !== "ipv6") || !ip[field].equals(from)) return header;
    return { ...header, packet: [{ ...ip, [field]: to }, ...rest] };
  });
  return { ...skb, packet };
}

function tupleOf(packet: Packet): Tuple | undefined {
  const [ip, first] = packet;
  // An error may quote a first fragment, which has the ports; later ones have none.
  const next = first?.kind === "slice" ? (first.offset === 0 ? first.packet[0] : undefined) : first;
  if ((ip?.kind !== "ipv4" && ip?.kind !== "ipv6") || !next || next.kind === "slice") return undefined;
  const protocol = protocolNumber(next, ip.kind);
  const base = { src: ip.src, dst: ip.dst, protocol };
  if (next.kind === "icmp") return { ...base, sport: next.rest >>> 16, dport: next.rest >>> 16 };
  return "sport" in next ? { ...base, sport: next.sport, dport: next.dport } : { ...base, sport: 0, dport: 0 };
}

function reversed({ src, dst, protocol, sport, dport }: Tuple): Tuple {
  return { src: dst, dst: src, protocol, sport: dport, dport: sport };
}

function same(a: Tuple, b: Tuple): boolean {
  return (
    a.protocol === b.protocol &&
    a.sport === b.sport &&
    a.dport === b.dport &&
    a.src.equals(b.src) &&
    a.dst.equals(b.dst)
  );
}
