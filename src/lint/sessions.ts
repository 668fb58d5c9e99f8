import type { Session } from "../bgp/session.ts";
import type { Path } from "../topology/path.ts";
import type { Speaker, Topology } from "../topology/topology.ts";
import type { Sighting } from "./finding.ts";
import { machinePath } from "./paths.ts";
import type { Scope } from "./scope.ts";

/** BGP sessions that cannot come up, each pair of speakers once. */
export function* sessions(scope: Scope): Generator<Sighting> {
  const told = new Set<string>();
  const machines = [
    ...scope.kinds.map(({ netns, hosts }) => ({ netns, count: hosts.length })),
    ...scope.routers.map((netns) => ({ netns, count: 1 })),
  ];
  for (const { netns, count } of machines) {
    const name = netns.name.slice(netns.name.indexOf("/") + 1);
    const down = [...scope.sessions(name)].filter(({ state }) => state !== "Established");
    const reasons = new Map<string, Session[]>();
    for (const session of down) {
      const pair = [name, session.peer].sort().join("\0");
      if (told.has(pair)) continue;
      told.add(pair);
      // A mesh that is down is down towards everybody: one finding tells it.
      const key = session.from === "mesh" ? "mesh" : session.peer;
      reasons.set(key, [...(reasons.get(key) ?? []), session]);
    }
    for (const [first, ...others] of reasons.values()) {
      if (first) yield sighting(scope.topology, netns.name, first, { others: others.length, count });
    }
  }
}

function sighting(
  topology: Topology,
  netns: string,
  session: Session,
  { others, count }: { readonly others: number; readonly count: number },
): Sighting {
  const at = netns.slice(netns.indexOf("/") + 1);
  const speaker = (topology.hosts.get(at) ?? topology.routers.get(at))?.bgp;
  const place = speaker?.peers.find(({ name }) => name === session.peer)?.place ?? speaker?.place;
  const more = others > 0 ? `, and with ${others} others` : "";
  const info = session.info === undefined ? "" : ` (birdc: ${session.state}, ${session.info})`;
  return {
    code: "BGP_NOT_ESTABLISHED",
    severity: "error",
    at,
    path: pathOf(netns, speaker),
    text: `${at} has no BGP with ${session.peer}${more}: ${session.why ?? session.state}${info}.`,
    count,
    ...(place && { place }),
  };
}

function pathOf(netns: string, speaker: Speaker | undefined): Path {
  return speaker ? machinePath(netns, "bgp") : machinePath(netns);
}
