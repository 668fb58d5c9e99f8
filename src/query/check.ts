import type { Expectation } from "../expect/expectation.ts";
import type { Locate } from "../lint/lint.ts";
import { buildNetwork } from "../modes/build.ts";
import type { Mode } from "../modes/mode.ts";
import type { Outcome } from "../topology/problem.ts";
import type { Fault, Topology } from "../topology/topology.ts";
import { type Ending, PairWalks } from "./all-pairs.ts";
import { type Expected, expected, namedPlaces } from "./expect.ts";
import { type Failing, failAny, type Losses } from "./fail-any.ts";
import { inFamilies, type Lint, lintOf } from "./lint.ts";
import type { PairOptions } from "./pair-classes.ts";
import { unnamed } from "./unnamed.ts";

/** What is looked at: a topology in a mode, with what is done to it. */
export interface CheckAsk {
  readonly topology: Topology;
  readonly mode: Mode;
  readonly faults?: readonly Fault[];
  /** Where a path of the topology's file stands. */
  readonly locate?: Locate;
  /** Leave the pairs of pods out: only the lint. */
  readonly lintOnly?: boolean;
  readonly expectations?: readonly Expectation[];
  /** Kinds of elements that are taken away, one after the other. */
  readonly failAny?: readonly Failing[];
  /** Told what is being done, and how far it is. */
  readonly onProgress?: (what: string, done: number, of: number) => void;
}

/** The answer to `check`. */
export interface CheckAnswer {
  readonly mode: string;
  readonly topology: string;
  readonly lint: Lint;
  readonly pairs?: PairCounts;
  /** Those of them that no expectation is about, where some are about pairs. */
  readonly unnamed?: Pick<PairCounts, "pairs" | "endings">;
  readonly expected: readonly Expected[];
  readonly losses?: Losses;
}

/** All ordered pairs of pods, counted by how both probes between them ended. */
export interface PairCounts {
  readonly pods: number;
  readonly pairs: number;
  /** Of so many classes one pair each was walked. */
  readonly classes: number;
  readonly endings: readonly PairCount[];
}

/** Pairs whose probe ended alike, and one of them. */
export interface PairCount extends Ending {
  /** The usual packet, or one of the sender's MTU that is not to be fragmented. */
  readonly packet: "small" | "full";
  readonly pairs: number;
  readonly witness: readonly [src: string, dst: string];
}

/**
 * Answers `check`: reads the tables of one host of each kind and of every router, and walks packets between kinds, so
 * that the work grows with the kinds and not with the hosts. Then all pairs of pods by classes, what is expected of
 * some of them, and what breaks when something fails.
 */
export function checkQuestion(ask: CheckAsk): Outcome<CheckAnswer> {
  const { topology, mode, faults = [], locate = () => undefined } = ask;
  const { expectations = [], failAny: failing = [], onProgress = () => {} } = ask;
  const carried = inFamilies(topology, mode);
  const network = buildNetwork(carried, mode, faults);
  if (!network.ok) return network;
  const built = { topology: carried, mode, network: network.value, faults: [...carried.faults, ...faults] };
  const walks = new PairWalks(built, namedPlaces(expectations));
  // Whoever expects a pair to be lost need not hear that it is.
  const ways = unnamed(expectations, carried, ({ reachable }) => !reachable);
  const linted = { topology, mode, built, walks, locate, ways };
  const lint = lintOf(linted, (done, of) => onProgress("kinds of pairs", done, of));
  const answer = { mode: mode.name, topology: topology.name, lint, expected: [] };
  if (ask.lintOnly) return { ok: true, value: answer };
  const pairs = { pods: carried.pods.size, ...countPairs(walks, [{}]) };
  const held = expectations.map((expectation, i) => {
    onProgress("expectations", i, expectations.length);
    return expected(expectation, walks, built);
  });
  const losses = failAny(failing, built, walks, (done, of) => onProgress("elements taken away", done, of));
  if (!losses.ok) return losses;
  const about = expectations.some(({ kind }) => kind === "pairs");
  return {
    ok: true,
    value: {
      ...answer,
      pairs,
      ...(about && { unnamed: countPairs(walks, unnamed(expectations, carried)) }),
      expected: held,
      ...(failing.length > 0 && { losses: losses.value }),
    },
  };
}

/** Counts the pairs of some parts by how they ended; every class that they are of is walked once. */
function countPairs(walks: PairWalks, parts: readonly PairOptions[]): Omit<PairCounts, "pods"> {
  const answers = parts.map((part) => walks.answer(part));
  const classes = answers.flatMap((answer) => answer.classes);
  const counts = new Map<string, PairCount>();
  for (const packet of ["small", "full"] as const) {
    for (const each of classes) {
      const { verdict, code } = each[packet];
      const key = `${packet} ${verdict} ${code}`;
      const known = counts.get(key);
      const { witness } = known ?? each;
      counts.set(key, { packet, verdict, code, pairs: each.pairs + (known?.pairs ?? 0), witness });
    }
  }
  const pairs = answers.reduce((sum, answer) => sum + answer.pairs, 0);
  return { pairs, classes: classes.length, endings: [...counts.values()] };
}
