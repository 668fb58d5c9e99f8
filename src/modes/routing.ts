import { Ip } from "../addr/ip.ts";
import { hash32 } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import { type Bgp, computeBgp } from "../bgp/bgp.ts";
import type { Path } from "../bgp/path.ts";
import { mergeNextHops, type Resolved, type ResolverRoute, resolveNextHop } from "../bgp/resolve.ts";
import type { Speaker } from "../bgp/speaker.ts";
import type { RouteRequest } from "../kernel/request.ts";
import type { Speaker as Configured, Host, Nic, Router } from "../topology/topology.ts";
import type { Family, HostPeer } from "./peer.ts";
import type { HostPeers } from "./peers.ts";
import type { Underlay } from "./underlay.ts";

/** What one speaker has learned of one prefix: the paths it uses, and where their next hops lead. */
export interface Learned {
  readonly dst: Prefix;
  /** Best first; all of one preference. */
  readonly paths: readonly Path[];
  /** The ways on that BIRD writes into the kernel. */
  readonly resolved: readonly Resolved[];
}

/** What the routing needs to know of a mode. */
export interface Announcing {
  readonly bgp: boolean;
  /** What a node's BGP speaker announces. */
  readonly announces?: (peer: HostPeer, family: Family) => readonly Prefix[];
}

/** What Calico's nodes from v3.32 on say of their own routes, so that the metric comes to 1024 (confd bird_ipam). */
const NORMAL_LOCAL_PREF = 2147482623;

/**
 * The BGP of a network: speakers as the topology configures them, and what each learns of every host's prefixes.
 *
 * Faults do not reach it: they are done to tables that the agents have finished.
 */
export class Routing {
  readonly #underlay: Underlay;
  readonly #peers: HostPeers;
  readonly #mode: Announcing;
  readonly #bgp = new Map<Family, Bgp>();

  constructor(underlay: Underlay, peers: HostPeers, mode: Announcing) {
    this.#underlay = underlay;
    this.#peers = peers;
    this.#mode = mode;
  }

  /** What a host's agents put up for announcement: its blocks, and single addresses it has borrowed. */
  announced(origin: HostPeer, family: Family): readonly Prefix[] {
    return this.#mode.announces?.(origin, family) ?? [];
  }

  /** What a machine has learned of a host's prefixes; nothing when it speaks no BGP. */
  learned(machine: string, origin: HostPeer, family: Family): readonly Learned[] {
    if (!this.#speaks(machine, family) || !this.#speaks(origin.name, family)) return [];
    const paths = this.bgp(family).paths(machine, origin.name);
    if (paths.length === 0) return [];
    const resolved = mergeNextHops(
      paths.map((path) => resolveNextHop(path.nextHop, (ip) => this.#lookup(machine, ip))),
    );
    return this.announced(origin, family).map((dst) => ({ dst, paths, resolved }));
  }

  /** The sessions and paths of one family. */
  bgp(family: Family): Bgp {
    const known = this.#bgp.get(family) ?? this.#compute(family);
    this.#bgp.set(family, known);
    return known;
  }

  #compute(family: Family): Bgp {
    const speakers = new Map<string, Speaker>();
    const mesh = new Set<string>();
    for (const peer of this.#peers.all()) {
      if (!this.#speaks(peer.name, family)) continue;
      speakers.set(peer.name, this.#node(peer, family));
      if (peer.calico.nodeToNodeMeshEnabled && !peer.host.bgp?.routeReflector) mesh.add(peer.name);
    }
    for (const router of this.#underlay.routers.values()) {
      if (this.#speaks(router.name, family)) speakers.set(router.name, this.#router(router, family));
    }
    return computeBgp({
      speakers,
      mesh,
      gateway: (from, to) => this.#underlay.route(from.name, to)?.via,
      passes: (from, to) => this.#underlay.passesBgp(from.name) && this.#underlay.passesBgp(to.name),
    });
  }

  /** Every node runs BIRD; a router only when the topology says so. */
  #speaks(machine: string, family: Family): boolean {
    if (!this.#mode.bgp) return false;
    const peer = this.#peers.get(machine);
    if (peer) return peer.nodeIP(family) !== undefined;
    const router = this.#underlay.routers.get(machine);
    return router?.bgp !== undefined && addressesOf(router, family).length > 0;
  }

  #node(peer: HostPeer, family: Family): Speaker {
    const { host, calico } = peer;
    const address = peer.nodeIP(family) as Ip;
    return {
      ...this.#machine(host, family),
      ...configured(host.bgp, calico.asNumber),
      routerId: peer.nodeIP(4) ?? Ip.of(hash32(peer.name)),
      address,
      kind: "node",
      ...(isModern(calico.version) && { localPref: NORMAL_LOCAL_PREF }),
    };
  }

  #router(router: Router, family: Family): Speaker {
    const [address] = addressesOf(router, family);
    const [routerId = Ip.of(hash32(router.name))] = addressesOf(router, 4);
    return {
      ...this.#machine(router, family),
      ...configured(router.bgp, 0),
      routerId,
      address: address as Ip,
      kind: "router",
    };
  }

  #machine(machine: Host | Router, family: Family): Pick<Speaker, "name" | "addresses" | "networks" | "alike"> {
    const networks = networksOf(machine, family).map(({ network }) => network);
    const subnets = machine.nics.map((nic) => nic.subnet).join(" ");
    return { name: machine.name, addresses: addressesOf(machine, family), networks, alike: subnets };
  }

  /** BIRD's table without BGP: what is connected (direct), and static and default routes (learned from the kernel). */
  #lookup(name: string, ip: Ip): ResolverRoute | undefined {
    const machine = this.#underlay.topology.hosts.get(name) ?? this.#underlay.routers.get(name);
    const connected = networksOf(machine ?? { nics: [] }, ip.family).find(({ network }) => network.contains(ip));
    if (connected) {
      const own = addressesOf(machine ?? { nics: [] }, ip.family).some((held) => held.equals(ip));
      return { kind: own ? "own" : "direct", dev: connected.dev };
    }
    const route = this.#underlay.route(name, ip);
    if (route?.type === "blackhole") return { kind: "blackhole" };
    if (route?.dev === undefined) return undefined;
    return route.via ? { kind: "kernel", via: route.via, dev: route.dev } : { kind: "direct", dev: route.dev };
  }
}

/** From v3.32 on BIRD's kernel filter sets the metric of BGP routes from their local preference. */
export function isModern(version: string): boolean {
  return version === "v3.32" || version === "v3.33";
}

/**
 * What BIRD's kernel protocol writes for a prefix (sysdep/linux/netlink.c `nl_send_route`). `tunnel` is the fork's
 * krt_tunnel: a plain gateway becomes the tunnel device towards the BGP next hop; nothing else is changed by it.
 */
export function birdRoute(
  learned: Learned,
  options: { readonly metric?: number; readonly tunnel?: string },
): RouteRequest {
  const { dst, paths, resolved } = learned;
  const [hop, ...others] = resolved;
  const row = { dst, proto: "bird", ...(options.metric !== undefined && { metric: options.metric }) };
  if (hop?.kind !== "via") return { ...row, type: hop?.kind ?? "unreachable" };
  if (others.length > 0) {
    const nexthops = resolved.flatMap((way) => (way.kind === "via" ? [{ via: way.via, dev: way.dev }] : []));
    return { ...row, nexthops };
  }
  const via = options.tunnel === undefined ? hop.via : (paths[0]?.nextHop ?? hop.via);
  return options.tunnel === undefined
    ? { ...row, via, dev: hop.dev }
    : { ...row, via, dev: options.tunnel, onlink: true };
}

/** The metric of a BGP route on a node of v3.32 and later; older ones have none. */
export function bgpMetric(version: string, learned: Learned): number | undefined {
  return isModern(version) ? 2147483647 - (learned.paths[0]?.localPref ?? 100) : undefined;
}

function configured(speaker: Configured | undefined, as: number): Pick<Speaker, "as" | "peers" | "routeReflector"> {
  return {
    as: speaker?.as ?? as,
    routeReflector: speaker?.routeReflector ?? false,
    peers: (speaker?.peers ?? []).map(({ name, as: believed }) => ({
      name,
      ...(believed !== undefined && { as: believed }),
    })),
  };
}

function addressesOf({ nics }: { readonly nics: readonly Nic[] }, family: Family): readonly Ip[] {
  return nics.flatMap((nic) => nic.addresses.map(({ ip }) => ip)).filter((ip) => ip.family === family);
}

function networksOf(
  { nics }: { readonly nics: readonly Nic[] },
  family: Family,
): readonly { network: Prefix; dev: string }[] {
  return nics.flatMap((nic) =>
    nic.addresses
      .filter(({ ip }) => ip.family === family)
      .map(({ ip, length }) => ({ network: Prefix.of(ip, length), dev: nic.name })),
  );
}
