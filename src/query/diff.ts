import { type Diff, diffNetworks } from "../kernel/diff.ts";
import { buildNetwork } from "../modes/build.ts";
import type { Mode } from "../modes/mode.ts";
import type { Outcome, Problem } from "../topology/problem.ts";
import type { Fault, Topology } from "../topology/topology.ts";
import type { Answer } from "../trace/answer.ts";
import { diffPaths, type PathDiff } from "../trace/path-diff.ts";
import { places } from "../trace/project.ts";
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

/** Up to here every table of every machine is compared; the rows grow with the square of the hosts. */
const MOST_HOSTS = 300;

/**
 * Answers `diff LEFT RIGHT [SRC DST]`; every problem of both sides at once. In a cluster too large to compare whole,
 * the machines are those that the packet passes on either side, and without a packet that is a problem.
 */
export function diffQuestion(left: DiffSide, right: DiffSide, ask?: Ask): Outcome<DiffAnswer> {
  const hosts = Math.max(left.topology.hosts.size, right.topology.hosts.size);
  if (hosts > MOST_HOSTS && !ask) return { ok: false, problems: [tooMany(hosts)] };
  const [a, b] = [walked(left, ask), walked(right, ask)];
  if (!a.ok || !b.ok) return { ok: false, problems: [...(a.ok ? [] : a.problems), ...(b.ok ? [] : b.problems)] };
  const [before, after] = [a.value.answer, b.value.answer];
  const path = ask && before && after && { src: ask.src, dst: ask.dst, diff: diffPaths(before, after) };
  return {
    ok: true,
    value: {
      left: { mode: left.mode.name, topology: left.topology.name },
      right: { mode: right.mode.name, topology: right.topology.name },
      diff: diffNetworks(a.value.network, b.value.network, hosts > MOST_HOSTS ? { names: passed(before, after) } : {}),
      ...(path && { path }),
    },
  };
}

/** The namespaces that a packet or its reply passes on either side. */
function passed(...answers: readonly (Answer | undefined)[]): readonly string[] {
  const traces = answers.flatMap((answer) => [answer?.forward.trace, answer?.reply?.trace]);
  return traces.flatMap((trace) => (trace ? places(trace) : []));
}

function tooMany(hosts: number): Problem {
  return {
    code: "too-many",
    message: `the tables of ${hosts} hosts are too many to compare row by row`,
    hint: "name SRC and DST: then the machines on their way are compared",
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
