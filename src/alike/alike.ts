import type { Ip } from "../addr/ip.ts";
import type { Fault, Host, Pod, Router, Topology } from "../topology/topology.ts";
import { type Bound, reachOf } from "./bound.ts";
import { Claims } from "./claims.ts";
import { type Site, sitesOf } from "./sites.ts";
import { type Tags, tagsOf } from "./tags.ts";
import { Words } from "./words.ts";

/** Hosts that nothing tells apart but their names, addresses and places among their like. */
export interface HostClass {
  readonly index: number;
  readonly hosts: readonly Host[];
}

export interface AlikeOptions {
  /** Whether a fault that only one other host's packets can meet sets nobody apart; see `bound`. */
  readonly bound: boolean;
  /** Hosts and routers that are like no other, because somebody asks for them by name. */
  readonly apart?: ReadonlySet<string>;
}

/**
 * Which hosts and pods of a topology are alike: what agents write on one is what they write on another, names and
 * addresses exchanged, and so is what the underlay does with its packets.
 *
 * Two hosts are alike when the file says the same of both (cards, settings, BGP, faults) and their sites are: parts of
 * the underlay that the file describes alike, that peer with the same others, and hang on the same backbone. What names
 * one host's addresses alone (a route in a router, a firewall's rule) sets it apart, unless all its like have theirs.
 */
export class Alike {
  readonly classes: readonly HostClass[];
  /** Routers that are alike: those at the same place of sites that are. A router of the backbone is like no other. */
  readonly routers: readonly (readonly Router[])[];
  /** Faults that only lookups for one other host's pods can meet; they set no host apart. */
  readonly bound: readonly Bound[];
  readonly #siteOf = new Map<string, Site>();
  readonly #tags: Tags;
  readonly #podFaults = new Map<string, string[]>();

  constructor(topology: Topology, faults: readonly Fault[], { bound: isBound, apart = new Set() }: AlikeOptions) {
    const claims = new Claims(topology);
    const { bound, wide } = isBound ? reachOf(faults, claims) : { bound: [], wide: faults };
    this.bound = bound;
    const sites = sitesOf(topology);
    for (const site of sites) for (const { name } of [...site.routers, ...site.hosts]) this.#siteOf.set(name, site);
    for (const { target, text } of faults) {
      if (target.kind !== "pod") continue;
      this.#podFaults.set(target.name, [...(this.#podFaults.get(target.name) ?? []), text]);
    }
    this.#tags = tagsOf(topology, wide, claims, this.#siteOf);
    const words = new Words(topology, wide, { claims, tags: this.#tags, siteOf: this.#siteOf, apart });
    const classes = new Map<string, Host[]>();
    const routers = new Map<string, Router[]>();
    const key = new Map<Host, string>();
    for (const site of sites) {
      const own = site.hosts.map((host) => ({ host, text: words.host(host, site) }));
      const whole = words.site(site, [...new Set(own.map(({ text }) => text))].sort());
      for (const { host, text } of own) key.set(host, `${text}\n${whole}`);
      for (const [i, router] of site.routers.entries()) {
        routers.set(`${i}\n${whole}`, [...(routers.get(`${i}\n${whole}`) ?? []), router]);
      }
    }
    // In file order, so that the first of a class is the first of the file.
    for (const host of topology.hosts.values()) {
      const there = classes.get(key.get(host) ?? "");
      if (there) there.push(host);
      else classes.set(key.get(host) ?? "", [host]);
    }
    const backbone = [...topology.routers.values()].filter(({ name }) => !this.#siteOf.has(name));
    this.routers = [...routers.values(), ...backbone.map((router) => [router])];
    this.classes = [...classes.values()].map((hosts, index) => ({ index, hosts }));
  }

  /** The site of a host or router; -1 for what is in none. */
  siteOf({ name }: { readonly name: string }): number {
    return this.#siteOf.get(name)?.index ?? -1;
  }

  /** Whether a pod's address can set it apart from the others of its host. */
  get tellsAddresses(): boolean {
    return this.#tags.addresses.length > 0;
  }

  /**
   * What is said of a pod that is not said of every pod; pods of one host with the same words are alike. `addresses`
   * are those it has, as far as anybody wants to know.
   */
  pod(pod: Pod, { podCIDRs }: Host, addresses: readonly Ip[]): string {
    const done = this.#podFaults.get(pod.name) ?? [];
    const named = this.tellsAddresses
      ? addresses.flatMap((ip) => this.#tags.addresses.filter(({ prefix }) => prefix.contains(ip)))
      : [];
    // One that lies in another node's share, or is a node's own, is like no other.
    const strange = pod.addresses.some((ip) => !podCIDRs.some((share) => share.contains(ip) && ip.minus(share.ip) > 1));
    const pinned = pod.addresses.map(({ family }) => family);
    // Nearly all pods: they say nothing, or where they are.
    if (!pod.hostNetwork && !pod.listen && !strange && done.length + named.length === 0) return pinned.join();
    const words = [pod.hostNetwork, pod.listen ?? "any", pinned, done, named.map(({ words }) => words)];
    return JSON.stringify(strange ? [...words, pod.name] : words);
  }
}
