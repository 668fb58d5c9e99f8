import { learnedBetween } from "../dataplane/learned.ts";
import type { Send } from "../dataplane/output.ts";
import { EMPTY_STATE, type State } from "../dataplane/state.ts";
import { type WalkOptions, walk } from "../dataplane/walk.ts";
import { diagnose } from "../diagnose/diagnose.ts";
import { fibLookup } from "../kernel/fib.ts";
import type { Network } from "../kernel/network.ts";
import type { Direction, FlowPacket, Question, SenderSees } from "../trace/answer.ts";
import type { Learned } from "../trace/learned.ts";
import { arrivalTtl, crossings, fabricNeeds, headerBytes, places, senderSees } from "../trace/project.ts";
import { eventsOf, type Trace } from "../trace/trace.ts";
import { ipLengthOf, lengthOf } from "../wire/stack.ts";
import { branchesOf } from "./branches.ts";
import { type KnownMtu, replyTo, requestOf } from "./flow.ts";
import { pathMtu } from "./path-mtu.ts";

/** A packet that was sent, and what is known once it and its answer have come to their end. */
interface Sent {
  readonly packet: FlowPacket;
  readonly request: Send;
  readonly state: State;
  /** How many packets were answered by now. */
  readonly answered: number;
  /** TCP: the longest segment that the other side takes, once it has said so. */
  readonly peerMss?: number | undefined;
}

/** Sends the first packet of a question: with everything there is to know of its way, equal branches included. */
export function sendPacket(
  network: Network,
  question: Question,
  options: WalkOptions,
  { oneWay, most }: { readonly oneWay: boolean; readonly most: number },
): Sent {
  return round(network, question, options, { number: 1, oneWay, answered: 0 }, (walked, request, state) => {
    const known = direction(network, walked, request);
    const branches = branchesOf(network, request, { ...options, state }, { first: known, most });
    return { ...known, ...(branches && { branches }) };
  });
}

/**
 * The packets behind the first: each finds what those before it taught. One that goes exactly as an earlier one did is
 * told by that one's number.
 */
export function restOfFlow(
  network: Network,
  question: Question,
  options: WalkOptions,
  { first, oneWay }: { readonly first: Sent; readonly oneWay: boolean },
): readonly FlowPacket[] {
  const packets: FlowPacket[] = [];
  let before = first;
  for (let number = 2; number <= question.count; number++) {
    const last = before.packet;
    const { state, answered, peerMss } = before;
    before = round(
      network,
      question,
      { ...options, state },
      { number, oneWay, answered, peerMss },
      (walked, request) => {
        const { trace } = walked;
        const same = [last.forward, last.reply].find((way) => way && sign(way.trace) === sign(trace));
        // What the same way was like need not be found out again.
        return same ? { ...same, trace } : direction(network, walked, request);
      },
    );
    const { packet } = before;
    const like = isLike(last, packet) ? (last.like ?? last.number) : undefined;
    before = { ...before, packet: { ...packet, ...(like !== undefined && { like }) } };
    packets.push(before.packet);
  }
  return packets;
}

interface Turn {
  readonly number: number;
  readonly oneWay: boolean;
  readonly answered: number;
  readonly peerMss?: number | undefined;
}

type Judge = (walked: ReturnType<typeof walk>, request: Send, state: State) => Direction;

/** One packet there, and what answers it back. */
function round(network: Network, question: Question, options: WalkOptions, turn: Turn, judge: Judge): Sent {
  const before = options.state ?? EMPTY_STATE;
  const { src, dst } = question;
  const request = requestOf(question, { ...turn, pathMtu: knownMtu(network, before)(src.netns ?? "", dst.ip) });
  const there = walk(network, request, options);
  const forward = judge(there, request, before);
  // What many receive has many answers, each a question of its own.
  const single = forward.diagnosis.code !== "UNSUPPORTED";
  const response = turn.oneWay || !single ? undefined : replyTo(there.trace, question, knownMtu(network, there.state));
  const back = response && walk(network, response, { ...options, state: there.state });
  const reply = response && back && judge(back, response, there.state);
  const { state } = back ?? there;
  const answered = turn.oneWay ? forward.ttl !== undefined : reply?.ttl !== undefined;
  const packet: FlowPacket = {
    number: turn.number,
    size: ipLengthOf(there.trace.sent),
    forward,
    ...(reply && { reply }),
    senderSees: reply?.ttl !== undefined ? { kind: "reply" } : seen(there.trace),
    learned: learnedBetween(before, state).filter((row) => isNews(row, question)),
  };
  return {
    packet,
    request,
    state,
    answered: turn.answered + (answered ? 1 : 0),
    peerMss: offered(back?.trace) ?? turn.peerMss,
  };
}

/** What a namespace has learned of a path, or else its own device's MTU. */
function knownMtu(network: Network, { pmtu }: State): KnownMtu {
  return (name, ip) => {
    const netns = network.netns(name);
    const way = netns && fibLookup(netns, { dst: ip });
    return pmtu.get(`${name} ${ip}`) ?? way?.route.mtu ?? netns?.links.get(way?.nexthop?.dev ?? "")?.mtu;
  };
}

/** The longest segment that the one who answers a SYN takes. */
function offered(answer: Trace | undefined): number | undefined {
  const header = answer?.sent[1];
  return header?.kind === "tcp" ? header.mss : undefined;
}

/** Of a warm network neighbours, bridges and sessions are taken to have been known before. */
function isNews({ kind }: Learned, { cold }: Question): boolean {
  return cold || kind === "pmtu" || kind === "connection" || kind === "redirect";
}

function isLike(before: FlowPacket, { forward, reply, learned, senderSees: sees }: FlowPacket): boolean {
  return (
    learned.length === 0 &&
    sign(before.forward.trace) === sign(forward.trace) &&
    (before.reply && sign(before.reply.trace)) === (reply && sign(reply.trace)) &&
    before.senderSees.kind === sees.kind &&
    before.senderSees.error?.mtu === sees.error?.mtu
  );
}

/**
 * What happened to a packet and to those it caused, without the numbers that count them, and without the rules it
 * passed: the nat table is asked about the first packet of a connection only.
 */
function sign({ events }: Trace): string {
  const order = new Map<number, number>();
  const signs = events.flatMap(({ packet, at, action, headers }) => {
    if (!order.has(packet)) order.set(packet, order.size);
    if (action.kind === "skip" || (action.kind === "filter" && action.verdict === "ACCEPT")) return [];
    return [`${order.get(packet)} ${at.netns} ${at.dev} ${action.kind} ${lengthOf(headers)}`];
  });
  return signs.join("\n");
}

function seen(trace: Trace): SenderSees {
  const sees = senderSees(trace);
  const left = trace.events.some((event) => event.action.kind === "transmit");
  return sees.kind === "silence" && !left ? { kind: "nothing-sent" } : sees;
}

function direction(network: Network, { trace, state }: ReturnType<typeof walk>, sent: Send): Direction {
  const diagnosis = diagnose(network, trace);
  const ttl = diagnosis.code === "UNSUPPORTED" ? undefined : arrivalTtl(trace);
  const mtu = ttl === undefined ? undefined : pathMtu(network, sent, state);
  const visited = places(trace);
  return {
    trace,
    diagnosis,
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
