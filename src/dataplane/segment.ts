import { BROADCAST, isGroup } from "../addr/mac.ts";
import type { NicLink } from "../kernel/link.ts";
import type { FabricRow, Segment } from "../kernel/network.ts";
import type { Port } from "../kernel/row.ts";
import type { Because } from "../trace/event.ts";
import type { Header } from "../wire/header.ts";
import { protocolNumber } from "../wire/protocol.ts";
import { lengthOf } from "../wire/stack.ts";
import type { Run } from "./run.ts";
import { ethernetOf, ipLength, type Skb, type Step, withoutEthernet } from "./skb.ts";
import { arrive } from "./xmit.ts";

/** Cards that a broadcast is walked to the end for. */
const MOST_HEARERS = 64;

/** A card puts a frame on its segment: the fabric may eat it; whoever has the MAC, or may answer the question, takes it in. */
export function segmentXmit(run: Run, skb: Skb): readonly Step[] {
  const here: Port = { netns: skb.netns, dev: skb.dev ?? "" };
  const link = run.netns(here.netns).links.get(here.dev) as NicLink;
  const segment = run.network.segments.get(link.segment);
  if (!segment) return run.drop(skb, "DEV_READY", { dev: link.name });
  const eaten = fabricDrop(run, segment, skb, here);
  if (eaten) return run.drop(skb, "fabric", eaten);
  const to = receivers(segment, skb).filter((port) => port.netns !== here.netns || port.dev !== here.dev);
  const dst = ethernetOf(skb)?.dst ?? BROADCAST;
  if (isGroup(dst)) run.note(skb, { kind: "flood", accepted: to, ignored: segment.population - 1 - to.length });
  else if (to.length === 0) {
    run.note(skb, { kind: "flood", accepted: [], ignored: segment.population - 1 });
    return run.drop(skb, "OTHERHOST", { expected: [] });
  }
  return to.map((port, i) => {
    run.note(skb, { kind: "wire", segment: segment.name, to: port, frame: lengthOf(skb.packet) });
    const copy = i === 0 ? skb : { ...skb, id: run.packet("flood", skb.id) };
    return { stage: "netif_receive_skb", skb: arrive(copy, port.netns, port.dev) };
  });
}

/** Who can make something of a frame: the owners of its MAC, or of the address an ARP or NDP question asks for. */
function receivers(segment: Segment, skb: Skb): readonly Port[] {
  const dst = ethernetOf(skb)?.dst ?? BROADCAST;
  if (!isGroup(dst)) return segment.withMac(dst);
  const question = skb.packet.find((header) => header.kind === "arp" || header.kind === "ndp");
  if (question?.kind === "arp") return segment.owners(question.tpa);
  if (question?.kind === "ndp") return segment.owners(question.target);
  // Everybody hears a broadcast; of a large segment nobody is built for that alone.
  return dst === BROADCAST && segment.population <= MOST_HEARERS ? [...segment.ports()] : [];
}

function fabricDrop(run: Run, segment: Segment, skb: Skb, from: Port): Because | undefined {
  const packet = withoutEthernet(skb.packet);
  const [ip, next] = packet;
  if (ip?.kind !== "ipv4" && ip?.kind !== "ipv6") return undefined;
  const size = ipLength(skb.packet);
  if (size > segment.mtu) return { mtu: segment.mtu, size };
  if (next?.kind === "ndp") return undefined;
  const protocol = ip.fragment?.protocol ?? protocolNumber(next as Header, ip.kind);
  const port = transportOf(packet);
  const matches = (row: FabricRow) => row.protocol === protocol && (row.port === undefined || row.port === port);
  const row = segment.fabric.find(matches);
  if (row?.verdict === "drop") return { fabric: row };
  if (!row && segment.fabric.some((candidate) => candidate.verdict === "allow")) return { fabric: "not-allowed" };
  if (!segment.sourceDestCheck) return undefined;
  const ours = (port: Port, address: typeof ip.src) =>
    run.netns(port.netns).addresses.some((row) => row.dev === port.dev && row.ip.equals(address));
  const to = segment.withMac(ethernetOf(skb)?.dst ?? BROADCAST);
  // The card of a router that stands for the cloud's own is exempt: its addresses are not the packet's.
  const spoofed = run.netns(from.netns).kind === "host" && !ours(from, ip.src);
  const stray = to.some((port) => run.netns(port.netns).kind === "host" && !ours(port, ip.dst));
  return spoofed || stray ? { fabric: "source-dest-check", ip: spoofed ? ip.src : ip.dst } : undefined;
}

/** The destination port of a packet's first transport header; later fragments have none. */
function transportOf(packet: readonly Header[]): number | undefined {
  const body = packet[1]?.kind === "slice" && packet[1].offset === 0 ? packet[1].packet : packet.slice(1);
  const first = body[0];
  return first?.kind === "udp" || first?.kind === "tcp" || first?.kind === "sctp" ? first.dport : undefined;
}
