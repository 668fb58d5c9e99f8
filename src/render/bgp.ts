import type { Prefix } from "../addr/prefix.ts";
import type { Path } from "../bgp/path.ts";
import type { Resolved } from "../bgp/resolve.ts";
import type { Session } from "../bgp/session.ts";
import type { Speaker } from "../bgp/speaker.ts";
import { fields, type Json, plainOf, SCHEMA_VERSION } from "./json.ts";
import type { Layout } from "./layout.ts";
import { Page } from "./page.ts";
import { tableLines } from "./table.ts";

/** What one BGP daemon of one address family would show. */
export interface ShownSpeaker {
  readonly family: 4 | 6;
  readonly speaker: Pick<Speaker, "name" | "as" | "routerId" | "kind">;
  readonly sessions: readonly Session[];
  readonly announced: readonly Prefix[];
  learned(): Iterable<{
    readonly dst: Prefix;
    readonly paths: readonly Path[];
    readonly resolved: readonly Resolved[];
  }>;
}

/** What `bgp` answers: sessions as `birdc show protocols`, and what was learned as `birdc show route`. */
export function renderBgp(speakers: Iterable<ShownSpeaker>, layout: Layout): string {
  const page = new Page(layout);
  for (const shown of speakers) {
    const { speaker, family, sessions, announced } = shown;
    page.gap();
    page.text(`${speaker.name}  AS${speaker.as}, router id ${speaker.routerId}, IPv${family}`, "strong");
    if (sessions.length === 0) page.text("no sessions");
    if (sessions.length > 0) page.raw(tableLines([SESSION_HEAD, ...sessions.map(sessionCells)], layout.columns));
    for (const prefix of announced) page.row({ head: `${prefix}  `, text: "announced" });
    for (const { dst, paths, resolved } of shown.learned()) {
      page.row({ head: `${dst}  `, text: resolved.map(wayWords).join(", ") });
      for (const path of paths) page.row({ head: "    ", text: pathWords(path, sessions), under: "      " });
    }
  }
  return page.toString();
}

const SESSION_HEAD = ["name", "proto", "state", "info"];

function sessionCells({ name, state, info, why, peerAs, kind }: Session): readonly string[] {
  const up = state === "Established" ? "up" : "start";
  const as = kind === "ebgp" && peerAs !== undefined ? `AS${peerAs}` : undefined;
  const told = [state, info, as, why && `(${why})`].filter((word) => word !== undefined);
  return [name, "BGP", up, told.join("  ")];
}

function wayWords(way: Resolved): string {
  switch (way.kind) {
    case "via":
      return `via ${way.via} on ${way.dev}`;
    case "blackhole":
      return "blackhole";
    case "unreachable":
      return `unreachable: ${way.why}`;
  }
}

/** `[Mesh_…] (100/0) [AS65002i]`: the session, preference and IGP metric, the AS it comes from. */
function pathWords(shown: Path, sessions: readonly Session[]): string {
  const { from, nextHop, linkLocal, asPath, localPref, reach } = shown;
  const session = sessions.find(({ peer }) => peer === from)?.name ?? from;
  const metric = { direct: "0", routed: "?", unreachable: "-" }[reach];
  const last = asPath.at(-1);
  const facts = [
    `next hop ${[nextHop, linkLocal].filter(Boolean).join(" ")}`,
    asPath.length > 0 && `as path ${asPath.join(" ")}`,
    localPref !== 100 && `local pref ${localPref}`,
    shown.clusterList.length > 0 && `reflected by ${shown.clusterList.join(", ")}`,
  ].filter(Boolean);
  return `[${session}] (100/${metric}) [${last === undefined ? "i" : `AS${last}i`}]  ${facts.join(", ")}`;
}

/** The same as plain data. */
export function bgpJson(
  { mode, topology }: { readonly mode: string; readonly topology: string },
  speakers: Iterable<ShownSpeaker>,
): { readonly [key: string]: Json } {
  return { schemaVersion: SCHEMA_VERSION, kind: "bgp", mode, topology, speakers: Array.from(speakers, speakerJson) };
}

function speakerJson({ family, speaker, sessions, announced, learned }: ShownSpeaker): Json {
  return {
    name: speaker.name,
    kind: speaker.kind,
    family,
    as: speaker.as,
    routerId: `${speaker.routerId}`,
    sessions: sessions.map(({ name, peer, address, localAs, peerAs, kind, from, state, info, why }) =>
      fields({ name, peer, address: address && `${address}`, localAs, peerAs, kind, from, state, info, why }),
    ),
    announced: announced.map((prefix) => `${prefix}`),
    learned: Array.from(learned(), ({ dst, paths, resolved }) => ({
      dst: `${dst}`,
      paths: paths.map(pathJson),
      resolved: resolved.map((way) => plainOf(way)),
    })),
  };
}

function pathJson(path: Path): Json {
  const { origin, from, neighbour, nextHop, linkLocal, reach, asPath, localPref, learned } = path;
  const { originatorId, clusterList } = path;
  return fields({
    origin,
    from,
    neighbour: `${neighbour}`,
    nextHop: `${nextHop}`,
    linkLocal: linkLocal && `${linkLocal}`,
    reach,
    asPath,
    localPref,
    learned,
    originatorId: originatorId && `${originatorId}`,
    clusterList: clusterList.map((id) => `${id}`),
  });
}
