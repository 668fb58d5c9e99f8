import type { Netlink } from "../kernel/netlink.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Network, Segment } from "../kernel/network.ts";
import type { Problem } from "../topology/problem.ts";
import type { Topology } from "../topology/topology.ts";
import { hearing } from "./bgp-kernel.ts";
import { applyChange, type Change } from "./faults.ts";
import { Lately } from "./lately.ts";
import { buildHost, buildRouter, type Ground, type Machine } from "./machine.ts";
import type { Mode } from "./mode.ts";
import { podNetns } from "./node.ts";
import { HostPeers } from "./peers.ts";
import { Routing } from "./routing.ts";
import { Cabling } from "./segment.ts";
import type { Underlay } from "./underlay.ts";

/** More hosts than one packet meets, each with all its pods; routers have none, and all ways lead over them. */
const HOSTS = 16;
const ROUTERS = 128;
const NAMESPACES = 256;

/**
 * Namespaces on demand, a machine at a time. A machine is what its agents write and then what was changed by hand, in
 * order; one that nobody has asked for lately is forgotten, and made the same again.
 */
export class LazyNetwork implements Network {
  readonly mode: string;
  readonly topology: string;
  readonly segments: ReadonlyMap<string, Segment>;
  readonly routing: Routing;
  readonly #topology: Topology;
  readonly #ground: Ground;
  readonly #cabling: Cabling;
  readonly #hosts = new Lately<Machine>(HOSTS, (name) => this.#build(name));
  readonly #routers = new Lately<Machine>(ROUTERS, (name) => this.#build(name));
  /** Changes are done one after the other, and nobody reads meanwhile: what is built for one is not kept for the next. */
  readonly #changing = new Lately<Machine>(1, (name) => this.#build(name));
  readonly #namespaces = new Lately<Netlink>(NAMESPACES, (name) => this.#netlink(name));
  /** What was done to a machine, by the name of its own namespace. */
  readonly #changes = new Map<string, Change[]>();
  /**
   * Once daemons of routing have heard of some change, what another one meets depends on when it is done: those machines
   * that were changed are kept as they are.
   */
  readonly #kept = new Map<string, Kept>();
  /** Machines whose changes others can hear of, and how often any was. */
  readonly #heard = new Map<string, Netns>();
  #hearings = 0;

  constructor(underlay: Underlay, mode: Mode) {
    const { topology } = underlay;
    this.mode = mode.name;
    this.topology = topology.name;
    this.#topology = topology;
    const peers = new HostPeers(topology, mode.name);
    this.routing = new Routing(underlay, peers, mode, (name) => this.#heard.get(name));
    this.#ground = { underlay, peers, mode, routing: this.routing };
    this.#cabling = new Cabling(underlay, peers);
    this.segments = this.#cabling.segments();
  }

  netns(name: string): Netns | undefined {
    return this.#namespaces.get(name)?.netns;
  }

  forget(name: string): void {
    this.#namespaces.forget(name);
    this.#hosts.forget(name);
    this.#routers.forget(name);
  }

  *names(): Iterable<string> {
    for (const host of this.#topology.hosts.keys()) {
      yield `host/${host}`;
      for (const pod of this.#topology.pods.on(host)) if (!pod.hostNetwork) yield `pod/${pod.name}`;
    }
    for (const router of this.#ground.underlay.routers.keys()) yield `router/${router}`;
  }

  /** Does a change to a finished machine, before anybody reads it; the problem when it cannot be done. */
  change(change: Change): Problem | undefined {
    const { kind, name } = change.target;
    const pod = kind === "pod" ? this.#topology.pods.get(name) : undefined;
    const netns = pod ? podNetns(pod) : `${kind}/${name}`;
    const inside = (other: string) => this.#netlink(other, (own) => this.#changing.get(own));
    const netlink = inside(netns);
    const machine = this.#machineOf(netns);
    if (!netlink || machine === undefined) {
      const message = `${name} is no ${kind} of ${this.topology}`;
      return { code: "unknown-target", message, ...(change.place && { place: change.place }) };
    }
    // A pod's own tables are no daemon's.
    const listens = this.routing.spoken && netns === machine ? hearing(netlink.netns) : undefined;
    const problem = applyTo(inside, netlink, change);
    this.#cabling.changed(netlink.netns);
    const done = this.#changes.get(machine);
    if (done) done.push(change);
    else this.#changes.set(machine, [change]);
    if (listens?.()) this.#hear(machine, netlink.netns);
    if (this.#hearings > 0) this.#keep(machine);
    return problem;
  }

  /** Daemons of routing look at the tables again: a machine that was not changed is made anew when it is asked for. */
  #hear(machine: string, netns: Netns): void {
    this.#keep(machine);
    if (this.#hearings === 0) for (const changed of this.#changes.keys()) this.#keep(changed);
    this.#hearings++;
    this.#heard.set(machine, netns);
    this.routing.rescan();
    this.#changing.clear();
  }

  #keep(name: string): void {
    if (this.#kept.has(name)) return;
    const machine = this.#changing.get(name);
    if (machine) this.#kept.set(name, { machine, scanned: this.#hearings });
  }

  #netlink(
    netns: string,
    machineAt: (name: string) => Machine | undefined = (name) => this.#machine(name),
  ): Netlink | undefined {
    const name = this.#machineOf(netns);
    if (name === undefined) return undefined;
    const kept = this.#kept.get(name);
    if (!kept) return machineAt(name)?.(netns);
    if (kept.scanned < this.#hearings) {
      kept.scanned = this.#hearings;
      kept.machine(name)?.rescan();
    }
    return kept.machine(netns);
  }

  /** The name of the machine that a namespace is part of: that of its own namespace. */
  #machineOf(netns: string): string | undefined {
    if (!netns.startsWith("pod/")) return netns;
    const host = this.#topology.pods.get(netns.slice("pod/".length))?.host;
    return host === undefined ? undefined : `host/${host}`;
  }

  #machine(name: string): Machine | undefined {
    return name.startsWith("host/") ? this.#hosts.get(name) : this.#routers.get(name);
  }

  /** A machine as its agents leave it, and with all that was done to it since. */
  #build(name: string): Machine | undefined {
    const slash = name.indexOf("/");
    const [kind, own] = [name.slice(0, slash), name.slice(slash + 1)];
    const machine = kind === "host" ? this.#host(own) : kind === "router" ? this.#router(own) : undefined;
    for (const change of machine ? (this.#changes.get(name) ?? []) : []) {
      const { target } = change;
      const pod = target.kind === "pod" ? this.#topology.pods.get(target.name) : undefined;
      const netlink = machine?.(pod ? podNetns(pod) : name);
      if (machine && netlink) applyTo(machine, netlink, change);
    }
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

/** Does a change in one namespace of a machine; a veth that is deleted goes at its other end too. */
function applyTo(machine: Machine, netlink: Netlink, change: Change): Problem | undefined {
  const before = [...netlink.netns.links.values()];
  const problem = applyChange(netlink, change);
  for (const link of before) {
    if (link.kind === "veth" && !netlink.netns.links.has(link.name)) {
      machine(link.peer.netns)?.delLink(link.peer.dev);
    }
  }
  netlink.rescan();
  return problem;
}

/** A machine that is not made again, and how many hearings its live rows know of. */
interface Kept {
  readonly machine: Machine;
  scanned: number;
}
