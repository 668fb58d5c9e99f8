import { arrives } from "../diagnose/conclusion.ts";
import type { Expectation, PairsExpectation, RowsExpectation } from "../expect/expectation.ts";
import { rowsOf } from "../kernel/row-change.ts";
import type { Place } from "../topology/problem.ts";
import type { Answer, Direction } from "../trace/answer.ts";
import { placeName, places } from "../trace/project.ts";
import type { Built, PairWalks, Walked } from "./all-pairs.ts";

/** Whether what was expected is so; if not, for how many pairs or nodes, and for one of them why. */
export interface Expected {
  readonly name: string;
  readonly place?: Place;
  readonly holds: boolean;
  /** Pairs of pods, or nodes, that it speaks of; and those of which it is not true. */
  readonly of: number;
  readonly broken: number;
  readonly what: "pairs" | "nodes";
  /** `pod-a → pod-b: NO_ROUTE at r1`, when it does not hold. */
  readonly text?: string;
}

/** Every place that some expectation names: no other stands for it. */
export function namedPlaces(expectations: readonly Expectation[]): ReadonlySet<string> {
  return new Set(expectations.flatMap((each) => (each.kind === "pairs" ? [...each.passes, ...each.avoids] : [])));
}

/** Holds one expectation against a network. */
export function expected(expectation: Expectation, walks: PairWalks, built: Built): Expected {
  return expectation.kind === "pairs" ? ofPairs(expectation, walks) : ofRows(expectation, walks, built);
}

function ofPairs(expectation: PairsExpectation, walks: PairWalks): Expected {
  const { name, place, from, to, protocol, port } = expectation;
  const packet = { protocol, ...(protocol !== "icmp" && { dport: port }) };
  let broken = 0;
  let text: string | undefined;
  const { pairs } = walks.answer({
    from,
    to,
    packet,
    onClass: ({ pairs: count, witness }, walked) => {
      const wrong = wrongOf(expectation, walked);
      if (wrong === undefined) return;
      broken += count;
      text ??= `${witness.map((pod) => placeName(`pod/${pod}`)).join(" → ")}: ${wrong}`;
    },
  });
  return {
    name,
    ...(place && { place }),
    holds: broken === 0,
    of: pairs,
    broken,
    what: "pairs",
    ...(text && { text }),
  };
}

/** What is not as expected, in one line. */
function wrongOf(expectation: PairsExpectation, { small, full }: Walked): string | undefined {
  const answer = expectation.packet === "full" ? (full ?? small) : small;
  if (!answer) return "one of them has no address";
  const { code, forward, reply } = answer;
  const { diagnosis } = forward.ttl === undefined || !reply ? forward : reply;
  const ended = arrives(answer.verdict) ? code : `${code} at ${diagnosis.at}`;
  if (expectation.code !== undefined)
    return code === expectation.code ? undefined : `${ended}, not ${expectation.code}`;
  const good = arrives(answer.verdict);
  if (good !== expectation.reachable) return good ? "reachable" : ended;
  return good ? ofWay(expectation, answer) : undefined;
}

function ofWay(expectation: PairsExpectation, { forward, reply }: Answer): string | undefined {
  const { passes, avoids, crossings = Infinity, headerBytes = Infinity, pathMtu = 0, fabric } = expectation;
  const both = [forward, ...(reply ? [reply] : [])];
  const way = new Set(both.flatMap(({ trace }) => places(trace).map(placeName)));
  const missed = passes.find((name) => both.some(({ trace }) => !places(trace).map(placeName).includes(name)));
  if (missed !== undefined) return `does not pass ${missed}`;
  const met = avoids.find((name) => way.has(name));
  if (met !== undefined) return `passes ${met}`;
  const worst = (of: (direction: Direction) => number) => Math.max(...both.map(of));
  const crossed = worst((direction) => direction.crossings.total);
  if (crossed > crossings) return `${crossed} crossings, more than ${crossings}`;
  const added = worst((direction) => direction.headerBytes);
  if (added > headerBytes) return `${added} bytes of headers, more than ${headerBytes}`;
  const narrowest = Math.min(...both.map((direction) => direction.pathMtu ?? Infinity));
  if (narrowest < pathMtu) return `path MTU ${narrowest}, less than ${pathMtu}`;
  const asked = both.flatMap((direction) => direction.fabric.map(({ what }) => what));
  const surplus = fabric && asked.find((what) => !fabric.includes(what));
  return surplus === undefined ? undefined : `the fabric must pass ${surplus}`;
}

/** Hosts that are alike hold as many rows; one of each is counted. */
function ofRows({ name, place, most }: RowsExpectation, walks: PairWalks, { topology, network }: Built): Expected {
  let broken = 0;
  let text: string | undefined;
  for (const { host, alike } of walks.samples()) {
    const netns = network.netns(`host/${host.name}`);
    const counts = new Map<string, number>();
    for (const { table } of netns ? rowsOf(netns) : []) counts.set(table, (counts.get(table) ?? 0) + 1);
    const over = [...most].find(([table, limit]) => (counts.get(table) ?? 0) > limit);
    if (!over) continue;
    broken += alike;
    text ??= `${host.name} holds ${counts.get(over[0])} ${over[0]} rows, more than ${over[1]}`;
  }
  const of = topology.hosts.size;
  return { name, ...(place && { place }), holds: broken === 0, of, broken, what: "nodes", ...(text && { text }) };
}
