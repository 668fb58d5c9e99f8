import { Alike } from "../alike/alike.ts";
import { fibLookup } from "../kernel/fib.ts";
import type { Network } from "../kernel/network.ts";
import type { Mode } from "../modes/mode.ts";
import type { Fault, Host, Topology } from "../topology/topology.ts";
import type { Answer, Question, Verdict } from "../trace/answer.ts";
import type { Code } from "../trace/codes.ts";
import { places } from "../trace/project.ts";
import { type Ask, answerQuestion, questionOf } from "./answer.ts";
import { type PairClass, PairClasses, type PairOptions } from "./pair-classes.ts";

/** A network, and what it was made of. */
export interface Built {
  readonly topology: Topology;
  readonly mode: Mode;
  readonly network: Network;
  /** All that was done to it, the topology's own faults among them. */
  readonly faults: readonly Fault[];
}

/** Both probes between two pods, walked there and back. */
export interface Walked {
  /** The usual small packet; absent when one of the two has no address. */
  readonly small?: Answer;
  /** One as long as the sender's own MTU, not to be fragmented; absent when the sender has no route. */
  readonly full?: Answer;
}

/** How a probe between two pods ended, its reply included. */
export interface Ending {
  readonly verdict: Verdict;
  readonly code: Code;
}

/** A class of pairs, and how both probes of its witness ended. */
export interface ClassAnswer extends PairClass {
  readonly small: Ending;
  readonly full: Ending;
}

/** Ordered pairs of pods, answered. */
export interface AllPairs {
  readonly pairs: number;
  readonly classes: readonly ClassAnswer[];
  /** The class of one pair, by full pod names (`default/pod-a`). */
  of(src: string, dst: string): ClassAnswer | undefined;
}

/** The packet that is sent between pods; default as `trace` has it. */
export type PairPacket = Pick<Ask, "protocol" | "dport">;

/** Which pairs, which packet, and what is done with each class besides. */
export interface PairsAsk extends PairOptions {
  readonly packet?: PairPacket;
  /** Told of every class as its witness is walked: the walks, and how many classes are done of how many. */
  readonly onClass?: (answer: ClassAnswer, walked: Walked, done: number, of: number) => void;
}

/**
 * Answers ordered pairs of pods, all of them or those from some to some. One pair of every class is walked and stands
 * for its class; what was walked for one question is not walked again for the next.
 */
export class PairWalks {
  readonly #built: Built;
  readonly #walked = new Map<string, { readonly walked: Walked; readonly ends: Pick<ClassAnswer, "small" | "full"> }>();
  readonly #apart: ReadonlySet<string>;
  #alike: Alike;
  /** All pods to all pods: several ask for it, and it looks at every pod. */
  #all: PairClasses | undefined;
  /** Whether faults between two hosts are taken to be met by their packets alone. */
  #bound = true;

  /** `apart` are hosts and routers that questions name: no other stands for them. */
  constructor(built: Built, apart: ReadonlySet<string> = new Set()) {
    this.#built = built;
    this.#apart = apart;
    this.#alike = new Alike(built.topology, built.faults, { bound: true, apart });
  }

  answer(ask: PairsAsk = {}): AllPairs {
    const { topology, faults } = this.#built;
    const whole = !ask.from && !ask.to;
    const classes = whole ? this.#everybody : new PairClasses(topology, faults, this.#alike, ask);
    const all = classes.classes();
    const answers: ClassAnswer[] = [];
    for (const each of all) {
      const { walked, ends } = this.#walk(each, ask.packet ?? {});
      if (this.#strays(each, walked)) return this.#unbound(ask);
      const answer = { ...each, ...ends };
      answers.push(answer);
      ask.onClass?.(answer, walked, answers.length, all.length);
    }
    const byKey = new Map(answers.map((answer) => [answer.key, answer]));
    return {
      pairs: answers.reduce((sum, { pairs }) => sum + pairs, 0),
      classes: answers,
      of: (src, dst) => byKey.get(classes.of(src, dst)),
    };
  }

  /** A packet that passes a third host meets its faults too: then none of them is only for two. */
  #unbound(ask: PairsAsk): AllPairs {
    const { topology, faults } = this.#built;
    this.#bound = false;
    this.#alike = new Alike(topology, faults, { bound: false, apart: this.#apart });
    this.#all = undefined;
    this.#walked.clear();
    return this.answer(ask);
  }

  #walk({ key, witness }: PairClass, packet: PairPacket) {
    const whole = `${JSON.stringify(packet)} ${key}`;
    const known = this.#walked.get(whole);
    if (known) return known;
    const walked = walkPair(this.#built, witness, packet);
    const made = { walked, ends: endingsOf(this.#built, witness, walked) };
    this.#walked.set(whole, made);
    return made;
  }

  /** Pods of a host that are on its own network: what they listen on. Hosts that are alike can differ in that. */
  ownNetwork(host: Host): string {
    return this.#everybody.ownNetwork(host);
  }

  get #everybody(): PairClasses {
    const { topology, faults } = this.#built;
    this.#all ??= new PairClasses(topology, faults, this.#alike);
    return this.#all;
  }

  /** Which hosts and routers stand for one another. */
  get alike(): Alike {
    return this.#alike;
  }

  /** One host of every class with how many are like it; one with faults that are between two hosts is by itself. */
  samples(): readonly { readonly host: Host; readonly alike: number }[] {
    const touched = new Set(this.#alike.bound.map(({ on }) => on));
    return this.#alike.classes.flatMap(({ hosts }) => {
      const plain = hosts.filter(({ name }) => !touched.has(name));
      const own = hosts.filter(({ name }) => touched.has(name)).map((host) => ({ host, alike: 1 }));
      return plain[0] ? [{ host: plain[0], alike: plain.length }, ...own] : own;
    });
  }

  #strays({ witness }: PairClass, { small, full }: Walked): boolean {
    if (!this.#bound || this.#alike.bound.length === 0) return false;
    const own = new Set(witness.map((name) => `host/${this.#built.topology.pods.get(name)?.host}`));
    return [small, full].some((answer) => answer && hostsOf(answer).some((host) => !own.has(host)));
  }
}

/** Walks both probes of one pair, by full pod names. */
export function walkPair(
  { topology, mode, network }: Built,
  [src, dst]: PairClass["witness"],
  packet: PairPacket = {},
): Walked {
  const asked = questionOf(topology, network, mode, { ...packet, src: `pod:${src}`, dst: `pod:${dst}` });
  if (!asked.ok) return {};
  const small = answerQuestion(network, asked.value);
  const size = senderMtu(network, asked.value);
  return size === undefined
    ? { small }
    : { small, full: answerQuestion(network, { ...asked.value, size, df: "always" }) };
}

/** How both probes ended; one that could not be sent ended where it began. */
export function endingsOf(
  { topology, mode, network }: Built,
  [src]: PairClass["witness"],
  { small, full }: Walked,
): Pick<ClassAnswer, "small" | "full"> {
  if (!small) {
    const sends = questionOf(topology, network, mode, { src: `pod:${src}`, dst: `pod:${src}` }).ok;
    const none = { verdict: "UNREACHABLE", code: sends ? "DST_UNKNOWN_IP" : "SRC_NO_ADDRESS" } as const;
    return { small: none, full: none };
  }
  const { verdict, code } = small;
  const long = full ?? small;
  return { small: { verdict, code }, full: { verdict: long.verdict, code: long.code } };
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
