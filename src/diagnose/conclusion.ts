import type { Branches, Diagnosis, Direction, Finding, Verdict } from "../trace/answer.ts";
import type { Code } from "../trace/codes.ts";
import { placeName } from "../trace/project.ts";
import { strandOf } from "../trace/strand.ts";
import { type EventOf, eventsOf, type Trace } from "../trace/trace.ts";
import { isByHand } from "./holder.ts";
import { ipHeaders } from "./scene.ts";
import { bareSource, strayReply } from "./translation.ts";

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
    const why = [...bareSource(forward.trace, back.code), ...strayReply(forward.trace, reply.trace)];
    return { verdict: back.verdict, code: "RETURN_PATH_BROKEN", because: [...why, finding] };
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
    because: [{ code: "RETURN_PATH_ASYMMETRIC", at, text }, ...oneSided(forward.trace, reply.trace)],
  };
}

/**
 * Packets over each of several equal routes, there and back: ambiguous when some arrive and some do not. `undefined`
 * when there is one way only, or all agree.
 */
export function concludeBranches(forward: Direction, reply: Direction | undefined): Conclusion | undefined {
  const findings = [...partedOf(forward.branches, "packet"), ...partedOf(reply?.branches, "reply")];
  if (findings.length === 0) return undefined;
  return { verdict: "AMBIGUOUS", code: "ECMP_INCONSISTENT", because: findings };
}

/** Two machines of which one wraps for the other and is answered bare: inside one segment nothing has to be wrapped. */
function oneSided(there: Trace, home: Trace): readonly Finding[] {
  const [a, b] = [there, home].map(wrapperOf);
  const wraps = a ?? b;
  if (!wraps || (a && b)) return [];
  const plain = a ? home : there;
  const byHand = eventsOf(plain, "route").some(
    ({ at, action }) => at.netns.startsWith("host/") && isByHand(action.found.route.by),
  );
  if (byHand) return [];
  const segments = new Set(eventsOf(plain, "wire").map(({ action }) => action.segment));
  const [first] = eventsOf(plain, "wire");
  if (segments.size === 1) {
    const at = placeName(wraps.at.netns);
    const text = `${at} wraps the packet with ${wraps.action.by} though both machines are on ${[...segments][0]}, and the other one sends bare: each goes by its own record of the other's network.`;
    return [{ code: "UNEXPECTED_ENCAP", at, text }];
  }
  if (!first) return [];
  const at = placeName(first.at.netns);
  const text = `${at} sends the packet bare over ${[...segments].join(", ")}, and the other machine wraps with ${wraps.action.by}: each goes by its own record of the other's network.`;
  return [{ code: "MISSING_ENCAP", at, text }];
}

/** Where a packet was wrapped first. */
function wrapperOf(trace: Trace): EventOf<"encapsulate"> | undefined {
  const events = strandOf(trace).events.flatMap((index) => trace.events[index] ?? []);
  return events.find((event): event is EventOf<"encapsulate"> => event.action.kind === "encapsulate");
}

/** What is lost on some branches and not on others: how much of it, then each reason once. */
function partedOf(branches: Branches | undefined, what: "packet" | "reply"): readonly Finding[] {
  const lost = branches?.walked.filter(({ ttl }) => ttl === undefined) ?? [];
  const [first] = lost;
  if (!branches || !first || lost.length === branches.walked.length) return [];
  const share =
    lost.reduce((sum, way) => sum + way.share, 0) / branches.walked.reduce((sum, way) => sum + way.share, 0);
  const where = placeName(first.choices[0]?.netns ?? first.trace.from);
  const text = `${lost.length} of ${branches.walked.length} equal ways ${lost.length === 1 ? "loses" : "lose"} the ${what}, ${Math.round(share * 100)} % of all pairs.`;
  const reasons = lost.flatMap(({ diagnosis: { code, at, story, because } }): readonly Finding[] => [
    ...because,
    { code, at, text: story.at(-1) ?? code },
  ]);
  const once = reasons.filter(
    (one, i) => reasons.findIndex(({ at, text }) => at === one.at && text === one.text) === i,
  );
  return [{ code: "ECMP_INCONSISTENT", at: where, text }, ...once];
}

/**
 * Packets of one flow: how the last one fares once everything is learned. That others were lost before is a risk of its
 * own, since who sends no more than those never gets through.
 */
export function concludeFlow(
  packets: readonly { readonly number: number; readonly forward: Diagnosed; readonly reply?: Diagnosed }[],
): Conclusion {
  const each = packets.map(({ forward, reply }) => concludeBoth(forward, reply));
  const last = each.at(-1);
  if (!last) throw new Error("a flow has packets");
  const lost = packets.filter((_, i) => !arrives(each[i]?.verdict ?? last.verdict));
  const [first] = lost;
  if (!arrives(last.verdict) || !first) return last;
  const died = arrives(first.forward.diagnosis.verdict) ? (first.reply ?? first.forward) : first.forward;
  const { code, at } = died.diagnosis;
  const text = `${lost.length} of ${packets.length} packets of the flow are lost (${code}) until the path MTU is learned; then the others pass.`;
  const risk: Finding = { code: "LOST_UNTIL_LEARNED", at, text };
  return { verdict: "REACHABLE_WITH_RISK", code: last.code, because: [...last.because, risk] };
}

/** Whether a packet of that verdict arrives, be it at a risk. */
export function arrives(verdict: Verdict): boolean {
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
