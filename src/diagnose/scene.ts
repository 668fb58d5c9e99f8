import type { Ip } from "../addr/ip.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Network } from "../kernel/network.ts";
import type { Because, Event } from "../trace/event.ts";
import type { DropReason } from "../trace/reason.ts";
import { strandOf } from "../trace/strand.ts";
import { type EventOf, endings, type Trace } from "../trace/trace.ts";
import type { IpHeader, Packet } from "../wire/header.ts";

/** A walk as a diagnosis reads it: the tables, and what happened to the one packet whose fate tells the packet's. */
export interface Scene {
  readonly network: Network;
  readonly trace: Trace;
  /** Its events in order, over the fragments and copies that carry it on. */
  readonly path: readonly Event[];
  /** The namespaces it was in, and the segments it crossed. */
  readonly visited: ReadonlySet<string>;
  readonly crossed: ReadonlySet<string>;
  /** Its innermost IP header as the application meant it. */
  readonly sent: IpHeader;
  /** Absent when nothing says how it ended. */
  readonly end?: EventOf<"deliver"> | EventOf<"drop">;
}

/** A scene that ends in a drop, with the facts of it at hand. */
export interface Loss extends Scene {
  readonly event: EventOf<"drop">;
  readonly reason: DropReason;
  readonly because: Because;
  /** Where it was lost. */
  readonly netns: Netns;
  /** The outermost IP header then. */
  readonly ip: IpHeader;
  /** Whether it was in another packet then. */
  readonly wrapped: boolean;
}

/** Reads a walk. */
export function sceneOf(network: Network, trace: Trace): Scene {
  const sent = ipHeaders(trace.sent).at(-1);
  if (!sent) throw new Error(`the packet sent from ${trace.from} has no IP header`);
  const path = strandOf(trace).events.flatMap((index) => trace.events[index] ?? []);
  const visited = new Set<string>();
  const crossed = new Set<string>();
  for (const { at, action } of path) {
    visited.add(at.netns);
    if (action.kind === "wire") crossed.add(action.segment);
  }
  const end = path.findLast(isDelivery) ?? path.find(isDrop) ?? endings(trace)[0];
  return { network, trace, path, visited, crossed, sent, ...(end && { end }) };
}

/** The facts of the drop that ends a scene; `undefined` when it ends otherwise. */
export function lossOf(scene: Scene): Loss | undefined {
  const { end } = scene;
  if (!end || !isDrop(end)) return undefined;
  const { reason, because = {} } = end.action;
  const headers = ipHeaders(end.headers);
  return {
    ...scene,
    event: end,
    reason,
    because,
    netns: namespace(scene, end.at.netns),
    ip: headers[0] ?? scene.sent,
    wrapped: headers.length > 1,
  };
}

/** Whether a loss is at the node's end of the veth of the pod that sent the packet: what is wrong is the pod's own. */
export function fromPod({ netns, event, trace }: Loss): boolean {
  const link = netns.links.get(event.at.dev);
  return link?.kind === "veth" && link.master === undefined && link.peer.netns === trace.from;
}

/** A namespace that an event or a row names; they only name what exists. */
export function namespace({ network }: Pick<Scene, "network">, name: string): Netns {
  const netns = network.netns(name);
  if (!netns) throw new Error(`no namespace ${name}`);
  return netns;
}

/** The IP headers of a packet, outermost first, also those a fragment carries a part of; not those an error quotes. */
export function ipHeaders(packet: Packet): readonly IpHeader[] {
  return packet.flatMap((header): readonly IpHeader[] => {
    if (header.kind === "ipv4" || header.kind === "ipv6") return [header];
    return header.kind === "slice" ? ipHeaders(header.packet) : [];
  });
}

/** Whether an event shows the packet bare, on its way to the address it was sent to. */
export function isBare({ sent }: Scene, { headers }: Event): boolean {
  const [ip, ...inner] = ipHeaders(headers);
  return inner.length === 0 && sameAddress(ip?.dst, sent.dst);
}

function sameAddress(a: Ip | undefined, b: Ip): boolean {
  return a !== undefined && b.equals(a);
}

function isDelivery(event: Event): event is EventOf<"deliver"> {
  return event.action.kind === "deliver";
}

function isDrop(event: Event): event is EventOf<"drop"> {
  return event.action.kind === "drop";
}
