import type { LintCode } from "../lint/codes.ts";
import type { Sighting } from "../lint/finding.ts";
import { machinePath } from "../lint/paths.ts";
import type { Kind, Scope } from "../lint/scope.ts";
import type { Mode } from "../modes/mode.ts";
import type { Path } from "../topology/path.ts";
import type { Host, Pod } from "../topology/topology.ts";
import type { Answer, Direction, Finding } from "../trace/answer.ts";
import { placeName } from "../trace/project.ts";
import { type Ask, answerQuestion, questionOf } from "./answer.ts";

/** What walks between kinds of hosts have shown. */
export interface Ways {
  readonly seen: readonly Sighting[];
  /** Pairs of kinds, each with itself too where it has two hosts. */
  readonly pairs: number;
  readonly walked: number;
}

/** Up to so many kinds every pair is walked; with more, each with itself and with the next. */
const MOST_KINDS = 16;

/** Walks a packet and its reply between pods, and between node addresses, of each pair of kinds. */
export function walkWays(scope: Scope, mode: Mode): Ways {
  const { kinds } = scope;
  const pairs = [...pairsOf(kinds)];
  const notes = new Notes(scope);
  for (const [a, b] of pairs) {
    const [from, to] = a === b ? [a.hosts[0], a.hosts[1]] : [a.sample, b.sample];
    if (!from || !to) continue;
    walkNodes(scope, mode, notes, from, to);
    for (const [src, dst] of podPairs(scope, a, b)) walkPods(scope, mode, notes, src, dst);
  }
  for (const kind of kinds) for (const [src, dst] of neighbours(scope, kind)) walkPods(scope, mode, notes, src, dst);
  const twice = kinds.filter(({ hosts }) => hosts.length > 1).length;
  return {
    seen: notes.sightings(),
    pairs: (kinds.length * (kinds.length - 1)) / 2 + twice,
    walked: pairs.length,
  };
}

function* pairsOf(kinds: readonly Kind[]): Generator<readonly [Kind, Kind]> {
  for (const [i, a] of kinds.entries()) {
    if (a.hosts.length > 1) yield [a, a];
    const others = kinds.length <= MOST_KINDS ? kinds.slice(i + 1) : [kinds[(i + 1) % kinds.length]];
    for (const b of others) if (b && b !== a) yield [a, b];
  }
}

/** A pod of each side, those that a fault has touched first of all. */
function podPairs(scope: Scope, a: Kind, b: Kind): readonly (readonly [Pod, Pod])[] {
  const [left, right] = a === b ? twoHosts(scope, a) : [podsOf(scope, a.hosts), podsOf(scope, b.hosts)];
  return left.flatMap((src) => right.map((dst) => [src, dst] as const));
}

function twoHosts(scope: Scope, { hosts }: Kind): readonly [readonly Pod[], readonly Pod[]] {
  const [first, ...others] = hosts;
  return first ? [podsOf(scope, [first]), podsOf(scope, others)] : [[], []];
}

/** How many hosts of a kind are asked for a pod, and how many pods of a host that a fault has touched are taken. */
const MOST_HOSTS = 20;
const MOST_PODS = 6;

/** The first pod there is; of a host that a fault has touched several, those it names first. */
function podsOf({ topology, faults }: Scope, hosts: readonly Host[]): readonly Pod[] {
  for (const { name } of hosts.slice(0, MOST_HOSTS)) {
    const pods = podsOn(topology.pods, name);
    const [first] = pods;
    if (!first) continue;
    const named = pods.filter((pod) => faults.some(({ target }) => target.kind === "pod" && target.name === pod.name));
    const touched = named.length > 0 || faults.some(({ target }) => target.kind === "host" && target.name === name);
    return touched ? [...new Set([...named, ...pods])].slice(0, MOST_PODS) : [first];
  }
  return [];
}

/** Two pods of one host, and of a host that a fault has touched each with every other. */
function* neighbours(scope: Scope, { hosts }: Kind): Generator<readonly [Pod, Pod]> {
  const { pods } = scope.topology;
  const host = hosts.slice(0, MOST_HOSTS).find(({ name }) => podsOn(pods, name).length > 1);
  if (!host) return;
  const chosen = podsOf(scope, [host]);
  const [first, second] = podsOn(pods, host.name);
  if (chosen.length < 2) {
    if (first && second) yield [first, second];
    return;
  }
  for (const [i, pod] of chosen.entries()) for (const other of chosen.slice(i + 1)) yield [pod, other];
}

function podsOn(pods: Scope["topology"]["pods"], host: string): readonly Pod[] {
  return pods.on(host).filter(({ hostNetwork }) => !hostNetwork);
}

function walkPods(scope: Scope, mode: Mode, notes: Notes, src: Pod, dst: Pod): void {
  const there = answered(scope, mode, { src: `pod:${src.name}`, dst: `pod:${dst.name}` });
  if (!there) return;
  notes.note(there, there.forward, src.name, dst.name);
  // Where the first packet dies nobody replies, and the way back is asked for by itself.
  const back = there.reply ? there : answered(scope, mode, { src: `pod:${dst.name}`, dst: `pod:${src.name}` });
  const reply = there.reply ?? back?.forward;
  if (back && reply) notes.note(back, reply, dst.name, src.name);
  notes.together(there);
  for (const [from, to] of [
    [src, dst],
    [dst, src],
  ] as const) {
    notes.full(fullSized(scope, mode, from, to), from.name, to.name);
  }
}

/** A packet as long as the pod's device takes, which may be cut on its way where a small one is not. */
function fullSized(scope: Scope, mode: Mode, src: Pod, dst: Pod): Answer | undefined {
  const family = scope.topology.cluster.podNetworks[0]?.family ?? 4;
  const size = deviceMtu(scope, src.name, family);
  const ask = { src: `pod:${src.name}`, dst: `pod:${dst.name}`, df: "always", oneWay: true } as const;
  return size === undefined ? undefined : answered(scope, mode, { ...ask, size: Math.min(size, 65535) });
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
    this.#noted.set(`misdetected ${to.name}`, {
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
