import type { Send } from "../dataplane/output.ts";
import { EMPTY_STATE, type State } from "../dataplane/state.ts";
import { walk } from "../dataplane/walk.ts";
import type { Network } from "../kernel/network.ts";
import { eventsOf, type Trace } from "../trace/trace.ts";
import type { Packet } from "../wire/header.ts";
import { lengthOf } from "../wire/stack.ts";
import { arrival } from "./flow.ts";

/**
 * The largest packet with DF that arrives, found by sending them: first of the sender's own MTU, then of what it is
 * told, at last by halving. `undefined` when not even a small one arrives.
 *
 * `known` is the state in which one has arrived: whom machines have found on their links, and who listens. What it says
 * of connections and of path MTUs is left out.
 */
export function pathMtu(network: Network, what: Send, known: State): number | undefined {
  const { neighbours, fdb, sessions, sockets } = known;
  const state = { ...EMPTY_STATE, neighbours, fdb, sessions, sockets };
  const probe = (length: number) => probed(network, what, state, length);
  const header = what.dst.family === 4 ? 20 : 40;
  const least = lengthOf(what.payload.slice(0, 1)) + header;
  let low = lengthOf(what.payload) + header;
  let high = senderMtu(network, what);
  if (high < low) return undefined;
  let size = high;
  while (true) {
    const trace = probe(size - header);
    if (arrival(trace)) {
      low = size;
      if (size === high) return size;
    } else {
      high = size - 1;
      if (high < low) {
        // What arrived was cut on its way: whole, only less does.
        if (arrival(probe(low - header))) return low;
        if (low === least) return undefined;
        [low, high] = [least, low - 1];
      }
    }
    const told = toldMtu(trace);
    size = told !== undefined && told > low && told <= high ? told : Math.ceil((low + high) / 2);
  }
}

function probed(network: Network, what: Send, state: State, length: number): Trace {
  return walk(network, { ...what, df: "always", payload: padded(what.payload, length) }, { state }).trace;
}

function padded(payload: Packet, length: number): Packet {
  const [first] = payload;
  if (!first) return payload;
  const rest = length - lengthOf([first]);
  return rest > 0 ? [first, { kind: "payload", length: rest }] : [first];
}

function senderMtu(network: Network, what: Send): number {
  const links = network.netns(what.from)?.links.values() ?? [];
  return Math.max(68, ...[...links].filter((link) => link.kind !== "loopback").map((link) => link.mtu));
}

/** The MTU a sender, or a machine on the way, was told. */
function toldMtu(trace: Trace): number | undefined {
  const [told] = eventsOf(trace, "error").filter((event) => event.action.error.mtu !== undefined);
  return told?.action.error.mtu;
}
