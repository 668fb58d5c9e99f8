import type { Network } from "../kernel/network.ts";
import { buildNetwork } from "../modes/build.ts";
import type { Mode } from "../modes/mode.ts";
import type { Outcome } from "../topology/problem.ts";
import type { Fault, Topology } from "../topology/topology.ts";
import { diffPaths, type PathDiff } from "../trace/path-diff.ts";
import { type Ask, answerQuestion, questionOf } from "./answer.ts";
import { type Diff, type DiffGround, diffNetworks } from "./diff-networks.ts";

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

/** What is asked about two sides. */
export interface DiffAsk {
  /** A packet whose two ways are compared too. */
  readonly packet?: Ask;
  /** So many rows are listed at most; where more differ, examples are. */
  readonly most?: number;
}

/** Answers `diff LEFT RIGHT [SRC DST]`; every problem of both sides at once. */
export function diffQuestion(left: DiffSide, right: DiffSide, { packet, most }: DiffAsk = {}): Outcome<DiffAnswer> {
  const [a, b] = [walked(left, packet), walked(right, packet)];
  if (!a.ok || !b.ok) return { ok: false, problems: [...(a.ok ? [] : a.problems), ...(b.ok ? [] : b.problems)] };
  const [before, after] = [a.value.answer, b.value.answer];
  const path = packet && before && after && { src: packet.src, dst: packet.dst, diff: diffPaths(before, after) };
  return {
    ok: true,
    value: {
      left: { mode: left.mode.name, topology: left.topology.name },
      right: { mode: right.mode.name, topology: right.topology.name },
      diff: diffNetworks(groundOf(left, a.value.network), groundOf(right, b.value.network), most),
      ...(path && { path }),
    },
  };
}

function groundOf({ topology, faults = [] }: DiffSide, network: Network): DiffGround {
  return { topology, network, faults: [...topology.faults, ...faults] };
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
