import type { Send } from "../dataplane/output.ts";
import { EMPTY_STATE, type State } from "../dataplane/state.ts";
import { type WalkOptions, walk } from "../dataplane/walk.ts";
import { type Conclusion, concludeBoth, concludeBranches } from "../diagnose/conclusion.ts";
import { diagnose } from "../diagnose/diagnose.ts";
import type { Network } from "../kernel/network.ts";
import type { Socket } from "../kernel/socket.ts";
import type { Mode } from "../modes/mode.ts";
import type { Outcome } from "../topology/problem.ts";
import type { Fault, Topology } from "../topology/topology.ts";
import type { Answer, Direction, Question } from "../trace/answer.ts";
import { arrivalTtl, crossings, fabricNeeds, headerBytes, places, senderSees } from "../trace/project.ts";
import { eventsOf, type Trace } from "../trace/trace.ts";
import { findEndpoint } from "./endpoint.ts";
import { replyTo, requestOf, smallest } from "./flow.ts";
import { pathMtu } from "./path-mtu.ts";
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
    },
  };
}

/** Walks a question over a network that is built; without fixes. */
export function answerQuestion(
  network: Network,
  question: Question,
  ask: Pick<Ask, "oneWay" | "traceroute"> = {},
): Answer {
  const options: WalkOptions = { cold: question.cold, state: listening(question) };
  const request = requestOf(question);
  const there = walk(network, request, options);
  const forward = direction(network, there, request);
  const response = ask.oneWay ? undefined : replyTo(there.trace, question);
  const back = response && walk(network, response, { ...options, state: there.state });
  const reply = response && back && direction(network, back, response);
  const concluded = otherBranches(network, request, options, forward) ?? concludeBoth(forward, reply);
  return {
    question,
    ...concluded,
    forward,
    ...(reply && { reply }),
    senderSees: reply?.ttl !== undefined ? { kind: "reply" } : seen(there.trace),
    fixes: [],
    ...(ask.traceroute && { traceroute: traceroute(network, request, options) }),
    assumptions: [],
  };
}

/** How many ways over equal routes are walked at most. */
const MOST_BRANCHES = 16;

/** What the other ways say when a route on this one had several; `undefined` when all agree. */
function otherBranches(
  network: Network,
  request: Send,
  options: WalkOptions,
  forward: Direction,
): Conclusion | undefined {
  const weights = eventsOf(forward.trace, "route").flatMap(({ action }) => action.found.route.nexthops ?? []);
  const count = Math.min(
    MOST_BRANCHES,
    weights.reduce((sum, hop) => sum + (hop.weight ?? 1), 0),
  );
  if (count < 2) return undefined;
  const others = Array.from({ length: count - 1 }, (_, k) => walk(network, request, { ...options, hash: k + 1 }).trace);
  const concluded = concludeBranches([forward.diagnosis, ...others.map((trace) => diagnose(network, trace))]);
  return concluded?.verdict === "AMBIGUOUS" ? concluded : undefined;
}

/** A machine that is asked about is taken to listen where it is asked; of pods the topology says so itself. */
function listening({ dst, protocol, dport }: Question): State {
  if (dst.netns === undefined || dst.netns.startsWith("pod/") || protocol === "icmp") return EMPTY_STATE;
  const owner = { kind: "process", name: dst.name } as const;
  const socket: Socket = { protocol, port: dport, owner, by: "operator", assumed: true };
  return { ...EMPTY_STATE, sockets: new Map([[`${dst.netns} ${protocol} ${dport}`, socket]]) };
}

function seen(trace: Trace): Answer["senderSees"] {
  const sees = senderSees(trace);
  const left = trace.events.some((event) => event.action.kind === "transmit");
  return sees.kind === "silence" && !left ? { kind: "nothing-sent" } : sees;
}

function direction(network: Network, { trace, state }: ReturnType<typeof walk>, sent: Send): Direction {
  const ttl = arrivalTtl(trace);
  const mtu = ttl === undefined ? undefined : pathMtu(network, sent, state);
  const visited = places(trace);
  return {
    trace,
    diagnosis: diagnose(network, trace),
    crossings: crossings(trace),
    places: visited.length,
    ipHops: ipHops(trace),
    headerBytes: headerBytes(trace),
    ...(ttl !== undefined && { ttl }),
    ...(mtu !== undefined && { pathMtu: mtu }),
    fabric: fabricNeeds(trace),
  };
}

/** What traceroute would count if everybody answered: one for each forwarding, one for the end. */
function ipHops(trace: Trace): number {
  return eventsOf(trace, "forward").length + 1;
}
