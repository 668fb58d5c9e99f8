import type { Mac } from "../addr/mac.ts";
import type { Event } from "./event.ts";
import { placeName } from "./project.ts";
import type { Strand } from "./strand.ts";
import type { EventOf, Trace } from "./trace.ts";

/** A question that a packet waits for, and its answers: ARP, neighbour discovery, or a WireGuard handshake. */
export interface Exchange {
  /** The place of the question in `trace.events`. */
  readonly asked: number;
  /** The event of the asking packet that came after it, by its place in `trace.events`. */
  readonly before?: number;
  /** Who answered, with the machine the answer comes from; a handshake's answer has no MAC address. */
  readonly answers: readonly { readonly mac?: Mac; readonly from: string; readonly proxy: boolean }[];
  /** On a segment: cards that took the question in, and cards that ignored it. */
  readonly heard?: { readonly accepted: number; readonly ignored: number };
}

/** The questions the packets of a strand had to wait for, in order. */
export function exchanges(trace: Trace, strand: Strand): readonly Exchange[] {
  const members = new Set(strand.events.map((index) => trace.events[index]?.packet));
  const roots = trace.packets.filter(
    ({ cause, parent }) => (cause === "arp" || cause === "handshake") && parent !== undefined && members.has(parent),
  );
  return roots.flatMap((root): readonly Exchange[] => {
    const asked = trace.events.findIndex((event) => event.packet === root.id && event.action.kind === root.cause);
    if (asked < 0) return [];
    const before = strand.events.find((index) => index > asked && trace.events[index]?.packet === root.parent);
    const kin = new Set([root.id]);
    for (const { id, parent } of trace.packets) if (parent !== undefined && kin.has(parent)) kin.add(id);
    const events = trace.events.filter((event) => kin.has(event.packet));
    const heard = events.find((event) => event.action.kind === "flood" && isOnSegment(event));
    const { action } = heard ?? {};
    return [
      {
        asked,
        ...(before !== undefined && { before }),
        answers: root.cause === "arp" ? events.filter(isAnswer).map(answer) : events.filter(isResponse).map(response),
        ...(root.cause === "arp" &&
          action?.kind === "flood" && { heard: { accepted: action.accepted.length, ignored: action.ignored } }),
      },
    ];
  });
}

function answer({ action: { mac, proxy }, at }: EventOf<"arp">): Exchange["answers"][number] {
  return { ...(mac && { mac }), from: placeName(at.netns), proxy: proxy !== undefined };
}

function response({ at }: Event): Exchange["answers"][number] {
  return { from: placeName(at.netns), proxy: false };
}

function isResponse({ action }: Event): boolean {
  return action.kind === "handshake" && action.message === "response";
}

function isAnswer(event: Event): event is EventOf<"arp"> {
  return event.action.kind === "arp" && event.action.op === "reply" && event.action.mac !== undefined;
}

/** A bridge that floods names nobody; a segment says who is there. */
function isOnSegment({ action }: Event): boolean {
  return action.kind === "flood" && (action.accepted.length > 0 || action.ignored > 0);
}
