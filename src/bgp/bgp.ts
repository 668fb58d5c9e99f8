import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import { classifier } from "./classes.ts";
import { type Refused, send } from "./exchange.ts";
import { buildGraph, first, type Graph } from "./graph.ts";
import { expand, type Path, type Reader } from "./path.ts";
import type { Announcement } from "./policy.ts";
import type { Session } from "./session.ts";
import { vertexOf } from "./settle.ts";
import { settledOrigins } from "./share.ts";
import type { BgpInput, Speaker } from "./speaker.ts";

/**
 * The BGP of one address family: who has sessions, and which paths everybody has learned.
 *
 * Everything is worked out when asked for. Names that are no speaker's are an error of the caller.
 */
export interface Bgp {
  /** All sessions of a speaker, the mesh first. */
  sessions(speaker: string): Iterable<Session>;
  /**
   * The best path at `speaker` to a prefix of `origin`, and on a node all that BIRD merges with it, best first.
   *
   * `route` may be left out where no filter tells an origin's blocks apart. Empty when none arrived, for a speaker's own
   * routes, and for what a router does not originate. A router uses one path. When the best path's next hop is
   * unreachable, all are, and the best stands alone.
   */
  paths(speaker: string, origin: string, route?: Announcement): readonly Path[];
  /** A word that is the same for routes with the same paths everywhere. */
  classOf(route: Announcement): string;
  /** The prefixes that somebody else originates and that have arrived, each with its paths, those of all origins merged. */
  originated(speaker: string): readonly { readonly prefix: Prefix; readonly paths: readonly Path[] }[];
  /** The longest of those prefixes over an address. */
  covered(speaker: string, ip: Ip): Prefix | undefined;
  /**
   * What kept a path to `origin` from arriving over each session of `speaker` that brought none or dropped one.
   * Of the mesh only the session with the origin is told: the others are silent by rule.
   */
  refusals(speaker: string, origin: string, route?: Announcement): readonly Refusal[];
  /** False when the sessions never agree on paths to `origin` (RFC 3345); `paths` is then one moment of it. */
  converges(origin: string): boolean;
}

/** Why a neighbour brings no path, or not this one. `session`: not established; `no-route`: it has none itself. */
export interface Refusal {
  readonly from: string;
  readonly why: Refused | "session" | "no-route";
  /** The path as the neighbour would have sent it or did. */
  readonly asPath?: readonly number[];
  /** The session, when that is the reason. */
  readonly session?: Session;
}

/** Reads the speakers; nothing is spread before somebody asks. */
export function computeBgp(input: BgpInput): Bgp {
  const classes = classifier(input);
  const originators = [...input.speakers.values()].filter(({ originates = [] }) => originates.length > 0);
  // Where a prefix arrives does not depend on what next hops it then covers, but for ties; so that is settled first.
  const before = readers(buildGraph(input), classes);
  const covered = (at: Speaker, ip: Ip): Prefix | undefined => {
    let best: Prefix | undefined;
    for (const origin of originators) {
      for (const prefix of origin === at ? [] : (origin.originates ?? [])) {
        if (!prefix.contains(ip) || (best && best.length >= prefix.length)) continue;
        if (before(at, origin, { prefix, pooled: false }).at.used.length > 0) best = prefix;
      }
    }
    return best;
  };
  const graph = originators.length > 0 ? buildGraph(input, covered) : undefined;
  const readerAt = graph ? readers(graph, classes) : before;
  const named = (name: string): Speaker => {
    const speaker = input.speakers.get(name);
    if (speaker === undefined) throw new Error(`no BGP speaker ${name}`);
    return speaker;
  };
  const spreads = (origin: Speaker, route: Announcement) =>
    origin.kind === "node" || origin.originates?.some((own) => own.equals(route.prefix)) === true;
  const pathsAt = (speaker: Speaker, origin: Speaker, route: Announcement): readonly Path[] => {
    const reader = readerAt(speaker, origin, route);
    return reader.at.used.flatMap((path) => [...expand(reader, path)]);
  };

  return {
    sessions: (speaker) => readerAt.graph.sessions.of(named(speaker)),
    converges: (origin) => readerAt(named(origin), named(origin), classes.block).role.settled.stable,
    classOf: (route) => classes.of(route).key,
    covered: (speaker, ip) => covered(named(speaker), ip),
    paths(speaker, origin, route = classes.block) {
      if (speaker === origin || !spreads(named(origin), route)) return [];
      return used(named(speaker), pathsAt(named(speaker), named(origin), route));
    },
    originated(name) {
      const speaker = named(name);
      const others = originators.filter((origin) => origin !== speaker);
      const prefixes = new Map(others.flatMap(({ originates = [] }) => originates.map((each) => [`${each}`, each])));
      return [...prefixes.values()].flatMap((prefix) => {
        if (speaker.originates?.some((own) => own.equals(prefix))) return [];
        const route = { prefix, pooled: false };
        const all = others
          .filter((origin) => spreads(origin, route))
          .flatMap((origin) => pathsAt(speaker, origin, route));
        const paths = used(speaker, best(all));
        return paths.length > 0 ? [{ prefix, paths }] : [];
      });
    },
    refusals(name, origin, route = classes.block) {
      if (name === origin || !spreads(named(origin), route)) return [];
      const reader = readerAt(named(name), named(origin), route);
      const sessions = [...reader.graph.sessions.of(reader.speaker)];
      return sessions
        .filter(({ from, peer }) => from === "configured" || peer === origin)
        .flatMap((session) => refusalsOver(reader, session, named));
    },
  };
}

interface Readers {
  (speaker: Speaker, origin: Speaker, route: Announcement): Reader;
  readonly graph: Graph;
}

function readers(graph: Graph, classes: ReturnType<typeof classifier>): Readers {
  const settled = settledOrigins(graph);
  const read = (speaker: Speaker, origin: Speaker, route: Announcement): Reader => {
    const { key, announced } = classes.of(route);
    const role = settled(origin, { key, announced });
    const part = role.swap(speaker);
    const at = vertexOf(role.settled, graph.groupOf(part), part);
    return { graph, origin, announced, role, speaker, at };
  };
  return Object.assign(read, { graph });
}

/** On a node the best path and those merged with it, unless its next hop is unreachable; on a router the best alone. */
function used(speaker: Speaker, paths: readonly Path[]): readonly Path[] {
  return speaker.kind === "node" && paths[0]?.reach !== "unreachable" ? paths : paths.slice(0, 1);
}

const REACH = { direct: 0, routed: 1, unreachable: 2 } as const;

/** Of paths from several origins those that nothing but ids and addresses tells apart (`bgp_rte_better`). */
function best(paths: readonly Path[]): readonly Path[] {
  const merit = ({ reach, localPref, asPath, learned }: Path) => [
    Number(reach === "unreachable"),
    -localPref,
    asPath.length,
    Number(learned === "ibgp"),
    REACH[reach],
  ];
  const compare = (a: Path, b: Path) => {
    const [left, right] = [merit(a), merit(b)];
    return left.map((part, i) => part - (right[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
  };
  const sorted = [...paths].sort(compare);
  return sorted.filter((path) => sorted[0] && compare(path, sorted[0]) === 0);
}

function refusalsOver(reader: Reader, session: Session, named: (name: string) => Speaker): readonly Refusal[] {
  const { graph, announced, at: to, role } = reader;
  if (session.state !== "Established") return [{ from: session.peer, why: "session", session }];
  const peer = role.swap(named(session.peer));
  const group = graph.groupOf(peer);
  const from = vertexOf(role.settled, group, peer);
  const wire = graph.wire(group, to.group);
  if (!wire || from.ranked.length === 0) return [{ from: session.peer, why: "no-route" }];
  const { out, back } = wire;
  return (out.addPaths ? from.ranked : from.ranked.slice(0, 1)).flatMap((path): Refusal[] => {
    // To the first of several members alike their neighbour does not return its own path, to the others it may.
    const own = path.from === to && role.swap(reader.speaker) === first(to);
    const sent = own ? "split-horizon" : send({ graph, announced, from, to, out, back }, path);
    if (typeof sent !== "string") return [];
    return [{ from: session.peer, why: sent, asPath: out.internal ? path.asPath : [peer.as, ...path.asPath] }];
  });
}
