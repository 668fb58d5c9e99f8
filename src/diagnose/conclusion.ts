import type { Diagnosis, Finding, Verdict } from "../trace/answer.ts";
import type { Code } from "../trace/codes.ts";
import { placeName } from "../trace/project.ts";
import { strandOf } from "../trace/strand.ts";
import type { Trace } from "../trace/trace.ts";
import { ipHeaders } from "./scene.ts";

/** What several walks of one question come to together. */
export interface Conclusion {
  readonly verdict: Verdict;
  readonly code: Code;
  /** Findings that none of the walks has by itself. */
  readonly because: readonly Finding[];
}

/** A walk with its diagnosis. */
export interface Diagnosed {
  readonly trace: Trace;
  readonly diagnosis: Diagnosis;
}

/**
 * A packet and its reply: reachable only when both arrive, at risk when either is, or when the reply takes another way
 * than the packet did.
 */
export function concludeBoth(forward: Diagnosed, reply: Diagnosed | undefined): Conclusion {
  const { verdict, code, at } = forward.diagnosis;
  if (!reply || !arrives(verdict)) return { verdict, code, because: [] };
  const back = reply.diagnosis;
  if (!arrives(back.verdict)) {
    const text = `The packet reaches ${at}, but the reply ends at ${back.at}: ${back.story.at(-1) ?? back.code}`;
    const finding: Finding = { code: "RETURN_PATH_BROKEN", at: back.at, text };
    return { verdict: back.verdict, code: "RETURN_PATH_BROKEN", because: [finding] };
  }
  const there = wayOf(forward.trace);
  const home = wayOf(reply.trace).toReversed();
  if (there.every((leg, i) => leg === home[i]) && there.length === home.length) {
    const risk = [verdict, back.verdict].includes("REACHABLE_WITH_RISK");
    return { verdict: risk ? "REACHABLE_WITH_RISK" : "REACHABLE", code, because: [] };
  }
  const text = `The packet goes over ${legWords(there)}, and the reply comes back over ${legWords(home.toReversed())}.`;
  return {
    verdict: "REACHABLE_WITH_RISK",
    code,
    because: [{ code: "RETURN_PATH_ASYMMETRIC", at, text }],
  };
}

/** One packet over each of several equal routes: ambiguous when some deliver it and some do not. */
export function concludeBranches(branches: readonly Diagnosis[]): Conclusion | undefined {
  const [first] = branches;
  if (!first) return undefined;
  const lost = branches.filter(({ verdict }) => !arrives(verdict));
  if (lost.length === 0 || lost.length === branches.length) {
    return { verdict: first.verdict, code: first.code, because: [] };
  }
  const findings = lost.map(({ code, at, story }): Finding => ({ code, at, text: story.at(-1) ?? code }));
  const text = `${lost.length} of ${branches.length} equal ways lose the packet.`;
  return {
    verdict: "AMBIGUOUS",
    code: "ECMP_INCONSISTENT",
    because: [{ code: "ECMP_INCONSISTENT", at: first.at, text }, ...findings],
  };
}

function arrives(verdict: Verdict): boolean {
  return verdict === "REACHABLE" || verdict === "REACHABLE_WITH_RISK";
}

/** The segments a packet crossed, and whether it was wrapped there; read the same from both ends. */
function wayOf(trace: Trace): readonly string[] {
  return strandOf(trace).events.flatMap((index) => {
    const event = trace.events[index];
    if (event?.action.kind !== "wire") return [];
    const wrapped = ipHeaders(event.headers).length > 1 ? ", wrapped" : "";
    const ends = [placeName(event.at.netns), placeName(event.action.to.netns)].sort();
    return [`${event.action.segment} (${ends.join(", ")}${wrapped})`];
  });
}

function legWords(legs: readonly string[]): string {
  return legs.length === 0 ? "no segment" : legs.join(", then ");
}
