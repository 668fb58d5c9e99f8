import type { RouteType } from "../kernel/route.ts";
import type { Packet } from "../wire/header.ts";
import { ipLengthOf } from "../wire/stack.ts";
import type { Action, Event } from "./event.ts";
import { type Exchange, exchanges } from "./exchange.ts";
import { placeName } from "./project.ts";
import type { ErrorWay, Path, Place, Step } from "./steps.ts";
import { type Strand, strandOf } from "./strand.ts";
import type { Trace } from "./trace.ts";
import { bytesWrapped } from "./wrapping.ts";

/** Side ways shown; a storm has thousands. */
const MOST_OTHERS = 16;

/** The way of the packet that was sent, or of another one of the trace. */
export function pathOf(trace: Trace, root = 0): Path {
  const strand = strandOf(trace, root);
  return {
    packet: root,
    places: placesOf(trace, strand),
    others: strand.others.slice(0, MOST_OTHERS).map((id) => pathOf(trace, id)),
  };
}

function placesOf(trace: Trace, strand: Strand): readonly Place[] {
  const questions = exchanges(trace, strand);
  const builder = new PathBuilder(trace, strand);
  for (const index of strand.events) {
    for (const question of questions.filter((asked) => asked.before === index)) builder.ask(question);
    builder.take(trace.events[index] as Event);
  }
  for (const question of questions.filter((asked) => asked.before === undefined)) builder.ask(question);
  return builder.done();
}

interface DraftStep extends Step {
  under: Event[];
}

interface DraftPlace {
  netns: string;
  in: string[];
  steps: DraftStep[];
}

/** Gathers events into rows: a send belongs to the route it takes, a forwarding to the route that led to it. */
class PathBuilder {
  readonly #trace: Trace;
  readonly #strand: Strand;
  readonly #places: DraftPlace[] = [];
  #crossing: "down" | "up" | undefined;
  #process: string | undefined;
  #pending: Event[] = [];

  constructor(trace: Trace, strand: Strand) {
    this.#trace = trace;
    this.#strand = strand;
  }

  take(event: Event): void {
    this.#enter(event);
    const border = borderOf(event.action);
    if (border) {
      this.#crossing = border.crossing;
      this.#process = border.process;
    }
    switch (this.#standing(event)) {
      case "row":
        this.#row(event, { bytes: bytesWrapped(event) });
        break;
      case "under":
        this.#under(event);
        break;
      case "receive":
        this.#receive(event);
        break;
      case "forward":
        this.#forward(event);
        break;
      case "pending":
        this.#pending.push(event);
        break;
      case "border":
        break;
    }
  }

  /** What an event is to the rows: one of its own, part of the last one, or of the next. */
  #standing({ action }: Event): "row" | "under" | "pending" | "receive" | "forward" | "border" {
    switch (action.kind) {
      case "send":
      case "sendto":
      case "recvfrom":
        return "border";
      case "receive":
      case "forward":
        return action.kind;
      case "route":
        // What takes a packet in for the namespace itself is told by what took it: a socket, a tunnel.
        return action.direction === "input" && isOwn(action.found.route.type) ? "pending" : "row";
      case "transmit":
      case "skip":
        return "under";
      case "filter":
        return action.verdict === "ACCEPT" ? "under" : "row";
      case "neighbour":
        return action.entry.by === "arp" ? "under" : "row";
      case "fdb":
        return action.entry.by === "arp" && this.#routed() ? "under" : "row";
      default:
        return "row";
    }
  }

  /** A question on the link belongs before the event it made possible. */
  ask(exchange: Exchange): void {
    const event = this.#trace.events[exchange.asked] as Event;
    this.#enter(event);
    // The packet waits inside whatever tunnel it is in.
    const depth = this.#places.at(-1)?.steps.at(-1)?.depth ?? 0;
    this.#row(event, { exchange, depth });
  }

  done(): readonly Place[] {
    const last = this.#places.at(-1)?.steps.at(-1);
    last?.under.push(...this.#pending);
    return this.#places.map((place, i) => ({ ...place, number: i + 1, name: placeName(place.netns) }));
  }

  #enter({ at, action }: Event): void {
    if (this.#places.at(-1)?.netns === at.netns) return;
    const last = this.#places.at(-1)?.steps.at(-1);
    last?.under.push(...this.#pending);
    this.#pending = [];
    // What is dropped on its way in was never seen on the device, but it came by it.
    this.#places.push({ netns: at.netns, in: action.kind === "drop" && at.dev !== "" ? [at.dev] : [], steps: [] });
  }

  #receive(event: Event): void {
    const place = this.#places.at(-1);
    if (place && place.steps.length === 0) place.in.push(event.at.dev);
    this.#under(event);
  }

  /** One off the TTL belongs to the route that leads on. */
  #forward(event: Event): void {
    const place = this.#places.at(-1);
    const last = place?.steps.at(-1);
    if (place && last?.event.action.kind === "route") {
      place.steps[place.steps.length - 1] = { ...last, ...leaving(event.headers) };
    } else this.#under(event);
  }

  #under(event: Event): void {
    const last = this.#places.at(-1)?.steps.at(-1);
    if (last) last.under.push(event);
    else this.#pending.push(event);
  }

  /** Whether a routing row of this visit has been met: else a bridge alone decides. */
  #routed(): boolean {
    return this.#places.at(-1)?.steps.some((step) => step.event.action.kind === "route") ?? false;
  }

  #row(event: Event, more: Partial<Pick<Step, "bytes" | "exchange" | "depth">> = {}): void {
    const { action } = event;
    const sent = action.kind === "icmp" ? action.sent : undefined;
    // What a process has read and then loses is its own doing.
    const reader = action.kind === "drop" ? this.#places.at(-1)?.steps.at(-1)?.process : undefined;
    const process = this.#process ?? (action.kind === "lease" ? action.lease.process : reader);
    this.#places.at(-1)?.steps.push({
      event,
      ...leaving(event.headers),
      bytes: 0,
      likewise: this.#strand.likewise.get(event.packet) ?? 0,
      ...(this.#crossing && { crossing: this.#crossing }),
      ...(process !== undefined && { process }),
      ...(sent !== undefined && { error: errorWay(this.#trace, sent) }),
      ...more,
      under: this.#pending,
    });
    this.#pending = [];
    this.#crossing = undefined;
    this.#process = undefined;
  }
}

/** The border between a process and the kernel that an action crosses, and in which direction. */
function borderOf(action: Action): { readonly crossing: "down" | "up"; readonly process?: string } | undefined {
  switch (action.kind) {
    case "send":
      return { crossing: "down" };
    case "deliver":
      return { crossing: "up" };
    case "sendto":
    case "write":
      return { crossing: "down", process: action.forwarder.process };
    case "read":
    case "recvfrom":
      return { crossing: "up", process: action.forwarder.process };
    default:
      return undefined;
  }
}

function isOwn(type: RouteType): boolean {
  return type === "local" || type === "broadcast";
}

/** How a packet leaves a row. A quoted packet inside an ICMP error is not one that is under way. */
function leaving(headers: Packet): Pick<Step, "headers" | "ttl" | "length" | "depth"> {
  const all = headers.flatMap((header) => (header.kind === "slice" ? header.packet : [header]));
  const ttl = all.flatMap((header) => (header.kind === "ipv4" || header.kind === "ipv6" ? [header.ttl] : []));
  return { headers, ttl, length: ipLengthOf(headers), depth: Math.max(0, ttl.length - 1) };
}

function errorWay(trace: Trace, id: number): ErrorWay {
  const strand = strandOf(trace, id);
  const events = strand.events.map((index) => trace.events[index] as Event);
  const first = events[0]?.headers.find((header) => header.kind === "ipv4" || header.kind === "ipv6");
  const ends = first?.kind === "ipv4" || first?.kind === "ipv6" ? first : undefined;
  const netns = events.map((event) => event.at.netns);
  const places = netns.filter((name, i) => name !== netns[i - 1]).map(placeName);
  const lost = events.find((event) => event.action.kind === "drop");
  const arrived = !lost && (events.at(-1)?.action.kind === "error" || netns.at(-1) === trace.from);
  return { from: ends?.src, to: ends?.dst, places, arrived, ...(lost && { end: lost }) };
}
