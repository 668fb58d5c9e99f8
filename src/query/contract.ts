import type { Ip } from "../addr/ip.ts";
import type { Topology } from "../topology/topology.ts";
import type { Direction } from "../trace/answer.ts";
import { frameNeed } from "../trace/project.ts";
import { probePackets } from "../trace/trace.ts";
import type { Packet } from "../wire/header.ts";

/** One line of a ticket to whoever runs the fabric: what must pass, from where to where, and how large. */
export interface Requirement {
  /** `udp/8472`, `proto/4`, `tcp/179`, or `any-ip`: pods' own addresses, unfiltered and unchecked. */
  readonly what: string;
  /** Networks of the sender and the receiver, as the fabric sees them. */
  readonly from: string;
  readonly to: string;
  /** Segments it is seen on. */
  readonly segments: readonly string[];
  /** The longest IP packet, in bytes, that full-sized packets of pods make. */
  readonly length?: number;
  readonly why: string;
}

/** What the frames of both directions ask of the fabric, the same asked twice told once. */
export function requirementsOf(
  topology: Topology,
  directions: readonly (Direction | undefined)[],
): readonly Requirement[] {
  const found = new Map<string, { requirement: Requirement; segments: Set<string> }>();
  for (const direction of directions) {
    if (!direction) continue;
    for (const event of framesOf(direction)) {
      const ip = event.headers.find((header) => header.kind === "ipv4" || header.kind === "ipv6");
      if (ip?.kind !== "ipv4" && ip?.kind !== "ipv6") continue;
      const what = frameNeed(event);
      const [from, to] = [networkOf(topology, ip.src), networkOf(topology, ip.dst)];
      const key = `${what} ${from} ${to}`;
      const known = found.get(key);
      if (known) {
        known.segments.add(event.segment);
        continue;
      }
      const length = direction.pathMtu === undefined ? undefined : direction.pathMtu + direction.headerBytes;
      const why = what === "any-ip" ? "pods' own packets, not wrapped" : "pods' packets, wrapped by the node";
      const requirement = { what, from, to, segments: [], why, ...(length !== undefined && { length }) };
      found.set(key, { requirement, segments: new Set([event.segment]) });
    }
  }
  return [...found.values()].map(({ requirement, segments }) => ({ ...requirement, segments: [...segments] }));
}

/** A frame that a card has put on its segment. */
export interface Frame {
  readonly headers: Packet;
  readonly segment: string;
  readonly from: string;
  /** Absent when the fabric ate it. */
  readonly to?: string;
}

/** The frames of the probe itself, the one that the fabric ate included. */
export function* framesOf({ trace, diagnosis }: Direction): Generator<Frame> {
  const probe = probePackets(trace);
  for (const { packet, at, action, headers } of trace.events) {
    if (!probe.has(packet)) continue;
    if (action.kind === "wire") yield { headers, segment: action.segment, from: at.netns, to: action.to.netns };
    if (action.kind === "drop" && action.reason === "fabric") yield { headers, segment: diagnosis.at, from: at.netns };
  }
}

/** The subnet or pod network an address lies in, else the address alone. */
export function networkOf({ subnets, cluster }: Topology, ip: Ip): string {
  const networks = [...[...subnets.values()].flatMap(({ cidrs }) => cidrs), ...cluster.podCIDRs];
  return `${networks.find((network) => network.contains(ip)) ?? ip}`;
}
