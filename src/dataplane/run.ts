import type { Ip } from "../addr/ip.ts";
import { type FibKey, type FibResult, fibLookup } from "../kernel/fib.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Network } from "../kernel/network.ts";
import { type Route, routeKey } from "../kernel/route.ts";
import type { Action, Because, Event, PacketInfo } from "../trace/event.ts";
import type { DropReason } from "../trace/reason.ts";
import type { Packet } from "../wire/header.ts";
import type { Skb, Step } from "./skb.ts";
import type { MutableState } from "./state.ts";

/** How far one walk may go: a loop ends by TTL long before, a storm does not. */
export const WORK_LIMIT = 20_000;

/** Which branch of a route with several is taken, by `branchKey`: the place of the next hop in its row. */
export type Taken = ReadonlyMap<string, number>;

/** Where a choice among equal branches is made: a row of a namespace, asked for one destination. */
export function branchKey(netns: string, route: Route, dst: Ip): string {
  return `${netns} ${routeKey(route)} ${dst}`;
}

/** One walk in progress: the network it reads, the state it learns, and what it has seen. */
export class Run {
  readonly network: Network;
  readonly state: MutableState;
  /** Starts with nothing learned, and shows how it is learned. */
  readonly cold: boolean;
  readonly packets: PacketInfo[] = [];
  events: Event[] = [];
  work = 0;
  /** Runs steps and all that follow from them to the end; set by `walk`. */
  settle: (steps: readonly Step[]) => void = () => {};
  /** What happens when nothing else moves any more. */
  readonly later: Step[] = [];

  readonly #branch: FibKey["branch"];

  constructor(
    network: Network,
    state: MutableState,
    { cold, taken }: { readonly cold: boolean; readonly taken: Taken },
  ) {
    this.network = network;
    this.state = state;
    this.cold = cold;
    this.#branch = (netns, route, dst) => taken.get(branchKey(netns.name, route, dst));
  }

  /** Looks a route up, with the branches that this walk was told to take and the gateways that redirects told of. */
  fib(netns: Netns, key: FibKey): FibResult | undefined {
    const found = fibLookup(netns, { ...key, branch: this.#branch });
    const gateway = this.state.gateways.get(`${netns.name} ${key.dst}`);
    return found?.nexthop && gateway ? { ...found, nexthop: { ...found.nexthop, via: gateway } } : found;
  }

  /** A namespace that a row or a device names; rows only name what exists. */
  netns(name: string): Netns {
    const netns = this.network.netns(name);
    if (!netns) throw new Error(`no namespace ${name}`);
    return netns;
  }

  /** A number that no earlier packet of the flow was given, and none at an earlier step of this walk. */
  serial(): number {
    return this.state.walks * 4096 + this.packets.length * 64 + this.work;
  }

  /** A new packet. */
  packet(cause: PacketInfo["cause"], parent?: number): number {
    const id = this.packets.length;
    this.packets.push({ id, cause, ...(parent !== undefined && { parent }) });
    return id;
  }

  /** Writes down what happened to a packet, as it is after that. */
  note(skb: Pick<Skb, "id" | "netns" | "dev" | "packet">, action: Action, headers: Packet = skb.packet): void {
    this.events.push({ packet: skb.id, at: { netns: skb.netns, dev: skb.dev ?? "" }, action, headers });
  }

  /** The packet ends here. */
  drop(skb: Skb, reason: DropReason, because?: Because): readonly Step[] {
    this.note(skb, { kind: "drop", reason, ...(because && { because }) });
    return [];
  }
}
