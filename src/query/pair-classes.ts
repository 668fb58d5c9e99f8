import type { Alike } from "../alike/alike.ts";
import type { Bound } from "../alike/bound.ts";
import { hostNaming, relativeText } from "../alike/relative.ts";
import { podAddresses } from "../modes/ipam.ts";
import type { Fault, Host, Pod, Topology } from "../topology/topology.ts";
import { countsOf, noTally, RELATIONS, type Relation, type Tally, tally } from "./pair-count.ts";

/** Ordered pairs of pods that are answered alike. */
export interface PairClass {
  readonly key: string;
  readonly pairs: number;
  /** One of them, by pod names. */
  readonly witness: readonly [src: string, dst: string];
}

/** Which pods are asked about, those that send and those that are sent to; default: all. */
export interface PairOptions {
  readonly from?: (pod: Pod) => boolean;
  readonly to?: (pod: Pod) => boolean;
}

/** Pods of one kind on one host: those that send, and those that are sent to. */
interface Group {
  readonly cell: Cell;
  readonly host: Host;
  readonly site: number;
  readonly from: string[];
  readonly to: string[];
  /** How many are among both. */
  both: number;
}

/** Pods of one kind on all hosts of one class. */
interface Cell {
  readonly key: string;
  readonly groups: Map<string, Group>;
  readonly from: Tally;
  readonly to: Tally;
  both: number;
}

/**
 * All ordered pairs of pods of a topology, by classes: a class is told by what the two hosts and the two pods are, how
 * they stand to one another, and which faults that only they can meet lie between them. It costs a look at every pod
 * and the square of the kinds, never the square of the pods.
 */
export class PairClasses {
  readonly #topology: Topology;
  readonly #alike: Alike;
  readonly #cells = new Map<string, Cell>();
  readonly #groups = new Map<string, Map<string, Group>>();
  /** By the host they are done to, then by the host they are about. */
  readonly #bound = new Map<string, Map<string, Bound[]>>();
  /** Where a fault stands among those of its host: order can matter. */
  readonly #turn = new Map<Fault, number>();
  readonly #addresses = new Map<string, ReturnType<typeof podAddresses>>();

  constructor(topology: Topology, faults: readonly Fault[], alike: Alike, options: PairOptions = {}) {
    this.#topology = topology;
    this.#alike = alike;
    const turns = new Map<string, number>();
    for (const fault of faults) {
      const turn = turns.get(fault.target.name) ?? 0;
      turns.set(fault.target.name, turn + 1);
      this.#turn.set(fault, turn);
    }
    for (const bound of this.#alike.bound) {
      const about = this.#bound.get(bound.on) ?? new Map<string, Bound[]>();
      this.#bound.set(bound.on, about);
      about.set(bound.about.name, [...(about.get(bound.about.name) ?? []), bound]);
    }
    for (const { index, hosts } of this.#alike.classes) for (const host of hosts) this.#count(host, index, options);
  }

  /** Whether some faults were taken to be met by two hosts' packets alone. */
  get isBound(): boolean {
    return this.#bound.size > 0;
  }

  /** What pods on a host's own network are; nothing where there are none. */
  ownNetwork(host: Host): string {
    return [...(this.#groups.get(host.name)?.keys() ?? [])].filter((words) => words.startsWith("[true")).join();
  }

  /** The class of one pair, by full pod names. */
  of(src: string, dst: string): string {
    const [a, b] = [this.#topology.pods.get(src), this.#topology.pods.get(dst)];
    const [from, to] = [a && this.#groupOf(a), b && this.#groupOf(b)];
    if (!from || !to) throw new Error(`no pods ${src} and ${dst}`);
    const there = this.#between(from.host, to.host);
    return keyOf(from, to, { ...there, in: [this.#marks(src, from, there.back), this.#marks(dst, to, there.out)] });
  }

  /** Every class that has a pair. */
  classes(): readonly PairClass[] {
    const met = this.#touched();
    const classes = [...met.classes.values()];
    const cells = [...this.#cells.values()];
    for (const from of cells) {
      for (const to of cells) {
        const counts = countsOf(from, to);
        for (const relation of RELATIONS) {
          const pairs = counts[relation] - (met.counts.get(`${from.key} ${to.key} ${relation}`) ?? 0);
          if (pairs <= 0) continue;
          const [src, dst] = this.#witness(from, to, relation);
          classes.push({ key: keyOf(src.group, dst.group), pairs, witness: [src.pod, dst.pod] });
        }
      }
    }
    return classes;
  }

  #count(host: Host, index: number, { from = everybody, to = everybody }: PairOptions): void {
    const groups = new Map<string, Group>();
    const site = this.#alike.siteOf(host);
    for (const pod of this.#topology.pods.on(host.name)) {
      const [sends, receives] = [from(pod), to(pod)];
      if (!sends && !receives) continue;
      const words = this.#words(pod, host);
      const group = groups.get(words) ?? this.#group(host, site, `${index} ${words}`);
      groups.set(words, group);
      if (sends) group.from.push(pod.name);
      if (receives) group.to.push(pod.name);
      if (sends && receives) group.both++;
    }
    for (const { cell, from: senders, to: receivers, both } of groups.values()) {
      tally(cell.from, site, senders.length);
      tally(cell.to, site, receivers.length);
      cell.both += both;
    }
    this.#groups.set(host.name, groups);
  }

  #group(host: Host, site: number, key: string): Group {
    const cell = this.#cells.get(key) ?? { key, groups: new Map(), from: noTally(), to: noTally(), both: 0 };
    this.#cells.set(key, cell);
    const group: Group = { cell, host, site, from: [], to: [], both: 0 };
    cell.groups.set(host.name, group);
    return group;
  }

  #words(pod: Pod, host: Host): string {
    const all = this.#alike.tellsAddresses;
    return this.#alike.pod(pod, host, all ? (this.#addressesOn(host).get(pod.name) ?? []) : pod.addresses);
  }

  #groupOf(pod: Pod): Group | undefined {
    const host = this.#topology.hosts.get(pod.host);
    return host && this.#groups.get(host.name)?.get(this.#words(pod, host));
  }

  #addressesOn(host: Host): ReturnType<typeof podAddresses> {
    const known = this.#addresses.get(host.name) ?? podAddresses(this.#topology.pods.on(host.name), host.podCIDRs);
    this.#addresses.set(host.name, known);
    return known;
  }

  /** The faults that only packets between two hosts can meet: those on the first, and those on the second. */
  #between(from: Host, to: Host): Between {
    return {
      out: this.#bound.get(from.name)?.get(to.name) ?? [],
      back: this.#bound.get(to.name)?.get(from.name) ?? [],
      words: (faults) => faults.map(({ fault }) => this.#boundWords(fault, from, to)).join("; "),
    };
  }

  #boundWords(fault: Fault, from: Host, to: Host): string {
    return `${this.#turn.get(fault)}: ${relativeText(fault.text, hostNaming("src", from), hostNaming("dst", to))}`;
  }

  /** Pods of a group by which of some faults are about them; each is about all of them where it is about their share. */
  #marked(pods: readonly string[], group: Group, faults: readonly Bound[]): ReadonlyMap<string, readonly string[]> {
    const { podCIDRs } = group.host;
    const isWhole = faults.every(({ prefix }) => podCIDRs.some((share) => prefix.containsPrefix(share)));
    if (!isWhole) return grouped(pods, (pod) => this.#marks(pod, group, faults));
    return pods.length > 0 ? new Map([["1".repeat(faults.length), pods]]) : new Map();
  }

  /** Which of some faults are about a pod's address: a prefix can be shorter than a share, or longer. */
  #marks(pod: string, { host }: Group, faults: readonly Bound[]): string {
    return faults
      .map(({ prefix }) => {
        if (host.podCIDRs.some((share) => prefix.containsPrefix(share))) return "1";
        const addresses = this.#addressesOn(host).get(pod) ?? [];
        return addresses.some((ip) => prefix.contains(ip)) ? "1" : "0";
      })
      .join("");
  }

  /** The classes of pairs between which some fault lies, and how many pairs of each two kinds they hold. */
  #touched() {
    const classes = new Map<string, PairClass>();
    const counts = new Map<string, number>();
    const seen = new Set<string>();
    for (const [on, abouts] of this.#bound) {
      for (const about of abouts.keys()) {
        for (const [a, b] of [
          [on, about],
          [about, on],
        ] as const) {
          if (seen.has(`${a} ${b}`)) continue;
          seen.add(`${a} ${b}`);
          for (const from of this.#groups.get(a)?.values() ?? []) {
            for (const to of this.#groups.get(b)?.values() ?? []) this.#pairUp(from, to, classes, counts);
          }
        }
      }
    }
    return { classes, counts };
  }

  #pairUp(from: Group, to: Group, classes: Map<string, PairClass>, counts: Map<string, number>): void {
    const between = this.#between(from.host, to.host);
    const sources = this.#marked(from.from, from, between.back);
    const targets = this.#marked(to.to, to, between.out);
    for (const [a, [src, ...otherSources]] of sources) {
      for (const [b, [dst, ...otherTargets]] of targets) {
        const key = keyOf(from, to, { ...between, in: [a, b] });
        const known = classes.get(key);
        const pairs = (otherSources.length + 1) * (otherTargets.length + 1) + (known?.pairs ?? 0);
        classes.set(key, { key, pairs, witness: known?.witness ?? [src as string, dst as string] });
      }
    }
    const both = `${from.cell.key} ${to.cell.key} ${relationOf(from, to)}`;
    counts.set(both, (counts.get(both) ?? 0) + from.from.length * to.to.length);
  }

  /** Some pair of two kinds between which no fault lies. */
  #witness(from: Cell, to: Cell, relation: Relation) {
    for (const a of from.groups.values()) {
      const candidates = relation === "host" ? [to.groups.get(a.host.name)] : to.groups.values();
      for (const b of candidates) {
        if (!b || relationOf(a, b) !== relation || this.#meet(a.host.name, b.host.name)) continue;
        const src = a.from.find((pod) => b.to.some((other) => other !== pod));
        const dst = b.to.find((pod) => pod !== src);
        if (src !== undefined && dst !== undefined)
          return [
            { group: a, pod: src },
            { group: b, pod: dst },
          ] as const;
      }
    }
    throw new Error(`no pair of ${from.key} and ${to.key} is left`);
  }

  #meet(a: string, b: string): boolean {
    return this.#bound.get(a)?.has(b) === true || this.#bound.get(b)?.has(a) === true;
  }
}

interface Between {
  readonly out: readonly Bound[];
  readonly back: readonly Bound[];
  readonly words: (faults: readonly Bound[]) => string;
}

function keyOf(from: Group, to: Group, between?: Between & { readonly in: readonly [string, string] }): string {
  const pair = `${from.cell.key} → ${to.cell.key} ${relationOf(from, to)}`;
  if (!between || between.out.length + between.back.length === 0) return pair;
  const { out, back, words } = between;
  return `${pair} | ${words(out)} in ${between.in[1]} | ${words(back)} in ${between.in[0]}`;
}

function relationOf(a: Group, b: Group): Relation {
  if (a.host === b.host) return "host";
  return a.site === b.site ? "site" : "far";
}

function grouped(pods: readonly string[], markOf: (pod: string) => string): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const pod of pods) {
    const mark = markOf(pod);
    const group = groups.get(mark);
    if (group) group.push(pod);
    else groups.set(mark, [pod]);
  }
  return groups;
}

function everybody(): boolean {
  return true;
}
