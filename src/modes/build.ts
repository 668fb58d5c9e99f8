import type { Netlink } from "../kernel/netlink.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Network, Segment } from "../kernel/network.ts";
import type { Outcome, Problem } from "../topology/problem.ts";
import type { Topology } from "../topology/topology.ts";
import { applyChange, type Change } from "./faults.ts";
import { routersOf, writtenRoutes } from "./gateways.ts";
import { buildHost, buildRouter, type Ground, type Machine } from "./machine.ts";
import type { Mode } from "./mode.ts";
import { podNetns } from "./node.ts";
import { HostPeers } from "./peers.ts";
import { findMode } from "./registry.ts";
import { type BgpView, Routing } from "./routing.ts";
import { Cabling } from "./segment.ts";
import { Underlay } from "./underlay.ts";

/** A network made from a topology, with what its agents say to one another. */
export interface ModelNetwork extends Network {
  readonly routing: Routing;
}

/**
 * The network of a topology as a mode's agents would program it, then with its faults and `changes` done to it.
 *
 * Machines are built when one of their namespaces is first asked for; only those that are changed are built at once,
 * so that a change that cannot be made is a problem here.
 */
export function buildNetwork(topology: Topology, mode: Mode, changes: readonly Change[] = []): Outcome<ModelNetwork> {
  const unsupported = [...unsupportedFamilies(topology, mode), ...(mode.unfit?.(topology) ?? [])];
  if (unsupported.length > 0) return { ok: false, problems: unsupported };
  const routers = routersOf(topology);
  const written = writtenRoutes(topology, routers);
  if (!written.ok) return written;
  const network = new LazyNetwork(new Underlay(topology, routers, written.value), mode);
  const problems = [...topology.faults, ...changes].flatMap((change) => network.change(change) ?? []);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: network };
}

/** The network of a topology in the mode that a word means. */
export function networkOf(topology: Topology, word: string, changes: readonly Change[] = []): Outcome<ModelNetwork> {
  const mode = findMode(word);
  return mode.ok ? buildNetwork(topology, mode.value, changes) : mode;
}

/** The BGP daemons of a host or router, by its name; none where nothing speaks BGP. */
export function bgpView(network: ModelNetwork, machine: string): readonly BgpView[] {
  return network.routing.views(machine);
}

/** Namespaces on demand, a machine at a time. */
class LazyNetwork implements ModelNetwork {
  readonly mode: string;
  readonly topology: string;
  readonly segments: ReadonlyMap<string, Segment>;
  readonly routing: Routing;
  readonly #topology: Topology;
  readonly #ground: Ground;
  readonly #machines = new Map<string, Machine>();
  /** Those of the machines' namespaces that have been asked for. */
  readonly #namespaces = new Map<string, Netlink>();
  readonly #edited = new Map<string, Netns>();
  readonly #cabling: Cabling;
  /** How many changes have been made, and how many each namespace has seen. */
  #changes = 0;
  readonly #scanned = new Map<string, number>();

  constructor(underlay: Underlay, mode: Mode) {
    const { topology } = underlay;
    this.mode = mode.name;
    this.topology = topology.name;
    this.#topology = topology;
    const peers = new HostPeers(topology, mode.name);
    this.routing = new Routing(underlay, peers, mode, (name) => this.#edited.get(name));
    this.#ground = { underlay, peers, mode, routing: this.routing };
    this.#cabling = new Cabling(underlay, peers, () => [...this.#edited.values()]);
    this.segments = this.#cabling.segments();
  }

  netns(name: string): Netns | undefined {
    return this.#netlink(name)?.netns;
  }

  *names(): Iterable<string> {
    for (const host of this.#topology.hosts.keys()) {
      yield `host/${host}`;
      for (const pod of this.#topology.pods.on(host)) if (!pod.hostNetwork) yield `pod/${pod.name}`;
    }
    for (const router of this.#ground.underlay.routers.keys()) yield `router/${router}`;
  }

  /** Does a change to a finished machine; the problem when it cannot be done. */
  change(change: Change): Problem | undefined {
    const { kind, name } = change.target;
    const pod = kind === "pod" ? this.#topology.pods.get(name) : undefined;
    const netns = pod ? podNetns(pod) : `${kind}/${name}`;
    const netlink = this.#netlink(netns);
    if (!netlink) {
      const message = `${name} is no ${kind} of ${this.topology}`;
      return { code: "unknown-target", message, ...(change.place && { place: change.place }) };
    }
    this.#edited.set(netns, netlink.netns);
    const problem = applyChange(netlink, change);
    this.#changes++;
    this.#cabling.changed();
    if (this.routing.spoken) this.routing.rescan();
    return problem;
  }

  #netlink(netns: string): Netlink | undefined {
    const netlink = this.#namespaces.get(netns) ?? this.#machine(netns)?.(netns);
    if (!netlink) return undefined;
    this.#namespaces.set(netns, netlink);
    // Daemons of routing have looked at the tables again since; each machine's when somebody asks for it.
    if (this.routing.spoken && (this.#scanned.get(netns) ?? 0) < this.#changes) {
      this.#scanned.set(netns, this.#changes);
      netlink.rescan();
    }
    return netlink;
  }

  /** The machine that a namespace is part of. */
  #machine(netns: string): Machine | undefined {
    const slash = netns.indexOf("/");
    const kind = netns.slice(0, slash);
    const name = netns.slice(slash + 1);
    if (kind === "router") return this.#built(netns, () => this.#router(name));
    const host = kind === "host" ? name : kind === "pod" ? this.#topology.pods.get(name)?.host : undefined;
    return host === undefined ? undefined : this.#built(`host/${host}`, () => this.#host(host));
  }

  #built(key: string, build: () => Machine | undefined): Machine | undefined {
    const known = this.#machines.get(key);
    if (known) return known;
    const machine = build();
    if (machine) this.#machines.set(key, machine);
    return machine;
  }

  #host(name: string): Machine | undefined {
    const host = this.#topology.hosts.get(name);
    return host && buildHost(host, this.#ground);
  }

  #router(name: string): Machine | undefined {
    const router = this.#ground.underlay.routers.get(name);
    return router && buildRouter(router, this.#ground);
  }
}

/** Pod networks of a family that the mode has nothing for. */
function unsupportedFamilies(topology: Topology, mode: Mode): readonly Problem[] {
  return mode
    .networks(topology)
    .filter((prefix) => !mode.families.includes(prefix.family))
    .map((prefix) => ({
      code: "UNSUPPORTED",
      message: `${mode.name} carries no IPv${prefix.family}, and the pod network ${prefix} is IPv${prefix.family}`,
      hint: "leave that pod network out, or take a mode that has it",
    }));
}
