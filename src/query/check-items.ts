import { arrives } from "../diagnose/conclusion.ts";
import type { LintFinding, Severity } from "../lint/finding.ts";
import type { Place } from "../topology/problem.ts";
import { placeName } from "../trace/project.ts";
import type { CheckAnswer, PairCount } from "./check.ts";
import type { Expected } from "./expect.ts";
import type { Loss } from "./fail-any.ts";

/** One thing that a check has found, under a name that stays the same from run to run. */
export interface CheckItem {
  /** `lint/MTU_INCONSISTENT/node-1`, `pairs/full/FRAG_NEEDED`, `expect/shop reaches db`, `fail/router/r1`. */
  readonly id: string;
  readonly level: Severity;
  readonly code: string;
  readonly text: string;
  /** Machines, pairs or nodes that it is about. */
  readonly count: number;
  readonly place?: Place;
  /** Whether it is not known how it ends, rather than bad. */
  readonly undetermined?: boolean;
}

/**
 * Everything a check has to complain of, the lint first. What somebody has said to expect of a pair decides about it; of
 * all others each that is lost is an error.
 */
export function itemsOf({ lint, pairs, unnamed = pairs, expected, losses }: CheckAnswer): readonly CheckItem[] {
  const lost = (unnamed?.endings ?? []).filter(({ verdict }) => !arrives(verdict));
  return [
    ...lint.findings.map(ofFinding),
    ...lost.map(ofEnding),
    ...expected.filter(({ holds }) => !holds).map(ofExpected),
    ...(losses?.losses ?? []).map(ofLoss),
  ];
}

function ofFinding({ code, severity, at, count, place, text }: LintFinding): CheckItem {
  return { id: `lint/${code}/${at}`, level: severity, code, text, count, ...(place && { place }) };
}

function ofEnding({ packet, verdict, code, pairs, witness }: PairCount): CheckItem {
  const size = packet === "small" ? "a small packet" : "a packet of the sender's MTU";
  const text = `${pairs} ordered pairs of pods do not exchange ${size}: ${code}, such as ${way(witness)}`;
  const undetermined = verdict === "UNDETERMINED";
  return {
    id: `pairs/${packet}/${code}`,
    level: "error",
    code,
    text,
    count: pairs,
    ...(undetermined && { undetermined }),
  };
}

function ofExpected({ name, place, broken, of, what, text }: Expected): CheckItem {
  const words = `${name}: not so for ${broken} of ${of} ${what}; ${text}`;
  return {
    id: `expect/${name}`,
    level: "error",
    code: "EXPECTATION",
    text: words,
    count: broken,
    ...(place && { place }),
  };
}

function ofLoss({ kind, name, alike, breaks, code, witness }: Loss): CheckItem {
  const like = alike > 1 ? ` (and of any of ${alike - 1} like it)` : "";
  const text = `the loss of ${kind} ${name}${like} parts ${breaks} ordered pairs of pods: ${code}, such as ${way(witness)}`;
  return { id: `fail/${kind}/${name}`, level: "error", code, text, count: breaks };
}

/** `pod-a → pod-b`. */
function way([src, dst]: readonly [string, string]): string {
  return `${placeName(`pod/${src}`)} → ${placeName(`pod/${dst}`)}`;
}
