import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import { type Group, groupSpeakers } from "./group.ts";
import { type Covering, withBgp } from "./resolve.ts";
import { type Sessions, sessionAddress, sessionsOf } from "./session.ts";
import { type BgpInput, clusterOf, networkOf, type Peer, type Speaker } from "./speaker.ts";

/** Groups and the established sessions between them: everything that does not depend on which route is spread. */
export interface Graph {
  readonly groups: readonly Group[];
  readonly sessions: Sessions;
  groupOf(speaker: Speaker): Group;
  /** The groups that members of `group` name as peers, established or not. */
  configured(group: Group): readonly Group[];
  /** The groups in the mesh, which all have sessions with each other. */
  readonly mesh: readonly Group[];
  /** Whether all sessions in the mesh are iBGP. */
  readonly meshIsInternal: boolean;
  /** The sessions between members of two groups; `undefined` when none is established. */
  wire(from: Group, to: Group): Wire | undefined;
  /** Whether members send more than their best path to anybody. */
  addsPaths(group: Group): boolean;
  /** One of a speaker's own addresses, as a next hop; with its link-local address on a network, or without. */
  hop(owner: Speaker, ip: Ip, link?: Prefix): Hop;
  /** How members of `at` resolve a next hop that is somebody else's. */
  reach(at: Group, hop: Hop): Reach;
}

/** The sender's side of an established session. */
export interface Link {
  readonly internal: boolean;
  /** Both ends run Calico's BIRD, so every path is sent, not the best one alone. */
  readonly addPaths: boolean;
  /** The network of a single-hop session; BIRD keeps a next hop that lies on it. */
  readonly network: Prefix | undefined;
  /** The sender's address; `undefined` when each member has its own. */
  readonly source: Ip | undefined;
  /** The receiver's address; `undefined` when each member has its own. */
  readonly target: Ip | undefined;
  /** The sender reflects and the receiver is its client. */
  readonly client: boolean;
  /** What the sender is told of this session. */
  readonly told: Pick<Peer, "exports" | "imports" | "nextHop" | "allowOwnAs">;
}

/** Both directions of the sessions between the members of two groups. */
export interface Wire {
  readonly to: Group;
  readonly out: Link;
  readonly back: Link;
}

/** An address that somebody announces as the next hop. */
export interface Hop {
  readonly index: number;
  readonly owner: Speaker;
  readonly ip: Ip;
  /** Where the owner's link-local address was told as well, which IPv6 alone has. */
  readonly link?: Prefix;
}

/** How BIRD resolves a next hop, and the network the packets then leave by. */
export interface Reach {
  readonly kind: "direct" | "routed" | "unreachable";
  readonly network?: Prefix;
  readonly dev?: string;
}

/** The longest prefix over an address that a speaker has learned by BGP, not being anybody's block. */
type Covered = (at: Speaker, ip: Ip) => Prefix | undefined;

/** Sorts the speakers of one input and answers for pairs of groups when asked. */
export function buildGraph(input: BgpInput, covered: Covered = () => undefined): Graph {
  const groups = groupSpeakers(input);
  const sessions = sessionsOf(input);
  const byName = new Map<string, Group>();
  for (const group of groups) for (const { name } of group.members) byName.set(name, group);
  const groupOf = (speaker: Speaker): Group => {
    const group = byName.get(speaker.name);
    if (group === undefined) throw new Error(`no BGP speaker ${speaker.name}`);
    return group;
  };
  const mesh = groups.filter((group) => group.mesh);
  const configured = memo((group: Group): readonly Group[] => {
    const peers = new Set(first(group).peers.flatMap(({ name }) => byName.get(name) ?? []));
    return [...peers].filter((peer) => !(peer.mesh && group.mesh));
  });
  const wire = wiring(sessions);
  return {
    groups,
    sessions,
    groupOf,
    wire,
    hop: hops(),
    reach: reaches(input, covered),
    configured,
    mesh,
    meshIsInternal: new Set(mesh.map((group) => first(group).as)).size < 2,
    addsPaths: memo((group) => {
      const peers = [...configured(group), ...(group.mesh ? mesh : [])];
      return first(group).kind === "node" && peers.some((peer) => wire(group, peer)?.out.addPaths);
    }),
  };
}

/** The member that speaks for a group. */
export function first(group: { readonly members: readonly Speaker[] }): Speaker {
  const member = group.members[0];
  if (member === undefined) throw new Error("an empty group of BGP speakers");
  return member;
}

/** A mesh of nodes that are all different has more pairs than can be kept; nothing needs them all at once. */
const KEPT_WIRES = 250_000;

function wiring(sessions: Sessions): Graph["wire"] {
  const known = new Map<Group, Map<Group, Wire | undefined>>();
  let size = 0;
  return (group, to) => {
    const row = known.get(group) ?? new Map<Group, Wire | undefined>();
    if (row.has(to)) return row.get(to);
    if (++size > KEPT_WIRES) {
      known.clear();
      row.clear();
      size = 1;
    }
    const wire = makeWire(sessions, group, to);
    known.set(group, row.set(to, wire));
    return wire;
  };
}

function makeWire(sessions: Sessions, group: Group, to: Group): Wire | undefined {
  const a = first(group);
  const b = group === to ? to.members[1] : first(to);
  if (b === undefined || !sessions.established(a, b)) return undefined;
  const mine = group.members.length > 1 ? undefined : sessionAddress(a, b);
  const theirs = to.members.length > 1 ? undefined : sessionAddress(b, a);
  return {
    to,
    out: { ...makeLink(sessions, a, b), source: mine, target: theirs },
    back: { ...makeLink(sessions, b, a), source: theirs, target: mine },
  };
}

function makeLink(sessions: Sessions, a: Speaker, b: Speaker): Omit<Link, "source" | "target"> {
  return {
    internal: a.as === b.as,
    addPaths: a.kind === "node" && b.kind === "node",
    network: sessions.network(a, b),
    told: sessions.peer(a, b) ?? {},
    client: a.routeReflector && a.as === b.as && !(b.routeReflector && clusterOf(a).equals(clusterOf(b))),
  };
}

/** BIRD's nest/rt-table.c: rt_update_hostentry. */
function resolve({ input, covered }: Tables, at: Group, { owner, ip }: Hop): Reach {
  const speaker = at.members.find((member) => member !== owner) ?? first(at);
  const route = withBgp((input.lookup ?? configured(input))(speaker, ip), covered(speaker, ip));
  if (route?.kind === "direct") return reached("direct", networkOf(speaker, ip), route.dev);
  if (route?.kind === "kernel") return reached("routed", networkOf(speaker, route.via), route.dev);
  return { kind: "unreachable" };
}

interface Tables {
  readonly input: BgpInput;
  readonly covered: Covered;
}

function reached(kind: "direct" | "routed", network: Prefix | undefined, dev: string): Reach {
  return { kind, ...(network && { network }), ...(dev !== "" && { dev }) };
}

/** A speaker's table without BGP, by its networks and its gateway; without any gateways everything is reachable. */
function configured({ gateway }: BgpInput): (speaker: Speaker, ip: Ip) => Covering | undefined {
  return (speaker, ip) => {
    const network = networkOf(speaker, ip);
    const length = network?.length ?? 0;
    if (speaker.addresses.some((own) => own.equals(ip))) return { kind: "own", dev: "", length };
    if (network) return { kind: "direct", dev: "", length };
    const via = gateway === undefined ? ip : gateway(speaker, ip);
    return via && { kind: "kernel", via, dev: "", length };
  };
}

function hops(): Graph["hop"] {
  const known = new Map<Speaker, Hop[]>();
  let count = 0;
  return (owner, ip, link) => {
    const list = known.get(owner) ?? [];
    const found = list.find((hop) => hop.ip.equals(ip) && `${hop.link}` === `${link}`);
    if (found) return found;
    const hop = { index: count++, owner, ip, ...(link && { link }) };
    known.set(owner, [...list, hop]);
    return hop;
  };
}

function memo<T>(make: (group: Group) => T): (group: Group) => T {
  const known = new Map<Group, T>();
  return (group) => {
    const found = known.get(group);
    if (found !== undefined) return found;
    const made = make(group);
    known.set(group, made);
    return made;
  };
}

/** Keeps how each group resolves each next hop: paths are compared far more often than there are of them. */
function reaches(input: BgpInput, covered: Covered): (at: Group, hop: Hop) => Reach {
  const known: Reach[][] = [];
  return (at, hop) => {
    const found = known[at.index]?.[hop.index];
    if (found) return found;
    const reach = resolve({ input, covered }, at, hop);
    const row = known[at.index] ?? [];
    row[hop.index] = reach;
    known[at.index] = row;
    return reach;
  };
}
