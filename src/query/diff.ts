import { type Diff, diffNetworks } from "../kernel/diff.ts";
import { buildNetwork } from "../modes/build.ts";
import type { Mode } from "../modes/mode.ts";
import type { Outcome } from "../topology/problem.ts";
import type { Fault, Topology } from "../topology/topology.ts";
import { diffPaths, type PathDiff } from "../trace/path-diff.ts";
import { type Ask, answerQuestion, questionOf } from "./answer.ts";

/** One side: a topology in a mode, with what is done to it. */
export interface DiffSide {
  readonly topology: Topology;
  readonly mode: Mode;
  readonly faults?: readonly Fault[];
}

/** Two networks compared row by row, and the two ways of one packet when one is asked about. */
export interface DiffAnswer {
  readonly left: { readonly mode: string; readonly topology: string };
  readonly right: { readonly mode: string; readonly topology: string };
  readonly diff: Diff;
  readonly path?: { readonly src: string; readonly dst: string; readonly diff: PathDiff };
}

/** Answers `diff LEFT RIGHT [SRC DST]`; every problem of both sides at once. */
export function diffQuestion(left: DiffSide, right: DiffSide, ask?: Ask): Outcome<DiffAnswer> {
  const [a, b] = [walked(left, ask), walked(right, ask)];
  if (!a.ok || !b.ok) return { ok: false, problems: [...(a.ok ? [] : a.problems), ...(b.ok ? [] : b.problems)] };
  const [before, after] = [a.value.answer, b.value.answer];
  const path = ask && before && after && { src: ask.src, dst: ask.dst, diff: diffPaths(before, after) };
  return {
    ok: true,
    value: {
      left: { mode: left.mode.name, topology: left.topology.name },
      right: { mode: right.mode.name, topology: right.topology.name },
      diff: diffNetworks(a.value.network, b.value.network),
      ...(path && { path }),
    },
  };
}

function walked({ topology, mode, faults = [] }: DiffSide, ask: Ask | undefined) {
  const built = buildNetwork(topology, mode, faults);
  if (!built.ok) return built;
  const network = built.value;
  if (!ask) return { ok: true, value: { network, answer: undefined } } as const;
  const question = questionOf(topology, network, mode, ask);
  if (!question.ok) return question;
  return { ok: true, value: { network, answer: answerQuestion(network, question.value, ask) } } as const;
}
