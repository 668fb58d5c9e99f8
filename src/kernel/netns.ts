import type { Address } from "./address.ts";
import { type FdbEntry, fdbKey } from "./fdb.ts";
import type { Link } from "./link.ts";
import { type Neighbour, neighbourKey } from "./neighbour.ts";
import { type Chain, type FilterTable, type SetMember, setKey } from "./netfilter.ts";
import { type Forwarder, type Lease, leaseKey, type RoutingSession } from "./process.ts";
import type { Refused } from "./refused.ts";
import { type Route, routeKey } from "./route.ts";
import { DEFAULT_RULES, type Rule } from "./rule.ts";
import type { Socket } from "./socket.ts";
import { NO_PEERS, type Peer, type Peers, RowTable, type Table } from "./table.ts";
import { type WireguardPeer, wireguardPeerKey } from "./wireguard.ts";

export type NetnsKind = "host" | "pod" | "router";

/** What a network namespace knows, as its readers see it. Hosts, pods and routers are namespaces alike. */
export interface Netns {
  /** `host/node-1`, `pod/default/pod-a`, `router/r1`. */
  readonly name: string;
  readonly kind: NetnsKind;
  readonly links: ReadonlyMap<string, Link>;
  readonly addresses: readonly Address[];
  readonly rules: readonly Rule[];
  readonly routes: Table<Route>;
  readonly neighbours: Table<Neighbour>;
  readonly fdb: Table<FdbEntry>;
  readonly leases: Table<Lease>;
  readonly sets: Table<SetMember>;
  readonly wireguardPeers: Table<WireguardPeer>;
  readonly forwarders: readonly Forwarder[];
  readonly sockets: readonly Socket[];
  /** Whether a port without a socket is taken to have one; said in the trace. */
  readonly assumeListening: boolean;
  /** By table, then by name. */
  readonly chains: ReadonlyMap<FilterTable, ReadonlyMap<string, Chain>>;
  /** Values that differ from the kernel's defaults, by key: `net.ipv4.ip_forward`. */
  readonly sysctls: ReadonlyMap<string, string>;
  readonly peers: Peers;
  /** What its routing daemon has, when it runs one. */
  readonly sessions: () => Iterable<RoutingSession>;
  /** Devices that were deleted, with the addresses they had. */
  readonly lost: readonly LostLink[];
  /** Rows the kernel refused, in program order; `near` those for one peer, or all. */
  refused(near?: readonly Peer[]): Iterable<Refused>;
}

/** A device that is there no more. */
export interface LostLink {
  readonly link: Link;
  readonly addresses: readonly Address[];
}

/** The tables of a namespace while they are written; see `netlink.ts` for the verbs that write them. */
export class MutableNetns implements Netns {
  readonly name: string;
  readonly kind: NetnsKind;
  readonly peers: Peers;
  readonly links = new Map<string, Link>();
  readonly addresses: Address[] = [];
  readonly rules: Rule[] = [...DEFAULT_RULES];
  readonly forwarders: Forwarder[] = [];
  readonly sockets: Socket[] = [];
  readonly chains = new Map<FilterTable, Map<string, Chain>>();
  readonly sysctls = new Map<string, string>();
  readonly routes: RowTable<Route>;
  readonly neighbours: RowTable<Neighbour>;
  readonly fdb: RowTable<FdbEntry>;
  readonly leases: RowTable<Lease>;
  readonly sets: RowTable<SetMember>;
  readonly wireguardPeers: RowTable<WireguardPeer>;
  readonly refusals: Refused[] = [];
  readonly lost: LostLink[] = [];
  assumeListening = false;
  sessions: () => Iterable<RoutingSession> = () => [];
  /** What the families give for one peer, or for none in particular; set by the draft. */
  expand: (peer?: Peer) => Expanded = () => NOTHING;

  constructor(name: string, kind: NetnsKind, peers: Peers = NO_PEERS) {
    this.name = name;
    this.kind = kind;
    this.peers = peers;
    this.routes = new RowTable<Route>(
      routeKey,
      peers,
      (peer) => this.expand(peer).routes,
      ({ dst }) => dst,
    );
    this.neighbours = new RowTable<Neighbour>(neighbourKey, peers, (peer) => this.expand(peer).neighbours);
    this.fdb = new RowTable<FdbEntry>(fdbKey, peers, (peer) => this.expand(peer).fdb);
    this.leases = new RowTable<Lease>(leaseKey, peers, (peer) => this.expand(peer).leases);
    this.sets = new RowTable<SetMember>(
      setKey,
      peers,
      (peer) => this.expand(peer).sets,
      ({ prefix }) => prefix,
    );
    this.wireguardPeers = new RowTable<WireguardPeer>(
      wireguardPeerKey,
      peers,
      (peer) => this.expand(peer).wireguardPeers,
    );
  }

  *refused(near?: readonly Peer[]): Iterable<Refused> {
    yield* this.refusals;
    yield* this.expand().refused;
    for (const peer of near ?? this.peers.all()) yield* this.expand(peer).refused;
  }

  /** What a request is admitted by, as it stands now: devices, addresses, rules and routes. */
  snapshot(): Netns {
    return {
      ...this,
      links: new Map(this.links),
      addresses: [...this.addresses],
      rules: [...this.rules],
      routes: this.routes.snapshot(),
      refused: (near) => this.refused(near),
    };
  }
}

/** The rows, and refusals, that a namespace's families hold for one peer. */
export interface Expanded {
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  readonly fdb: readonly FdbEntry[];
  readonly leases: readonly Lease[];
  readonly sets: readonly SetMember[];
  readonly wireguardPeers: readonly WireguardPeer[];
  readonly refused: readonly Refused[];
}

export const NOTHING: Expanded = {
  routes: [],
  neighbours: [],
  fdb: [],
  leases: [],
  sets: [],
  wireguardPeers: [],
  refused: [],
};
