import type { Ip } from "../addr/ip.ts";
import type { Refused } from "../kernel/refused.ts";
import type { Nexthop, Route } from "../kernel/route.ts";
import type { Code } from "./codes.ts";
import type { SocketError } from "./event.ts";
import type { Learned } from "./learned.ts";
import type { Trace } from "./trace.ts";

export type Verdict = "REACHABLE" | "REACHABLE_WITH_RISK" | "UNREACHABLE" | "AMBIGUOUS" | "UNDETERMINED";

/** One end of a question: a pod, a host, a router, or a bare address. */
export interface Endpoint {
  /** As the user may type it: `pod-a`, `shop/db-0`, `node-1`. */
  readonly name: string;
  /** The namespace it sends from or is in; absent for an address nobody in the model holds. */
  readonly netns?: string;
  readonly ip: Ip;
}

/** The packet that is asked about. */
export interface Question {
  readonly mode: string;
  readonly topology: string;
  readonly src: Endpoint;
  readonly dst: Endpoint;
  readonly protocol: "udp" | "tcp" | "icmp" | "sctp";
  readonly sport: number;
  readonly dport: number;
  /** IP length in bytes. */
  readonly size: number;
  readonly ttl: number;
  readonly df: "auto" | "always" | "never";
  readonly cold: boolean;
  /** How many packets of the flow are sent, each when the one before it and its answer have come to their end. */
  readonly count: number;
}

/** An earlier fact that is to blame for where the packet died, or a risk on a path that works. */
export interface Finding {
  readonly code: Code;
  /** The place by its plain name: `node-1`. */
  readonly at: string;
  /** One sentence with the row and the numbers in it. */
  readonly text: string;
  /** The row the kernel refused, when that is the fact; views print it among the rows of its place. */
  readonly refused?: Refused;
}

/** Why the packet of one direction ended as it did. */
export interface Diagnosis {
  readonly verdict: Verdict;
  readonly code: Code;
  /** Where it ended, by its plain name. */
  readonly at: string;
  /** The kernel's skb_drop_reason, where it has one. */
  readonly reason?: string;
  readonly because: readonly Finding[];
  /** A few plain sentences: what happens here and why, without codes. */
  readonly story: readonly string[];
  /** What to type on the real machines, and what to expect there. */
  readonly seeIt: readonly { readonly at: string; readonly command: string; readonly expect: string }[];
}

/** What the sending application learns, found by walking errors back to it. */
export interface SenderSees {
  readonly kind: "reply" | "error" | "silence" | "nothing-sent";
  readonly error?: SocketError;
}

/** A change that was applied and walked again before it is offered. */
export interface Fix {
  /** Commands on machines, or another mode. */
  readonly edits: readonly { readonly at: string; readonly command: string }[];
  readonly mode?: string;
  readonly code: Code;
  /** Bytes added on the wire, and the path MTU, with the fix. */
  readonly headerBytes: number;
  readonly pathMtu?: number;
}

/** User/kernel crossings of one direction. */
export interface Crossings {
  readonly application: number;
  readonly cni: number;
  readonly total: number;
}

/** Something the fabric must carry, computed from the frames seen on segments: `udp/8472`, `proto/4`. */
export interface FabricNeed {
  readonly segment: string;
  /** `any-ip` stands for pods' own addresses on the wire: nothing may filter or check them. */
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

/** A packet walked to its end, and why it ended so. */
export interface Walked {
  readonly trace: Trace;
  readonly diagnosis: Diagnosis;
  /** TTL at the receiver; absent when it is not reached. */
  readonly ttl?: number;
}

/** A branch that was taken where a route has several: a row, and one of its next hops. */
export interface Choice {
  readonly netns: string;
  readonly route: Route;
  readonly nexthop: Nexthop;
  /** Of all pairs of addresses, how many hash to this branch: its weight among those of the branches that are up. */
  readonly share: number;
}

/** One way through equal-cost routes. */
export interface Branch extends Walked {
  /** In the order in which the packet met them. */
  readonly choices: readonly Choice[];
  /** The product of the shares of its choices. */
  readonly share: number;
}

/** The ways that equal-cost routes leave open to one packet. */
export interface Branches {
  /** Those that were walked; the first is the stable one, which every view shows. */
  readonly walked: readonly Branch[];
  /** Whether there are more than were walked. */
  readonly more: boolean;
}

/** One direction, walked. */
export interface Direction extends Walked {
  readonly crossings: Crossings;
  /** Places visited, ends included. */
  readonly places: number;
  /** What traceroute counts. */
  readonly ipHops: number;
  /** Bytes that headers add to the packet where it is longest. */
  readonly headerBytes: number;
  /** The largest packet with DF that arrives; absent when none does. */
  readonly pathMtu?: number;
  readonly fabric: readonly FabricNeed[];
  /** The ways that routes with several equal branches leave open; absent when there is but one. */
  readonly branches?: Branches;
}

/** One of several packets of a flow. */
export interface FlowPacket {
  /** From 1. */
  readonly number: number;
  /** IP length in bytes: TCP cuts its segments to what it knows of the way. */
  readonly size: number;
  readonly forward: Direction;
  readonly reply?: Direction;
  readonly senderSees: SenderSees;
  /** What this packet and its answer taught, by whom. */
  readonly learned: readonly Learned[];
  /** The earlier packet that this one did everything like, and taught nothing. */
  readonly like?: number;
}

/** Who answers a probe of each TTL; `*` where nobody does. */
export interface TracerouteHop {
  readonly ttl: number;
  readonly from?: Ip;
  /** The place that has the address. */
  readonly place?: string;
  readonly reached: boolean;
  /** Where the probe was last seen when nobody answers. */
  readonly lastSeen?: string;
}

/** The whole answer to `trace SRC DST`. */
export interface Answer {
  readonly question: Question;
  readonly verdict: Verdict;
  readonly code: Code;
  /** What only the directions, or the branches, show together. */
  readonly because: readonly Finding[];
  readonly forward: Direction;
  /** Absent with --one-way, or when there is nothing to reply to. */
  readonly reply?: Direction;
  readonly senderSees: SenderSees;
  readonly fixes: readonly Fix[];
  /** With --count: every packet, the first included; the verdict is that of the last. */
  readonly flow?: readonly FlowPacket[];
  /** With --all-branches: views show every branch, not only how many there are. */
  readonly allBranches?: boolean;
  readonly traceroute?: readonly TracerouteHop[];
  readonly assumptions: readonly string[];
}
