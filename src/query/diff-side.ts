import { Alike } from "../alike/alike.ts";
import { podAddresses } from "../modes/ipam.ts";
import type { Fault, Host, Pod, Topology } from "../topology/topology.ts";

/** A topology, and all that is done to it. */
export interface Ground {
  readonly topology: Topology;
  readonly faults: readonly Fault[];
}

/** One side of a comparison: who is alike on it. */
export class DiffSide {
  readonly topology: Topology;
  readonly alike: Alike;
  /** By host, those it is alike. */
  readonly classOf = new Map<string, number>();
  /** By the host that faults are done to, those they are about. */
  readonly bound = new Map<string, Set<string>>();
  readonly #pods = new Map<string, readonly Pod[]>();
  readonly #addresses = new Map<string, ReturnType<typeof podAddresses>>();

  constructor({ topology, faults }: Ground) {
    this.topology = topology;
    this.alike = new Alike(topology, faults, { bound: true });
    for (const { index, hosts } of this.alike.classes) for (const { name } of hosts) this.classOf.set(name, index);
    for (const { on, about } of this.alike.bound) {
      this.bound.set(on, (this.bound.get(on) ?? new Set()).add(about.name));
    }
  }

  get hosts(): Topology["hosts"] {
    return this.topology.hosts;
  }

  podsOn(host: string): readonly Pod[] {
    const known = this.#pods.get(host) ?? this.topology.pods.on(host);
    this.#pods.set(host, known);
    return known;
  }

  /** What is said of a pod that is not said of every pod. */
  words(pod: Pod): string {
    const host = this.hosts.get(pod.host);
    if (!host) return pod.name;
    return this.alike.pod(pod, host, this.alike.tellsAddresses ? this.#addressesOf(pod, host) : pod.addresses);
  }

  #addressesOf(pod: Pod, host: Host): Pod["addresses"] {
    const known = this.#addresses.get(host.name) ?? podAddresses(this.podsOn(host.name), host.podCIDRs);
    this.#addresses.set(host.name, known);
    return known.get(pod.name) ?? [];
  }
}
