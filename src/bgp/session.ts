import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import { type BgpInput, networkOf, type Peer, type Speaker } from "./speaker.ts";

/** RFC 4271 states as `birdc show protocols` prints them; a passive side that nobody calls stays `Passive`. */
export type SessionState = "Established" | "Idle" | "Connect" | "Active" | "Passive";

/** One side of a session. The two sides of one that is not established may hang in different states. */
export interface Session {
  /** The protocol's name: `Mesh_…`, `Global_…` or `Node_…` on a node, the peer's name on a router. */
  readonly name: string;
  readonly peer: string;
  /** The neighbour address; absent when nobody of that name speaks BGP. */
  readonly address?: Ip;
  readonly localAs: number;
  /** What this side believes. */
  readonly peerAs: number | undefined;
  readonly kind: "ibgp" | "ebgp";
  readonly from: "mesh" | "configured";
  readonly state: SessionState;
  /** BIRD's info column behind the state: `BGP Error: Bad peer AS`. */
  readonly info?: string;
  /** Why it is not established. */
  readonly why?: string;
}

/** The questions one input answers about pairs of speakers. */
export interface Sessions {
  /** Every session `speaker` has, the mesh first, each in the order given. */
  of(speaker: Speaker): Iterable<Session>;
  /** Whether the two have a session that works. */
  established(a: Speaker, b: Speaker): boolean;
  /** The network that both ends of a single-hop session are on, as `a` sees it; `undefined` for a multihop one. */
  network(a: Speaker, b: Speaker): Prefix | undefined;
  /** What `a` is told of its session with `b`; nothing where the mesh gives it. */
  peer(a: Speaker, b: Speaker): Peer | undefined;
}

/** Works out sessions from both sides' beliefs; nothing is kept but an index of peers. */
export function sessionsOf(input: BgpInput): Sessions {
  const peers = peerIndex();
  const inMesh = (a: Speaker, b: Speaker) => a !== b && input.mesh?.has(a.name) === true && input.mesh.has(b.name);
  const belief = (a: Speaker, b: Speaker): Belief | undefined => {
    if (inMesh(a, b)) return { as: b.as, from: "mesh", scope: "Mesh" };
    const peer = peers(a).get(b.name);
    return peer && { as: peer.as ?? b.as, from: "configured", scope: peer.scope === "global" ? "Global" : "Node" };
  };
  const between = (a: Speaker, b: Speaker): Session | undefined => {
    const mine = belief(a, b);
    return mine && describe({ input, a, b, mine, theirs: belief(b, a) });
  };

  return {
    peer: (a, b) => (inMesh(a, b) ? undefined : peers(a).get(b.name)),
    established(a, b) {
      const [mine, theirs] = [belief(a, b), belief(b, a)];
      return mine !== undefined && verdict({ input, a, b, mine, theirs }, sessionAddress(b, a)).state === "Established";
    },
    network: (a, b) => {
      const hops = a.kind === "router" || isMeshOutside(a, b, belief(a, b));
      return hops ? networkOf(a, sessionAddress(b, a)) : undefined;
    },
    *of(speaker) {
      if (input.mesh?.has(speaker.name)) {
        for (const name of input.mesh) {
          const peer = input.speakers.get(name);
          const session = peer && peer !== speaker ? between(speaker, peer) : undefined;
          if (session) yield session;
        }
      }
      for (const peer of peers(speaker).values()) {
        const other = input.speakers.get(peer.name);
        if (other === undefined) yield silent(speaker, peer);
        else if (!inMesh(speaker, other)) yield between(speaker, other) ?? silent(speaker, peer);
      }
    },
  };
}

/**
 * The address a speaker uses on its session with `peer`.
 * Calico pins a node's to the node IP (`source address`); on a router the kernel takes the one on the shared link.
 */
export function sessionAddress(speaker: Speaker, peer: Speaker): Ip {
  if (speaker.kind === "node") return speaker.address;
  const network = peer.kind === "node" ? networkOf(speaker, peer.address) : sharedNetwork(speaker, peer);
  return (network && speaker.addresses.find((ip) => network.contains(ip))) ?? speaker.address;
}

/** Calico gives a session of the mesh no `multihop`, which only iBGP then has by itself (confd bird.cfg.template). */
function isMeshOutside(a: Speaker, b: Speaker, mine: Belief | undefined): boolean {
  return mine?.from === "mesh" && a.as !== b.as;
}

interface Belief {
  readonly as: number;
  readonly from: "mesh" | "configured";
  readonly scope: "Mesh" | "Global" | "Node";
}

interface Pair {
  readonly input: BgpInput;
  readonly a: Speaker;
  readonly b: Speaker;
  readonly mine: Belief;
  readonly theirs: Belief | undefined;
}

function describe(pair: Pair): Session {
  const { a, b, mine } = pair;
  const address = sessionAddress(b, a);
  return {
    name: a.kind === "node" ? `${mine.scope}_${symbol(address.toString())}` : symbol(b.name),
    peer: b.name,
    address,
    localAs: a.as,
    peerAs: mine.as,
    kind: mine.as === a.as ? "ibgp" : "ebgp",
    from: mine.from,
    ...verdict(pair, address),
  };
}

/** BIRD's proto/bgp: bgp_incoming_connection, bgp_rx_open; the info texts are bgp_get_status's. */
function verdict({ input, a, b, mine, theirs }: Pair, address: Ip): Pick<Session, "state" | "info" | "why"> {
  const own = sessionAddress(a, b);
  if (a === b || own.equals(address)) return { state: "Idle", why: `${address} is ${a.name}'s own address` };
  const calling = (state: "Active" | "Connect", info?: string): Pick<Session, "state" | "info"> => {
    // The mesh is called from one side: the one whose peer has the smaller address, compared as text.
    if (mine.from === "mesh" && address.toString() > own.toString()) return { state: "Passive" };
    return info === undefined ? { state } : { state, info };
  };
  if (isMeshOutside(a, b, mine)) {
    const why = `the mesh is single-hop between AS ${a.as} and AS ${b.as}`;
    if (!networkOf(a, address)) return { state: "Idle", why: `${why}, and ${address} is on no network of ${a.name}` };
    if (!networkOf(b, own)) {
      return {
        ...calling("Active", "Socket: Connection closed"),
        why: `${why}, and ${own} on no network of ${b.name}`,
      };
    }
  }
  if (!reaches(input, a, address)) {
    return { ...calling("Active", "Socket: Network is unreachable"), why: `${a.name} has no route to ${address}` };
  }
  if (!reaches(input, b, own)) return { ...calling("Connect"), why: `${b.name} has no route back to ${own}` };
  if (input.passes && !(input.passes(a, b) && input.passes(b, a))) {
    return { ...calling("Connect"), why: `tcp/179 does not get through between ${a.name} and ${b.name}` };
  }
  if (!theirs) {
    return { state: "Active", info: "Socket: Connection closed", why: `${b.name} has no session with ${a.name}` };
  }
  if (mine.as !== b.as) {
    const why = `${b.name} says AS ${b.as}, ${a.name} expects ${mine.as}`;
    return { state: "Idle", info: "BGP Error: Bad peer AS", why };
  }
  if (theirs.as !== a.as) {
    const why = `${a.name} says AS ${a.as}, ${b.name} expects ${theirs.as}`;
    return { state: "Idle", info: "Received: Bad peer AS", why };
  }
  if (a.as === b.as && a.routerId.equals(b.routerId)) {
    const why = `${a.name} and ${b.name} have the router id ${a.routerId}`;
    return { state: "Idle", info: "BGP Error: Bad BGP identifier", why };
  }
  return { state: "Established" };
}

function reaches(input: BgpInput, from: Speaker, to: Ip): boolean {
  return networkOf(from, to) !== undefined || input.gateway === undefined || input.gateway(from, to) !== undefined;
}

/** A session towards a machine that runs no BGP. */
function silent(speaker: Speaker, peer: Peer): Session {
  return {
    name: symbol(speaker.kind === "node" ? `${peer.scope === "global" ? "Global" : "Node"}_${peer.name}` : peer.name),
    peer: peer.name,
    localAs: speaker.as,
    peerAs: peer.as,
    kind: peer.as === speaker.as ? "ibgp" : "ebgp",
    from: "configured",
    state: "Active",
    info: "Socket: Connection refused",
    why: `${peer.name} runs no BGP`,
  };
}

/** Both sides must choose the same of several shared links, so the smaller name's order counts. */
function sharedNetwork(a: Speaker, b: Speaker): Prefix | undefined {
  const [first, second] = a.name < b.name ? [a, b] : [b, a];
  const on = (speaker: Speaker, network: Prefix) => speaker.addresses.some((ip) => network.contains(ip));
  return first.networks.find((network) => on(first, network) && on(second, network));
}

/** A BIRD symbol: letters, digits and `_`. */
function symbol(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, "_");
}

function peerIndex(): (speaker: Speaker) => ReadonlyMap<string, Peer> {
  const known = new Map<Speaker, ReadonlyMap<string, Peer>>();
  return (speaker) => {
    const found = known.get(speaker);
    if (found) return found;
    const index = new Map<string, Peer>();
    for (const peer of speaker.peers) if (!index.has(peer.name)) index.set(peer.name, peer);
    known.set(speaker, index);
    return index;
  };
}
