import type { Packet } from "../wire/header.ts";
import type { Action, ActionKind, ActionOf, Event, PacketInfo } from "./event.ts";

/** Everything that happened to one packet and to those it caused. Every view of it is a projection. */
export interface Trace {
  readonly mode: string;
  /** The packet as its sender made it, and the namespace it was sent in. */
  readonly from: string;
  readonly sent: Packet;
  readonly packets: readonly PacketInfo[];
  readonly events: readonly Event[];
}

/** An event whose action is known to be of one kind. */
export type EventOf<K extends ActionKind> = Event & { readonly action: ActionOf<K> };

/** The events of one kind, in order. */
export function eventsOf<K extends ActionKind>(trace: Trace, kind: K): readonly EventOf<K>[] {
  return trace.events.filter((event): event is EventOf<K> => (event.action as Action).kind === kind);
}

/** The packets that are the probe itself: what was sent, and its fragments, reassemblies and branches. */
export function probePackets(trace: Trace): ReadonlySet<number> {
  const probe = new Set<number>();
  for (const { id, parent, cause } of trace.packets) {
    const continues = cause === "fragment" || cause === "reassembled" || cause === "branch" || cause === "flood";
    if (parent === undefined ? cause === "sent" || cause === "reply" : continues && probe.has(parent)) probe.add(id);
  }
  return probe;
}

/** How the probe ended, once for each of its packets that ended. */
export function endings(trace: Trace): readonly (EventOf<"deliver"> | EventOf<"drop">)[] {
  const probe = probePackets(trace);
  return trace.events.filter(
    (event): event is EventOf<"deliver"> | EventOf<"drop"> =>
      probe.has(event.packet) && (event.action.kind === "deliver" || event.action.kind === "drop"),
  );
}
