import type { Send } from "../dataplane/output.ts";
import { type WalkOptions, walk } from "../dataplane/walk.ts";
import type { Network } from "../kernel/network.ts";
import type { TracerouteHop } from "../trace/answer.ts";
import { placeName, senderSees } from "../trace/project.ts";
import { probePackets } from "../trace/trace.ts";
import { arrival } from "./flow.ts";

/** As traceroute's own limit. */
const MOST_HOPS = 30;

/** How many silent hops in a row end the list: by then nothing further answers. */
const SILENT_END = 5;

/** One packet for each TTL, from 1 until the destination is reached; whoever answers is found by walking its error back. */
export function traceroute(network: Network, what: Send, options: WalkOptions): readonly TracerouteHop[] {
  const hops: TracerouteHop[] = [];
  for (let ttl = 1; ttl <= MOST_HOPS; ttl++) {
    const { trace } = walk(network, { ...what, ttl }, options);
    const { error } = senderSees(trace);
    const reached = arrival(trace) !== undefined || (error?.icmp?.type === 3 && error.icmp.code === 3);
    const probe = probePackets(trace);
    const last = trace.events.findLast((event) => probe.has(event.packet));
    const reporter =
      error?.from && trace.events.find((event) => event.action.kind === "icmp" && event.action.sent !== undefined);
    hops.push({
      ttl,
      reached,
      ...(reached ? { from: what.dst } : error?.from && { from: error.from }),
      ...(reached ? { place: placeName(last?.at.netns ?? "") } : reporter && { place: placeName(reporter.at.netns) }),
      ...(!reached && !error?.from && last && { lastSeen: `${placeName(last.at.netns)} ${last.at.dev}` }),
    });
    const silent = hops.slice(-SILENT_END).every((hop) => hop.from === undefined);
    if (reached || (silent && hops.length >= SILENT_END)) break;
  }
  return hops;
}
