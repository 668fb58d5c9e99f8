import { fibLookup } from "../kernel/fib.ts";
import type { Network } from "../kernel/network.ts";
import { buildNetwork } from "../modes/build.ts";
import type { Mode } from "../modes/mode.ts";
import type { Outcome } from "../topology/problem.ts";
import type { Fault, Topology } from "../topology/topology.ts";
import type { Answer, Question, Verdict } from "../trace/answer.ts";
import type { Code } from "../trace/codes.ts";
import { places } from "../trace/project.ts";
import { answerQuestion, questionOf } from "./answer.ts";
import { type PairClass, PairClasses } from "./pair-classes.ts";

/** How one probe between two pods ended, its reply included. */
export interface Ending {
  readonly verdict: Verdict;
  readonly code: Code;
}

/** A class of pairs, and how its witness's packets ended. */
export interface ClassAnswer extends PairClass {
  /** The usual small packet. */
  readonly small: Ending;
  /** One as long as the sender's own MTU, not to be fragmented. */
  readonly full: Ending;
}

/** Every ordered pair of pods, answered. */
export interface AllPairs {
  readonly pods: number;
  readonly pairs: number;
  readonly classes: readonly ClassAnswer[];
  /** The class of one pair, by full pod names (`default/pod-a`). */
  of(src: string, dst: string): ClassAnswer | undefined;
}

/**
 * Answers all ordered pairs of pods, both probes of each: one pair of every class is walked, there and back, and stands
 * for all of its class. `onClass` is told of each class walked, of how many.
 */
export function allPairs(
  topology: Topology,
  mode: Mode,
  faults: readonly Fault[] = [],
  onClass: (done: number, of: number) => void = () => {},
): Outcome<AllPairs> {
  const built = buildNetwork(topology, mode, faults);
  if (!built.ok) return built;
  const all = [...topology.faults, ...faults];
  const answer = (bound: boolean) =>
    answered(topology, mode, built.value, new PairClasses(topology, all, { bound }), onClass);
  // A packet that passes a third host meets its faults too: then none is only for two.
  return { ok: true, value: answer(true) ?? (answer(false) as AllPairs) };
}

function answered(
  topology: Topology,
  mode: Mode,
  network: Network,
  classes: PairClasses,
  onClass: (done: number, of: number) => void,
): AllPairs | undefined {
  const all = classes.classes();
  const answers: ClassAnswer[] = [];
  for (const each of all) {
    const ends = endings(topology, mode, network, each.witness);
    if (classes.isBound && ends.strays) return undefined;
    answers.push({ ...each, small: ends.small, full: ends.full });
    onClass(answers.length, all.length);
  }
  const byKey = new Map(answers.map((answer) => [answer.key, answer]));
  return {
    pods: topology.pods.size,
    pairs: answers.reduce((sum, { pairs }) => sum + pairs, 0),
    classes: answers,
    of: (src, dst) => byKey.get(classes.of(src, dst)),
  };
}

/** Walks both probes of one pair, by full pod names. */
export function endings(
  topology: Topology,
  mode: Mode,
  network: Network,
  [src, dst]: readonly [string, string],
): { readonly small: Ending; readonly full: Ending; readonly strays: boolean } {
  const asked = questionOf(topology, network, mode, { src: `pod:${src}`, dst: `pod:${dst}` });
  if (!asked.ok) {
    const sends = questionOf(topology, network, mode, { src: `pod:${src}`, dst: `pod:${src}` }).ok;
    const none = { verdict: "UNREACHABLE", code: sends ? "DST_UNKNOWN_IP" : "SRC_NO_ADDRESS" } as const;
    return { small: none, full: none, strays: false };
  }
  const small = answerQuestion(network, asked.value);
  const size = senderMtu(network, asked.value);
  const full = size === undefined ? small : answerQuestion(network, { ...asked.value, size, df: "always" });
  const own = new Set([src, dst].map((name) => `host/${topology.pods.get(name)?.host}`));
  const strays = [small, full].some((answer) => hostsOf(answer).some((host) => !own.has(host)));
  return { small: endingOf(small), full: endingOf(full), strays };
}

function endingOf({ verdict, code }: Answer): Ending {
  return { verdict, code };
}

function hostsOf({ forward, reply }: Answer): readonly string[] {
  return [forward, reply].flatMap((direction) =>
    direction ? places(direction.trace).filter((place) => place.startsWith("host/")) : [],
  );
}

/** The MTU of the route a sender takes, as its socket knows it before anything is learned. */
function senderMtu(network: Network, { src, dst }: Question): number | undefined {
  const netns = network.netns(src.netns ?? "");
  const found = netns && fibLookup(netns, { dst: dst.ip });
  const link = found?.nexthop?.dev === undefined ? undefined : netns?.links.get(found.nexthop.dev);
  return link && Math.min(found?.route.mtu ?? link.mtu, link.mtu, 65535);
}
