import type { LintCode } from "../lint/codes.ts";
import type { Sighting } from "../lint/finding.ts";
import { machinePath } from "../lint/paths.ts";
import type { Kind, Scope } from "../lint/scope.ts";
import type { Mode } from "../modes/mode.ts";
import type { Path } from "../topology/path.ts";
import type { Host } from "../topology/topology.ts";
import type { Answer, Direction, Finding } from "../trace/answer.ts";
import { placeName } from "../trace/project.ts";
import type { PairWalks, Walked } from "./all-pairs.ts";
import { type Ask, answerQuestion, questionOf } from "./answer.ts";
import type { PairOptions } from "./pair-classes.ts";

/** What walks have shown. */
export interface Ways {
  readonly seen: readonly Sighting[];
  /** Kinds of pairs of pods, of each of which one was walked. */
  readonly walked: number;
}

/** Walks both probes between pods of every kind of pair, and between node addresses of kinds of hosts. */
export function walkWays(
  scope: Scope,
  mode: Mode,
  { walks, parts }: { readonly walks: PairWalks; readonly parts: readonly PairOptions[] },
  onWay: (done: number, of: number) => void,
): Ways {
  const notes = new Notes(scope);
  for (const [a, b] of pairsOf(scope.kinds)) {
    const [from, to] = a === b ? [a.hosts[0], a.hosts[1]] : [a.sample, b.sample];
    if (from && to) walkNodes(scope, mode, notes, from, to);
  }
  const kinds = new Set<string>();
  for (const part of parts) {
    walks.answer({
      ...part,
      onClass: ({ key, witness: [src, dst] }, walked, done, of) => {
        onWay(done, of);
        // Another part can have pairs of the same class.
        if (kinds.has(key)) return;
        kinds.add(key);
        notes.walked(walked, src, dst);
      },
    });
  }
  return { seen: notes.sightings(), walked: kinds.size };
}

/** Up to so many kinds each node pings one of every other; with more, one of its own and of the next. */
const MOST_KINDS = 16;

function* pairsOf(kinds: readonly Kind[]): Generator<readonly [Kind, Kind]> {
  for (const [i, a] of kinds.entries()) {
    if (a.hosts.length > 1) yield [a, a];
    const others = kinds.length <= MOST_KINDS ? kinds.slice(i + 1) : [kinds[(i + 1) % kinds.length]];
    for (const b of others) if (b && b !== a) yield [a, b];
  }
}

/** A node is known by its node address: others must reach it there. */
function walkNodes(scope: Scope, mode: Mode, notes: Notes, from: Host, to: Host): void {
  for (const [a, b] of [
    [from, to],
    [to, from],
  ] as const) {
    const [nodeIP] = b.nodeIPs;
    if (!nodeIP) continue;
    const ask = { src: `host:${a.name}`, protocol: "icmp", oneWay: true } as const;
    const died = failure(answered(scope, mode, { ...ask, dst: `ip:${nodeIP}` }));
    if (!died || FABRIC.has(died.code)) continue;
    const others = b.nics.flatMap(({ addresses }) => addresses.map(({ ip }) => ip)).filter((ip) => !ip.equals(nodeIP));
    const better = others.find((ip) => !failure(answered(scope, mode, { ...ask, dst: `ip:${ip}` })));
    notes.unreachableNode({ from: a.name, to: b, nodeIP: `${nodeIP}`, died, better: better && `${better}` });
  }
}

/** What a fabric does to a ping says nothing of addresses. */
const FABRIC: ReadonlySet<string> = new Set(["FABRIC_BLOCKED", "ENCAP_BLOCKED", "SRC_DST_CHECK"]);

type Died = Pick<Finding, "code" | "at"> & { readonly story: readonly string[] };

function failure(answer: Answer | undefined): Died | undefined {
  if (!answer || answer.forward.ttl !== undefined) return undefined;
  const { code, at, story } = answer.forward.diagnosis;
  return { code, at, story };
}

function answered({ topology, network }: Scope, mode: Mode, ask: Ask): Answer | undefined {
  const question = questionOf(topology, network, mode, ask);
  return question.ok ? answerQuestion(network, question.value, ask) : undefined;
}

/** What came of the walks, the same thing once. */
class Notes {
  readonly #scope: Scope;
  readonly #noted = new Map<string, Sighting>();

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** What both probes of a pair have met. */
  walked({ small, full }: Walked, src: string, dst: string): void {
    if (!small) return;
    this.note(small, small.forward, src, dst);
    if (small.reply) this.note(small, small.reply, dst, src);
    this.together(small);
    this.full(full, src, dst);
  }

  /** How one direction ended, and the risks on it. */
  note(answer: Answer, { diagnosis, ttl, pathMtu }: Direction, src: string, dst: string): void {
    const example = `${plain(src)} → ${plain(dst)}`;
    const [root] = diagnosis.because;
    if (ttl !== undefined) {
      for (const risk of diagnosis.because) this.#add("warning", risk, risk.text, example);
      const mtu = deviceMtu(this.#scope, src, answer.question.dst.ip.family);
      if (pathMtu !== undefined && mtu !== undefined && pathMtu < mtu) this.#narrow(src, mtu, pathMtu, example);
      return;
    }
    const { code, at } = root ?? diagnosis;
    const severity = diagnosis.verdict === "UNDETERMINED" ? "warning" : "error";
    this.#add(severity, { code, at }, diagnosis.story.join(" "), example);
  }

  /** The risks of a long packet; what keeps it from arriving at all is told by the path MTU. */
  full(answer: Answer | undefined, src: string, dst: string): void {
    if (answer?.forward.ttl === undefined) return;
    for (const risk of answer.forward.diagnosis.because) {
      this.#add("warning", risk, risk.text, `${plain(src)} → ${plain(dst)}`);
    }
  }

  /** What only both directions, or several branches, show. */
  together({ because, question }: Answer): void {
    // A reply that dies is noted for itself.
    for (const risk of because.filter(({ code }) => code !== "RETURN_PATH_BROKEN")) {
      this.#add("warning", risk, risk.text, `${question.src.name} → ${question.dst.name}`);
    }
  }

  unreachableNode(found: {
    readonly from: string;
    readonly to: Host;
    readonly nodeIP: string;
    readonly died: Died;
    readonly better: string | undefined;
  }): void {
    const { from, to, nodeIP, died, better } = found;
    const why = died.story.at(-1) ?? died.code;
    if (better === undefined) {
      this.#add("error", died, `${from} does not reach ${to.name} at ${nodeIP}. ${why}`, `${from} → ${to.name}`);
      return;
    }
    const holder = to.nics.find(({ addresses }) => addresses.some(({ ip }) => `${ip}` === better))?.name;
    this.#noted.set(`error NODE_IP_MISDETECTED ${to.name}`, {
      code: "NODE_IP_MISDETECTED",
      severity: "error",
      at: to.name,
      path: ["hosts", to.name, "nodeIP"],
      text: `${to.name} is known by ${nodeIP}, and ${from} does not reach it there: ${died.code} at ${died.at}. It does reach ${better} on ${holder}.`,
      fix: `Have it take ${better} on ${holder}: flanneld --iface=${holder}, Calico IP_AUTODETECTION_METHOD=interface=${holder}.`,
    });
  }

  sightings(): readonly Sighting[] {
    return [...this.#noted.values()];
  }

  #narrow(src: string, mtu: number, pathMtu: number, example: string): void {
    const pod = this.#scope.topology.pods.get(src);
    const code = "MTU_INCONSISTENT" as const;
    const at = pod?.host ?? src;
    const text = `Pods of ${at} send up to ${mtu} bytes, and only ${pathMtu} get through: each must learn that from an ICMP error, and hangs where that is lost.`;
    this.#add("warning", { code, at }, text, example);
  }

  #add(
    severity: Sighting["severity"],
    { code, at }: { code: LintCode; at: string },
    text: string,
    example: string,
  ): void {
    const key = `${severity} ${code} ${at}`;
    const known = this.#noted.get(key);
    const way = { example: known?.way?.example ?? example, times: (known?.way?.times ?? 0) + 1 };
    this.#noted.set(key, { ...(known ?? { code, severity, at, path: this.#path(at), text }), way });
  }

  /** Where the file speaks of a place; what a fabric eats stands in its own list. */
  #path(at: string): Path {
    const { topology } = this.#scope;
    if (topology.subnets.has(at)) {
      const { drop, allow, sourceDestCheck } = topology.subnets.get(at) ?? { drop: [] };
      const key = drop.length > 0 ? "drop" : allow ? "allow" : sourceDestCheck ? "sourceDestCheck" : "cidr";
      return ["subnets", at, key];
    }
    if (topology.hosts.has(at)) return machinePath(`host/${at}`);
    return topology.routers.has(at) ? machinePath(`router/${at}`) : ["pods", at];
  }
}

function plain(pod: string): string {
  return placeName(`pod/${pod}`);
}

/** The MTU of the device a pod sends by. */
function deviceMtu({ network }: Scope, pod: string, family: 4 | 6): number | undefined {
  const netns = network.netns(`pod/${pod}`);
  const address = netns?.addresses.find(({ ip, scope }) => ip.family === family && scope === "global");
  return address && netns?.links.get(address.dev)?.mtu;
}
