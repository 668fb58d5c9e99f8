import type { Ip } from "../addr/ip.ts";
import type { Header, Packet } from "../wire/header.ts";
import { protocolName, protocolNumber } from "../wire/protocol.ts";
import type { Crossings, FabricNeed, SenderSees } from "./answer.ts";
import { eventsOf, probePackets, type Trace } from "./trace.ts";
import { bytesWrapped } from "./wrapping.ts";

/** The plain name of a namespace: `host/node-1` is node-1, `pod/default/pod-a` is pod-a, `pod/shop/db` is shop/db. */
export function placeName(netns: string): string {
  return netns.replace(/^(host|router|segment)\//, "").replace(/^pod\/(default\/)?/, "");
}

/** The namespaces the probe visited, in order, each visit once. */
export function places(trace: Trace): readonly string[] {
  const probe = probePackets(trace);
  const visited: string[] = [];
  for (const { packet, at } of trace.events) {
    if (probe.has(packet) && visited.at(-1) !== at.netns) visited.push(at.netns);
  }
  return visited;
}

/**
 * Copies of the probe's bytes over the border between a process and the kernel. `send` and `deliver` are the
 * applications'; a forwarder's read, sendto, recvfrom and write are the CNI's.
 */
export function crossings(trace: Trace): Crossings {
  const probe = probePackets(trace);
  let application = 0;
  let cni = 0;
  for (const { packet, action } of trace.events) {
    if (!probe.has(packet)) continue;
    const { kind } = action;
    if (kind === "send" || kind === "deliver") application++;
    if (kind === "read" || kind === "sendto" || kind === "recvfrom" || kind === "write") cni++;
  }
  return { application, cni, total: application + cni };
}

/** The most bytes that were pushed around the probe at any one time. */
export function headerBytes(trace: Trace): number {
  const probe = probePackets(trace);
  let now = 0;
  let most = 0;
  for (const event of trace.events) {
    if (!probe.has(event.packet)) continue;
    now += bytesWrapped(event);
    most = Math.max(most, now);
  }
  return most;
}

/** The innermost IP header: the application's own, or the first fragment's. */
function innerIp(packet: Packet): Extract<Header, { src: Ip; ttl: number }> | undefined {
  return packet.findLast((header) => header.kind === "ipv4" || header.kind === "ipv6");
}

/** TTL with which the probe arrived; `undefined` when it did not. */
export function arrivalTtl(trace: Trace): number | undefined {
  const probe = probePackets(trace);
  const event = eventsOf(trace, "deliver").find((candidate) => probe.has(candidate.packet));
  return event && innerIp(event.headers)?.ttl;
}

/** What fabrics must carry for this walk, one line for each segment and kind of frame. */
export function fabricNeeds(trace: Trace): readonly FabricNeed[] {
  const probe = probePackets(trace);
  const needs = new Map<string, FabricNeed>();
  for (const event of eventsOf(trace, "wire")) {
    if (!probe.has(event.packet)) continue;
    const ends = { from: placeName(event.at.netns), to: placeName(event.action.to.netns) };
    const need = { segment: event.action.segment, what: frameNeed(event), ...ends };
    needs.set(`${need.segment} ${need.what}`, need);
  }
  return [...needs.values()];
}

/** What a fabric must pass for one frame: `udp/8472`, `proto/4`, or `any-ip` for a pod's own packet. */
export function frameNeed({ headers }: { readonly headers: Packet }): string {
  // A fragment is part of what it was cut from, whether the fabric can tell or not.
  const whole = headers.flatMap((header) => (header.kind === "slice" ? header.packet : [header]));
  const [ip, next, third] = whole[0]?.kind === "ethernet" ? whole.slice(1) : whole;
  const outer = ip?.kind === "ipv4" || ip?.kind === "ipv6";
  const tunnelled = whole.filter((header) => header.kind === "ipv4" || header.kind === "ipv6").length > 1;
  if (!outer || !next || !tunnelled) return "any-ip";
  if (next.kind === "udp" && third) return `udp/${next.dport}`;
  const number = protocolNumber(next, ip.kind);
  return number === 4 || number === 41 ? `proto/${number}` : protocolName(number);
}

/** What the sender's socket is told by the events of one walk, and whether anything left it at all. */
export function senderSees(trace: Trace): SenderSees {
  const errors = eventsOf(trace, "error").filter((event) => event.at.netns === trace.from);
  const [first] = errors;
  if (first) return { kind: "error", error: first.action.error };
  return { kind: "silence" };
}
