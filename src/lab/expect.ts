import type { State } from "../dataplane/state.ts";
import { walk } from "../dataplane/walk.ts";
import type { Network } from "../kernel/network.ts";
import { arrival, replyTo } from "../query/flow.ts";
import type { SocketError } from "../trace/event.ts";
import { eventsOf, type Trace } from "../trace/trace.ts";
import { type Case, OPEN_PORT, openTo, sendOf } from "./cases.ts";
import { hasIpip, type Line, linesOfTrace, type Unknowable } from "./lines.ts";

/** What the two ends of a probe learn. */
export interface Outcome {
  /** The errno of the send call, or `ok`. */
  readonly send: string;
  /** The socket's error queue, each entry as one line of words. */
  readonly errors: readonly string[];
  /** Whom the receiver saw it come from, and with which TTL. */
  readonly delivered?: string;
  /** The TTL with which an echo came back. */
  readonly reply?: number;
}

/** What the model says of a case. */
export interface Expected {
  readonly case: Case;
  readonly trace: Trace;
  readonly lines: readonly Line[];
  readonly outcome: Outcome;
}

/** Walks the cases in order; one that is sent again sees what the one before it learned. */
export function expectedOf(network: Network, cases: readonly Case[], hashed: ReadonlySet<number>): readonly Expected[] {
  let state: State | undefined;
  const ipip = hasIpip(network);
  return cases.map((each) => {
    const { question } = each;
    const model = openTo(network, question.dst.netns ?? "", each.open ? OPEN_PORT : undefined);
    const options = { cold: question.cold, ...(each.again && state && { state }) };
    const there = walk(model, sendOf(each), options);
    const answers = question.protocol !== "udp";
    const response = answers ? replyTo(there.trace, question) : undefined;
    const back = response && walk(model, response, { cold: question.cold, state: there.state });
    state = (back ?? there).state;
    const traces = [there.trace, ...(back ? [back.trace] : [])];
    const translated = traces.some((trace) => eventsOf(trace, "translate").length > 0);
    const unknowable: Unknowable = { hashed, translated, ipip };
    return {
      case: each,
      trace: there.trace,
      lines: traces.flatMap((trace) => linesOfTrace(network, trace, unknowable)),
      outcome: outcomeOf(each, there.trace, back?.trace),
    };
  });
}

function outcomeOf({ question }: Case, trace: Trace, back: Trace | undefined): Outcome {
  const told = eventsOf(trace, "error")
    .filter((event) => event.at.netns === trace.from)
    .map((event) => event.action.error);
  const local = told.find(({ origin }) => origin === "local");
  const [first] = told;
  const { protocol } = question;
  const delivered = arrival(trace)?.headers[0];
  const returned = back && arrival(back)?.headers[0];
  const reached =
    (delivered?.kind === "ipv4" || delivered?.kind === "ipv6") &&
    (protocol === "udp" || (protocol === "tcp" && returned));
  return {
    send: (protocol === "tcp" ? first?.errno : local?.errno) ?? "ok",
    errors: [
      ...new Set(told.filter(({ origin, mtu }) => origin === "icmp" || mtu !== undefined).map(errorText)),
    ].sort(),
    ...(reached && { delivered: `from ${delivered.src}${protocol === "udp" ? ` ttl ${delivered.ttl}` : ""}` }),
    ...(protocol === "icmp" && (returned?.kind === "ipv4" || returned?.kind === "ipv6") && { reply: returned.ttl }),
  };
}

function errorText({ errno, origin, icmp, from, mtu }: SocketError): string {
  return [errno, origin, icmp && `${icmp.type}/${icmp.code}`, from && `from ${from}`, mtu !== undefined && `mtu ${mtu}`]
    .filter(Boolean)
    .join(" ");
}
