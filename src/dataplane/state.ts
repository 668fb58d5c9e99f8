import type { Ip } from "../addr/ip.ts";
import type { FdbEntry } from "../kernel/fdb.ts";
import type { Neighbour } from "../kernel/neighbour.ts";
import type { FilterRule } from "../kernel/netfilter.ts";
import type { Socket } from "../kernel/socket.ts";
import type { Tuple } from "../trace/learned.ts";
import type { Packet } from "../wire/header.ts";

/** A connection a namespace tracks: how its first packet looked, and how its replies look. */
export interface Connection {
  readonly netns: string;
  readonly original: Tuple;
  readonly reply: Tuple;
  /** The rule that translates it. */
  readonly rule?: FilterRule;
}

/** Fragments that wait for the rest. */
export interface Fragments {
  readonly pieces: readonly { readonly offset: number; readonly length: number; readonly more: boolean }[];
  readonly first?: Packet;
  readonly largest: number;
}

/**
 * What machines have learned. The network never changes; a walk takes a state and gives the next one, so that several
 * packets of a flow, the reply and every ICMP error see what came before.
 */
export interface State {
  /** How many packets were walked before, so that none has the identification of another. */
  readonly walks: number;
  /** By `netns dev ip`. */
  readonly neighbours: ReadonlyMap<string, Neighbour>;
  /** By `netns bridge mac`. */
  readonly fdb: ReadonlyMap<string, FdbEntry>;
  /** Smaller path MTUs, by `netns ip`. */
  readonly pmtu: ReadonlyMap<string, number>;
  /** Gateways that redirects told of, by `netns ip`. */
  readonly gateways: ReadonlyMap<string, Ip>;
  /** Redirects that a sender was told, by `netns ip`. */
  readonly redirects: ReadonlyMap<string, number>;
  readonly connections: readonly Connection[];
  readonly fragments: ReadonlyMap<string, Fragments>;
  /** Packets sent so far in each WireGuard session that stands, by `netns dev public-key`. */
  readonly sessions: ReadonlyMap<string, number>;
  /** Sockets that something was sent from, by `netns protocol port`: replies and errors come back to them. */
  readonly sockets: ReadonlyMap<string, Socket>;
}

export const EMPTY_STATE: State = {
  walks: 0,
  neighbours: new Map(),
  fdb: new Map(),
  pmtu: new Map(),
  gateways: new Map(),
  redirects: new Map(),
  connections: [],
  fragments: new Map(),
  sessions: new Map(),
  sockets: new Map(),
};

/** A copy to write in. */
export interface MutableState {
  walks: number;
  readonly neighbours: Map<string, Neighbour>;
  readonly fdb: Map<string, FdbEntry>;
  readonly pmtu: Map<string, number>;
  readonly gateways: Map<string, Ip>;
  readonly redirects: Map<string, number>;
  readonly connections: Connection[];
  readonly fragments: Map<string, Fragments>;
  readonly sessions: Map<string, number>;
  readonly sockets: Map<string, Socket>;
}

export function thaw(state: State): MutableState {
  return {
    walks: state.walks,
    neighbours: new Map(state.neighbours),
    fdb: new Map(state.fdb),
    pmtu: new Map(state.pmtu),
    gateways: new Map(state.gateways),
    redirects: new Map(state.redirects),
    connections: [...state.connections],
    fragments: new Map(state.fragments),
    sessions: new Map(state.sessions),
    sockets: new Map(state.sockets),
  };
}
