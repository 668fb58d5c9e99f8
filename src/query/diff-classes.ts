import { collisions } from "../alike/collisions.ts";
import type { Pod, Topology } from "../topology/topology.ts";
import { DiffSide, type Ground } from "./diff-side.ts";
import { hostFit } from "./host-fit.ts";
import { PeerKind, type Sited } from "./peer-kind.ts";

/** Hosts of one kind and one site, or one router: their tables change alike. */
export interface MachineClass extends Sited {
  /** The first of them; `name` of a router begins with `router/`, that of a host with `host/`. */
  readonly netns: string;
  readonly key: string;
  /** What they are to peers, or peers to them. */
  readonly kind: string;
  readonly members: string[];
  /** Hosts whose rows cannot be looked at apart from its own. */
  readonly near: ReadonlySet<string>;
}

/** Pods whose tables change alike, by their full names. */
export interface PodClass {
  readonly members: readonly string[];
}

/**
 * The machines and pods that two networks have both, by classes: those that nothing tells apart on the left, nothing on
 * the right, and nothing in what became of them between the two.
 */
export class DiffClasses {
  readonly kinds: readonly PeerKind[];
  readonly machines: readonly MachineClass[];
  readonly pods: readonly PodClass[];
  readonly #left: DiffSide;
  readonly #right: DiffSide;
  readonly #apart: ReadonlySet<string>;
  readonly #kinds = new Map<string, PeerKind>();
  /** What hosts are to others, by name. */
  readonly #kindOf = new Map<string, PeerKind>();
  /** Where routers stand is no matter unless some have moved. */
  readonly #bySite: boolean;

  /** `routers` are those of both, as namespaces; `apart` are further hosts to look at each by itself. */
  constructor(left: Ground, right: Ground, routers: readonly string[], apart: ReadonlySet<string>) {
    this.#left = new DiffSide(left);
    this.#right = isSame(left, right) ? this.#left : new DiffSide(right);
    this.#apart = new Set([...apart, ...collisions([this.#left, this.#right])]);
    this.#bySite = this.#left !== this.#right && routersText(left.topology) !== routersText(right.topology);
    for (const name of new Set([...this.#left.hosts.keys(), ...this.#right.hosts.keys()])) this.#sort(name);
    this.kinds = [...this.#kinds.values()].filter(({ members }) => members.size > 0);
    const classes = new Map<string, MachineClass>();
    const pods = new Map<string, string[]>();
    for (const host of this.#left.hosts.keys()) {
      if (this.#right.hosts.has(host)) this.#place(host, this.#podsOf(host, pods), classes);
    }
    this.machines = [...classes.values(), ...routers.map((netns) => this.#router(netns))];
    this.pods = [...pods.values()].map((members) => ({ members }));
  }

  #sort(name: string): void {
    const words = [
      this.#left.classOf.get(name) ?? -1,
      this.#right.classOf.get(name) ?? -1,
      hostFit(name, this.#left, this.#right),
      this.#bySite ? this.#sites(name) : "",
    ];
    const isApart = this.#apart.has(name);
    const key = JSON.stringify(isApart ? [...words, name] : words);
    const kind = this.#kinds.get(key) ?? new PeerKind(this.#kinds.size);
    this.#kinds.set(key, kind);
    this.#kindOf.set(name, kind);
    if (!isApart) kind.add({ name, sites: this.#sites(name) });
  }

  #sites(name: string): Sited["sites"] {
    return [this.#left.alike.siteOf({ name }), this.#right.alike.siteOf({ name })];
  }

  /** Puts a host among those that hold the same for themselves, at the same sites. */
  #place(name: string, pods: string, classes: Map<string, MachineClass>): void {
    const sites = this.#sites(name);
    const bound = new Set([...(this.#left.bound.get(name) ?? []), ...(this.#right.bound.get(name) ?? [])]);
    const kind = String(this.#kindOf.get(name)?.index);
    const own = JSON.stringify([kind, pods, bound.size > 0 ? name : "", this.#apart.size > 0 ? sites : ""]);
    const key = `${own} ${sites}`;
    const known = classes.get(key);
    if (known) {
      known.members.push(`host/${name}`);
      return;
    }
    const near = new Set([...this.#apart, ...bound]);
    near.delete(name);
    classes.set(key, { name, netns: `host/${name}`, key: own, kind, sites, near, members: [`host/${name}`] });
  }

  /** Each router is a class of its own. */
  #router(netns: string): MachineClass {
    const name = netns.slice("router/".length);
    return { name, netns, key: netns, kind: netns, sites: this.#sites(name), near: this.#apart, members: [netns] };
  }

  /**
   * What a host's pods are on both sides, one after the other, for its tables have rows for each; and puts them among
   * their like. Who comes or goes has everybody behind it move up: then each is like no other, and so is the host.
   */
  #podsOf(host: string, classes: Map<string, string[]>): string {
    const [before, after] = [this.#left.podsOn(host), this.#right.podsOn(host)];
    const same = before.length === after.length && before.every((pod, i) => isSamePod(pod, after[i]));
    const kind = this.#kindOf.get(host)?.index;
    const words: string[] = [];
    for (const pod of before) {
      const other = this.#right.topology.pods.get(pod.name);
      if (!other) continue;
      const own = podWords(this.#left.words(pod), this.#right.words(other));
      words.push(pod.device === undefined ? own : `${own} pinned`);
      if (pod.hostNetwork || other.hostNetwork) continue;
      const key = same ? `${kind} ${own}` : pod.name;
      const known = classes.get(key);
      if (known) known.push(pod.name);
      else classes.set(key, [pod.name]);
    }
    return same ? runs(words) : host;
  }
}

function isSame(left: Ground, right: Ground): boolean {
  if (left.topology !== right.topology || left.faults.length !== right.faults.length) return false;
  return left.faults.every(({ text, target }, i) => {
    const other = right.faults[i];
    return text === other?.text && target.kind === other.target.kind && target.name === other.target.name;
  });
}

function podWords(left: string, right: string): string {
  return left === "" && right === "" ? "" : JSON.stringify([left, right]);
}

function isSamePod(pod: Pod, other: Pod | undefined): boolean {
  if (pod === other) return true;
  if (!other) return false;
  const same = pod.name === other.name && pod.device === other.device && pod.hostNetwork === other.hostNetwork;
  return same && pod.addresses.join() === other.addresses.join();
}

function routersText({ routers }: Topology): string {
  return JSON.stringify([...routers.values()].map(({ name, nics }) => [name, nics]));
}

/** Words in a row, each run of the same ones as one with its length. */
function runs(words: readonly string[]): string {
  const told: string[] = [];
  let count = 0;
  for (const [i, word] of words.entries()) {
    count++;
    if (words[i + 1] === word) continue;
    told.push(`${count} ${word}`);
    count = 0;
  }
  return told.join(",");
}
