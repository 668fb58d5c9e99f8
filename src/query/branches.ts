import type { Send } from "../dataplane/output.ts";
import { branchKey } from "../dataplane/run.ts";
import { type WalkOptions, walk } from "../dataplane/walk.ts";
import { diagnose } from "../diagnose/diagnose.ts";
import { liveNexthops } from "../kernel/fib.ts";
import type { Network } from "../kernel/network.ts";
import { type Nexthop, nexthopsOf } from "../kernel/route.ts";
import type { Branch, Branches, Choice, Walked } from "../trace/answer.ts";
import { arrivalTtl } from "../trace/project.ts";
import { type EventOf, eventsOf, probePackets, type Trace } from "../trace/trace.ts";

/** A choice among the branches of a row, as the walk met it. */
interface Fork extends Choice {
  readonly key: string;
  /** Places of the other branches that are up. */
  readonly others: readonly number[];
  readonly place: number;
}

/**
 * Every way that equal-cost routes leave to a packet, nested ones included, by walking it again with other choices:
 * depth first, `most` at most. `first` is the walk that made every choice by itself. `undefined` when there was none.
 */
export function branchesOf(
  network: Network,
  request: Send,
  options: WalkOptions,
  { first, most }: { readonly first: Walked; readonly most: number },
): Branches | undefined {
  const walked: Branch[] = [];
  const open: ReadonlyMap<string, number>[] = [new Map()];
  for (let taken = open.pop(); taken && walked.length < most; taken = open.pop()) {
    const way = walked.length === 0 ? first : walkedOf(network, walk(network, request, { ...options, taken }).trace);
    const forks = forksOf(network, way.trace);
    if (forks.length === 0) return undefined;
    walked.push({ ...way, choices: forks.map(choiceOf), share: forks.reduce((part, { share }) => part * share, 1) });
    // What was taken so far stays; of every choice that was free, each other branch is a way to begin from.
    const sofar = new Map(taken);
    for (const { key, place, others } of forks) {
      if (!taken.has(key)) open.push(...others.toReversed().map((other) => new Map([...sofar, [key, other]])));
      sofar.set(key, place);
    }
    if (walked.length === most && open.length > 0) return { walked, more: true };
  }
  return { walked, more: false };
}

function walkedOf(network: Network, trace: Trace): Walked {
  const ttl = arrivalTtl(trace);
  return { trace, diagnosis: diagnose(network, trace), ...(ttl !== undefined && { ttl }) };
}

/** The choices a walk made on the packet's own way, each once: a row asked twice for one destination answers the same. */
function forksOf(network: Network, trace: Trace): readonly Fork[] {
  const probe = probePackets(trace);
  const forks = new Map<string, Fork>();
  for (const event of eventsOf(trace, "route")) {
    const fork = probe.has(event.packet) ? forkOf(network, event) : undefined;
    if (fork && !forks.has(fork.key)) forks.set(fork.key, fork);
  }
  return [...forks.values()];
}

function forkOf(network: Network, { at, action, headers }: EventOf<"route">): Fork | undefined {
  const { route, nexthop } = action.found;
  const netns = network.netns(at.netns);
  const [ip] = headers;
  if (!nexthop || !netns || (ip?.kind !== "ipv4" && ip?.kind !== "ipv6")) return undefined;
  const live = liveNexthops(netns, route);
  if (live.length < 2 || !live.includes(nexthop)) return undefined;
  const place = (hop: Nexthop) => nexthopsOf(route).indexOf(hop);
  const total = live.reduce((sum, hop) => sum + (hop.weight ?? 1), 0);
  return {
    netns: at.netns,
    route,
    nexthop,
    share: (nexthop.weight ?? 1) / total,
    key: branchKey(at.netns, route, ip.dst),
    place: place(nexthop),
    others: live.filter((hop) => hop !== nexthop).map(place),
  };
}

function choiceOf({ netns, route, nexthop, share }: Fork): Choice {
  return { netns, route, nexthop, share };
}
