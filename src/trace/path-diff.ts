import { routeKey } from "../kernel/route.ts";
import type { Answer, Direction } from "./answer.ts";
import { pathOf } from "./path.ts";
import { type Station, stationsOf } from "./stations.ts";
import type { Path, Step } from "./steps.ts";
import { fabricLegs } from "./way.ts";

/** A station of either path, or of both. */
export interface StationChange {
  readonly op: "same" | "left" | "right";
  readonly station: Station;
}

/** The row at which two packets part: what decided on each side. */
export interface Parting {
  readonly netns: string;
  readonly left?: Step;
  readonly right?: Step;
}

/** How two answers to one question differ: the way device by device, and what came of it. */
export interface PathDiff {
  readonly stations: readonly StationChange[];
  readonly parting?: Parting;
  readonly left: Direction;
  readonly right: Direction;
  /** Frames the fabric must carry for one side only: `udp/8472`. */
  readonly fabric: { readonly left: readonly string[]; readonly right: readonly string[] };
}

/** Compares two answers to the same question. */
export function diffPaths(left: Answer, right: Answer): PathDiff {
  const [a, b] = [pathOf(left.forward.trace), pathOf(right.forward.trace)];
  const parting = partingOf(a, b);
  const [needs, others] = [left, right].map(({ forward, reply }) => fabricLegs(forward, reply).map(({ what }) => what));
  return {
    stations: alignment(stationsOf(a), stationsOf(b)),
    ...(parting && { parting }),
    left: left.forward,
    right: right.forward,
    fabric: {
      left: (needs ?? []).filter((what) => !others?.includes(what)),
      right: (others ?? []).filter((what) => !needs?.includes(what)),
    },
  };
}

/** Longest common subsequence; on a tie what the left has comes first. */
function alignment(left: readonly Station[], right: readonly Station[]): readonly StationChange[] {
  const [a, b] = [left.map(sign), right.map(sign)];
  const lengths = a
    .map(() => new Array<number>(b.length + 1).fill(0))
    .concat([new Array<number>(b.length + 1).fill(0)]);
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = lengths[i];
      if (row) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const changes: StationChange[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [mine, theirs] = [left[i], right[j]];
    if (mine && theirs && a[i] === b[j]) {
      changes.push({ op: "same", station: mine });
      i++;
      j++;
    } else if (mine && (!theirs || at(i + 1, j) >= at(i, j + 1))) {
      changes.push({ op: "left", station: mine });
      i++;
    } else if (theirs) {
      changes.push({ op: "right", station: theirs });
      j++;
    } else return changes;
  }
}

function sign(station: Station): string {
  const end = station.kind === "wire" ? `${station.segment} ${station.to}` : String(station.bytes);
  return `${station.place} ${station.dev} ${end}`;
}

/** The first decision that is not the same on both sides. */
export function partingOf(left: Path, right: Path): Parting | undefined {
  const [a, b] = [left, right].map(({ places }) =>
    places.flatMap(({ netns, steps }) => steps.map((step) => ({ netns, step }))),
  );
  const length = Math.max(a?.length ?? 0, b?.length ?? 0);
  for (let i = 0; i < length; i++) {
    const [mine, theirs] = [a?.[i], b?.[i]];
    if (mine && theirs && mine.netns === theirs.netns && decision(mine.step) === decision(theirs.step)) continue;
    const netns = mine?.netns ?? theirs?.netns ?? "";
    return {
      netns,
      ...(mine && { left: mine.step }),
      ...(theirs?.netns === netns && { right: theirs.step }),
    };
  }
  return undefined;
}

function decision({ event: { action, at } }: Step): string {
  switch (action.kind) {
    case "route": {
      const { route, nexthop } = action.found;
      return `route ${routeKey(route)} ${nexthop?.via ?? ""} ${nexthop?.dev ?? route.type}`;
    }
    case "neighbour":
      return `neigh ${action.entry.ip} ${action.entry.lladdr}`;
    case "fdb":
      return `fdb ${action.entry.mac} ${action.entry.dst ?? ""}`;
    case "peer":
      return `peer ${action.peer.publicKey} ${action.peer.endpoint}`;
    case "drop":
      return `drop ${action.reason}`;
    default:
      return `${action.kind} ${at.dev}`;
  }
}
