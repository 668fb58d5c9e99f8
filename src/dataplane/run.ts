import type { Netns } from "../kernel/netns.ts";
import type { Network } from "../kernel/network.ts";
import type { Action, Because, Event, PacketInfo } from "../trace/event.ts";
import type { DropReason } from "../trace/reason.ts";
import type { Packet } from "../wire/header.ts";
import type { Skb, Step } from "./skb.ts";
import type { MutableState } from "./state.ts";

/** How far one walk may go: a loop ends by TTL long before, a storm does not. */
export const WORK_LIMIT = 20_000;

/** One walk in progress: the network it reads, the state it learns, and what it has seen. */
export class Run {
  readonly network: Network;
  readonly state: MutableState;
  /** Starts with nothing learned, and shows how it is learned. */
  readonly cold: boolean;
  /** Picks among equal branches. */
  readonly hash: number;
  readonly packets: PacketInfo[] = [];
  events: Event[] = [];
  work = 0;
  /** Runs steps and all that follow from them to the end; set by `walk`. */
  settle: (steps: readonly Step[]) => void = () => {};

  constructor(network: Network, state: MutableState, options: { readonly cold: boolean; readonly hash: number }) {
    this.network = network;
    this.state = state;
    this.cold = options.cold;
    this.hash = options.hash;
  }

  /** A namespace that a row or a device names; rows only name what exists. */
  netns(name: string): Netns {
    const netns = this.network.netns(name);
    if (!netns) throw new Error(`no namespace ${name}`);
    return netns;
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
