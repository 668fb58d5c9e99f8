import type { Action, PacketInfo } from "../trace/event.ts";
import { placeName } from "../trace/project.ts";
import type { EventOf, Trace } from "../trace/trace.ts";
import { translationWords } from "./filter-words.ts";
import { fdbWords, leaseWords, neighbourWords, routeWords, wireguardPeerWords } from "./row-words.ts";

/** A frame that a capture on a device would show, with what the capture's reader is told of it. */
export interface Frame {
  readonly event: EventOf<"transmit"> | EventOf<"receive">;
  /**
   * The place, the device and the direction; the packet and the event by their numbers in the trace; the rows and steps
   * that the packet has met since it was last seen.
   */
  readonly comment: string;
}

/** Every frame of a walk in the order of the walk: `transmit` is out, `receive` is in. */
export function framesOf(trace: Trace): readonly Frame[] {
  const frames: Frame[] = [];
  const met = new Map<number, readonly string[]>();
  const isReply = trace.packets[0]?.cause === "reply";
  for (const [index, event] of trace.events.entries()) {
    const { packet, at, action } = event;
    const info = trace.packets[packet];
    const before = met.get(packet) ?? inherited(info, met);
    if (!isFrame(event)) {
      met.set(packet, [...before, ...stepWords(action)]);
      continue;
    }
    met.set(packet, []);
    const direction = action.kind === "transmit" ? "out" : "in";
    const number = `event ${index}${isReply ? " of the reply" : ""}`;
    const subject = [`${placeName(at.netns)} ${at.dev}: ${direction}`, `packet ${packet}${originWords(info)}`, number];
    frames.push({ event, comment: [...subject, ...before].join(", ") });
  }
  return frames;
}

function isFrame(event: Trace["events"][number]): event is Frame["event"] {
  return event.action.kind === "transmit" || event.action.kind === "receive";
}

/** What a copy or a piece has met is what the packet had met that it was made of. */
function inherited(info: PacketInfo | undefined, met: ReadonlyMap<number, readonly string[]>): readonly string[] {
  const isPart = info?.cause === "fragment" || info?.cause === "branch" || info?.cause === "flood";
  return (isPart && info.parent !== undefined && met.get(info.parent)) || [];
}

function originWords(info: PacketInfo | undefined): string {
  if (info?.parent === undefined) return "";
  const { cause, parent } = info;
  switch (cause) {
    case "fragment":
      return ` (a fragment of packet ${parent})`;
    case "reassembled":
      return ` (packet ${parent} put together)`;
    case "flood":
    case "branch":
      return ` (a copy of packet ${parent})`;
    case "icmp-error":
      return ` (an error about packet ${parent})`;
    case "redirect":
      return ` (a redirect about packet ${parent})`;
    case "arp":
    case "handshake":
      return ` (for packet ${parent})`;
    case "sent":
    case "reply":
      return "";
  }
}

function stepWords(action: Action): readonly string[] {
  switch (action.kind) {
    case "send":
      return [`sent by ${action.process}`];
    case "wire":
      return [`over ${action.segment}`];
    case "route":
      return [`route ${routeWords(action.found.route, action.found.nexthop)}`];
    case "neighbour":
      return [`neigh ${neighbourWords(action.entry)}`];
    case "fdb":
      return [`fdb ${fdbWords(action.entry)}`];
    case "peer":
      return [`wg peer ${wireguardPeerWords(action.peer)}`];
    case "flood":
      return ["flooded"];
    case "forward":
      return [`ttl ${action.ttl}`];
    case "translate":
      return [`${action.field === "src" ? "snat" : "dnat"} ${translationWords(action)}`];
    case "encapsulate":
      return [`encapsulated by ${action.by}`];
    case "decapsulate":
      return [`decapsulated by ${action.by}`];
    case "lease":
      return [`lease ${leaseWords(action.lease)}`];
    case "read":
    case "sendto":
    case "recvfrom":
    case "write":
      return [`${action.forwarder.process} ${action.kind}`];
    case "fragment":
      return [`cut into ${action.count} for mtu ${action.mtu}`];
    case "reassemble":
      return [`put together from ${action.count} fragments`];
    default:
      return [];
  }
}
