import { EMPTY_STATE, type State } from "../dataplane/state.ts";
import type { WalkOptions } from "../dataplane/walk.ts";
import { concludeBoth, concludeBranches, concludeFlow } from "../diagnose/conclusion.ts";
import type { Network } from "../kernel/network.ts";
import type { Socket } from "../kernel/socket.ts";
import type { Mode } from "../modes/mode.ts";
import type { Outcome } from "../topology/problem.ts";
import type { Fault, Topology } from "../topology/topology.ts";
import type { Answer, Question } from "../trace/answer.ts";
import { findEndpoint } from "./endpoint.ts";
import { smallest } from "./flow.ts";
import { restOfFlow, sendPacket } from "./packets.ts";
import { traceroute } from "./traceroute.ts";

/** What a user asks: two places, and how the packet looks; what is left out has the usual default. */
export interface Ask {
  readonly src: string;
  readonly dst: string;
  readonly protocol?: Question["protocol"];
  readonly sport?: number;
  readonly dport?: number;
  readonly size?: number;
  readonly ttl?: number;
  readonly df?: Question["df"];
  readonly family?: 4 | 6;
  readonly cold?: boolean;
  /** How many packets of the flow are sent; default one. */
  readonly count?: number;
  /** Whether every way over equal routes is wanted, and not only whether they agree. */
  readonly allBranches?: boolean;
  readonly oneWay?: boolean;
  readonly traceroute?: boolean;
  /** Whether to look for fixes when the packet does not arrive; default yes. */
  readonly fixes?: boolean;
  /** Commands done to the finished tables after the topology's own faults. */
  readonly faults?: readonly Fault[];
}

const PORTS = { sport: 40000, dport: 9000 } as const;
const SIZE = 60;
const PING_SIZE = 84;

/** The packet that is asked about, every default filled in. */
export function questionOf(topology: Topology, network: Network, mode: Mode, ask: Ask): Outcome<Question> {
  const wanted = ask.family ?? topology.cluster.podCIDRs[0]?.family ?? 4;
  const src = findEndpoint(topology, network, ask.src, wanted);
  const dst = findEndpoint(topology, network, ask.dst, wanted);
  if (!src.ok || !dst.ok)
    return { ok: false, problems: [...(src.ok ? [] : src.problems), ...(dst.ok ? [] : dst.problems)] };
  if (src.value.netns === undefined) {
    const message = `${ask.src} is only an address: nobody in ${topology.name} sends from it`;
    return { ok: false, problems: [{ code: "no-sender", message, hint: "name a pod, a host or a router" }] };
  }
  const protocol = ask.protocol ?? "udp";
  const { family } = dst.value.ip;
  const least = smallest(protocol, family);
  // Nothing may stand behind an INIT (RFC 9260 §3).
  const most = protocol === "sctp" ? least : 65535;
  const size = ask.size ?? Math.min(Math.max(protocol === "icmp" ? PING_SIZE : SIZE, least), most);
  if (size < least || size > most) {
    const message = `${size} bytes is no IP length for ${protocol}`;
    const hint = least === most ? `an INIT has ${least}` : `give ${least} to ${most}`;
    return { ok: false, problems: [{ code: "bad-size", message, hint }] };
  }
  return {
    ok: true,
    value: {
      mode: mode.name,
      topology: topology.name,
      src: src.value,
      dst: dst.value,
      protocol,
      sport: ask.sport ?? PORTS.sport,
      dport: ask.dport ?? PORTS.dport,
      size,
      ttl: ask.ttl ?? 64,
      df: ask.df ?? "auto",
      cold: ask.cold ?? false,
      count: ask.count ?? 1,
    },
  };
}

/** How many ways over equal routes are walked at most: to see whether they agree, or to show every one of them. */
const MOST_BRANCHES = { toAgree: 16, toShow: 64 } as const;

/** Walks a question over a network that is built; without fixes. */
export function answerQuestion(
  network: Network,
  question: Question,
  ask: Pick<Ask, "oneWay" | "traceroute" | "allBranches"> = {},
): Answer {
  const options: WalkOptions = { cold: question.cold, state: listening(question) };
  const most = ask.allBranches ? MOST_BRANCHES.toShow : MOST_BRANCHES.toAgree;
  const first = sendPacket(network, question, options, { oneWay: ask.oneWay ?? false, most });
  const flow = question.count > 1 ? restOfFlow(network, question, options, { first, oneWay: ask.oneWay ?? false }) : [];
  const { forward, reply, senderSees } = first.packet;
  const both = concludeBoth(forward, reply);
  return {
    question,
    ...(concludeBranches(forward, reply) ?? (flow.length > 0 ? concludeFlow([first.packet, ...flow]) : both)),
    forward,
    ...(reply && { reply }),
    senderSees,
    fixes: [],
    ...(flow.length > 0 && { flow: [first.packet, ...flow] }),
    ...(ask.allBranches && { allBranches: true }),
    ...(ask.traceroute && { traceroute: traceroute(network, first.request, options) }),
    assumptions: [],
  };
}

/** A machine that is asked about is taken to listen where it is asked; of pods the topology says so itself. */
function listening({ dst, protocol, dport }: Question): State {
  if (dst.netns === undefined || dst.netns.startsWith("pod/") || protocol === "icmp") return EMPTY_STATE;
  const owner = { kind: "process", name: dst.name } as const;
  const socket: Socket = { protocol, port: dport, owner, by: "operator", assumed: true };
  return { ...EMPTY_STATE, sockets: new Map([[`${dst.netns} ${protocol} ${dport}`, socket]]) };
}
