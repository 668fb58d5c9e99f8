import { type Refused, send } from "./exchange.ts";
import { buildGraph, first } from "./graph.ts";
import { expand, type Path, type Reader } from "./path.ts";
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
   * The best path at `speaker` to what `origin` originates, and on a node all that BIRD merges with it, best first.
   *
   * Every block of an origin has the same paths. Empty when none arrived, for a speaker's own routes, and for a
   * router as origin, which has none. A router uses one path. When the best path's next hop is unreachable, all are,
   * and the best stands alone.
   */
  paths(speaker: string, origin: string): readonly Path[];
  /**
   * What kept a path to `origin` from arriving over each session of `speaker` that brought none or dropped one.
   * Of the mesh only the session with the origin is told: the others are silent by rule.
   */
  refusals(speaker: string, origin: string): readonly Refusal[];
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
  const graph = buildGraph(input);
  const settled = settledOrigins(graph);
  const named = (name: string): Speaker => {
    const speaker = input.speakers.get(name);
    if (speaker === undefined) throw new Error(`no BGP speaker ${name}`);
    return speaker;
  };
  const readerAt = (speaker: Speaker, origin: Speaker): Reader => {
    const role = settled(origin);
    const part = role.swap(speaker);
    return { graph, origin, role, speaker, at: vertexOf(role.settled, graph.groupOf(part), part) };
  };

  return {
    sessions: (speaker) => graph.sessions.of(named(speaker)),
    converges: (origin) => settled(named(origin)).settled.stable,
    paths(speaker, origin) {
      if (speaker === origin || named(origin).kind === "router") return [];
      const reader = readerAt(named(speaker), named(origin));
      const all = reader.at.used.flatMap((path) => [...expand(reader, path)]);
      const merges = reader.speaker.kind === "node" && all[0]?.reach !== "unreachable";
      return merges ? all : all.slice(0, 1);
    },
    refusals(name, origin) {
      if (name === origin || named(origin).kind === "router") return [];
      const reader = readerAt(named(name), named(origin));
      const sessions = [...graph.sessions.of(reader.speaker)];
      return sessions
        .filter(({ from, peer }) => from === "configured" || peer === origin)
        .flatMap((session) => refusalsOver(reader, session, named));
    },
  };
}

function refusalsOver(reader: Reader, session: Session, named: (name: string) => Speaker): readonly Refusal[] {
  const { graph, at: to, role } = reader;
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
    const sent = own ? "split-horizon" : send({ graph, from, to, out, back }, path);
    if (typeof sent !== "string") return [];
    return [{ from: session.peer, why: sent, asPath: out.internal ? path.asPath : [peer.as, ...path.asPath] }];
  });
}
