import { placeName } from "../trace/project.ts";
import type { Trace } from "../trace/trace.ts";
import { encode } from "../wire/stack.ts";
import { type Frame, framesOf } from "./frame-words.ts";
import { enhancedPacket, interfaceDescription, joined, LINK_TYPE, sectionHeader } from "./pcapng-block.ts";

/**
 * The predicted frames of walks over one network, first to last, as a pcapng section that Wireshark and tcpdump read.
 * Each device that saw a frame is an interface called `place/device`; without Ethernet it is a raw IP one. A frame says
 * its direction, and in a comment its place and step. Times only keep the order: they count microseconds from 1970.
 * Sections behind one another are a file again. `application` is the name and version of the program that writes;
 * `names` tell walks apart in the comments, where there are many.
 */
export function pcapng(
  traces: readonly Trace[],
  application: string,
  names: readonly (string | undefined)[] = [],
): Uint8Array {
  const frames = traces.flatMap((trace, i) => framesOf(trace).map((frame) => named(frame, names[i])));
  const interfaces = new Map<string, { readonly id: number; readonly block: Uint8Array }>();
  const packets = frames.map(({ event, comment }, time) => {
    const { name, linkType } = interfaceOf(event);
    const key = `${linkType} ${name}`;
    const known = interfaces.get(key) ?? { id: interfaces.size, block: interfaceDescription(name, linkType) };
    interfaces.set(key, known);
    const direction = event.action.kind === "transmit" ? "out" : "in";
    return enhancedPacket({ interface: known.id, time, bytes: encode(event.headers), direction, comment });
  });
  const modes = [...new Set(traces.map((trace) => trace.mode))].join(", ");
  const header = sectionHeader({ application, comment: `predicted, not captured: ${modes}` });
  return joined([header, ...[...interfaces.values()].map(({ block }) => block), ...packets]);
}

function named(frame: Frame, name: string | undefined): Frame {
  return name === undefined ? frame : { ...frame, comment: `${name}: ${frame.comment}` };
}

function interfaceOf({ at, headers }: Frame["event"]): { readonly name: string; readonly linkType: number } {
  const isEthernet = headers[0]?.kind === "ethernet";
  return { name: `${placeName(at.netns)}/${at.dev}`, linkType: isEthernet ? LINK_TYPE.ethernet : LINK_TYPE.raw };
}
