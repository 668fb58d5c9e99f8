import { Ip } from "../addr/ip.ts";
import { hash32 } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import { type Bgp, computeBgp, type Refusal } from "../bgp/bgp.ts";
import type { Path } from "../bgp/path.ts";
import { mergeNextHops, type Resolved, type ResolverRoute, resolveNextHop } from "../bgp/resolve.ts";
import type { Session } from "../bgp/session.ts";
import type { Speaker } from "../bgp/speaker.ts";
import { linkLocalOf } from "../kernel/derived.ts";
import type { Speaker as Configured, Host, Nic, Router, Topology } from "../topology/topology.ts";
import type { Family, HostPeer } from "./peer.ts";
import type { HostPeers } from "./peers.ts";
import { nicMac, type Underlay } from "./underlay.ts";
import { isModern } from "./version.ts";

/** What one speaker has learned of one prefix: the paths it uses, and where their next hops lead. */
export interface Learned {
  readonly dst: Prefix;
  /** Best first; all of one preference. */
  readonly paths: readonly Path[];
  /** The ways on that BIRD writes into the kernel. */
  readonly resolved: readonly Resolved[];
}

/** One address family's BGP daemon of a machine, as `birdc` shows it. */
export interface BgpView {
  readonly family: Family;
  readonly speaker: Speaker;
  readonly sessions: readonly Session[];
  /** What it puts up itself. */
  readonly announced: readonly Prefix[];
  /** What it has learned, origin by origin. */
  learned(): Iterable<Learned>;
  /** Which sessions bring nothing of an origin's, and why. */
  refusals(origin: string): readonly Refusal[];
}

/** What the routing needs to know of a mode. */
export interface Announcing {
  readonly bgp: (topology: Topology) => boolean;
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
  /** Whether anybody speaks BGP here. */
  readonly spoken: boolean;
  readonly #families = new Map<Family, Daemons>();

  constructor(underlay: Underlay, peers: HostPeers, mode: Announcing) {
    this.#underlay = underlay;
    this.#peers = peers;
    this.#mode = mode;
    this.spoken = mode.bgp(underlay.topology);
  }

  /** What a host's agents put up for announcement: its blocks, and single addresses it has borrowed. */
  announced(origin: HostPeer, family: Family): readonly Prefix[] {
    return this.#mode.announces?.(origin, family) ?? [];
  }

  /** What a machine has learned of a host's prefixes; nothing when it speaks no BGP. */
  learned(machine: string, origin: HostPeer, family: Family): readonly Learned[] {
    if (!this.#speaks(machine, family) || !this.#speaks(origin.name, family)) return [];
    const paths = this.#daemons(family).bgp.paths(machine, origin.name);
    if (paths.length === 0) return [];
    const resolved = mergeNextHops(
      // A router's single-hop sessions take the next hop as it stands; what a node hears goes through the table.
      paths.map((path) =>
        resolveNextHop(this.#peers.get(machine) ? path : { nextHop: path.nextHop }, (ip) => this.#lookup(machine, ip)),
      ),
    );
    return this.announced(origin, family).map((dst) => ({ dst, paths, resolved }));
  }

  /** The daemons of a machine, one for each family it speaks; none when it speaks no BGP. */
  views(machine: string): readonly BgpView[] {
    if (!this.spoken) return [];
    return ([4, 6] as const).flatMap((family): BgpView[] => {
      const { bgp, speakers } = this.#daemons(family);
      const speaker = speakers.get(machine);
      if (!speaker) return [];
      const self = this.#peers.get(machine);
      const origins = () => [...this.#peers.all()].filter((peer) => peer !== self);
      return [
        {
          family,
          speaker,
          sessions: [...bgp.sessions(machine)],
          announced: self ? this.announced(self, family) : [],
          learned: () => origins().flatMap((origin) => this.learned(machine, origin, family)),
          refusals: (origin) => (speakers.has(origin) ? bgp.refusals(machine, origin) : []),
        },
      ];
    });
  }

  #daemons(family: Family): Daemons {
    const known = this.#families.get(family) ?? this.#compute(family);
    this.#families.set(family, known);
    return known;
  }

  #compute(family: Family): Daemons {
    const speakers = new Map<string, Speaker>();
    const mesh = new Set<string>();
    for (const peer of this.#peers.all()) {
      const address = peer.nodeIP(family);
      if (!address) continue;
      speakers.set(peer.name, this.#node(peer, address));
      if (peer.calico.nodeToNodeMeshEnabled && !peer.host.bgp?.routeReflector) mesh.add(peer.name);
    }
    for (const router of this.#underlay.routers.values()) {
      const [address] = addressesOf(router, family);
      if (router.bgp && address) speakers.set(router.name, this.#router(router, address));
    }
    const bgp = computeBgp({
      speakers,
      mesh,
      gateway: (from, to) => this.#underlay.route(from.name, to)?.via,
      passes: (from, to) => this.#underlay.passesBgp(from.name) && this.#underlay.passesBgp(to.name),
    });
    return { bgp, speakers };
  }

  /** Every node runs BIRD; a router only when the topology says so. */
  #speaks(machine: string, family: Family): boolean {
    if (!this.spoken) return false;
    const peer = this.#peers.get(machine);
    if (peer) return peer.nodeIP(family) !== undefined;
    const router = this.#underlay.routers.get(machine);
    return router?.bgp !== undefined && addressesOf(router, family).length > 0;
  }

  #node(peer: HostPeer, address: Ip): Speaker {
    const { host, calico } = peer;
    return {
      ...this.#machine(host, peer.netns, address.family),
      ...configured(host.bgp, calico.asNumber),
      routerId: peer.nodeIP(4) ?? Ip.of(hash32(peer.name)),
      address,
      kind: "node",
      ...(isModern(calico.version) && { localPref: NORMAL_LOCAL_PREF }),
    };
  }

  #router(router: Router, address: Ip): Speaker {
    const [routerId = Ip.of(hash32(router.name))] = addressesOf(router, 4);
    return {
      ...this.#machine(router, `router/${router.name}`, address.family),
      ...configured(router.bgp, 0),
      routerId,
      address,
      kind: "router",
    };
  }

  #machine(
    { name, nics }: Host | Router,
    netns: string,
    family: Family,
  ): Pick<Speaker, "name" | "addresses" | "networks" | "linkLocals" | "alike"> {
    const addresses: Ip[] = [];
    const networks: Prefix[] = [];
    const linkLocals: Ip[] = [];
    let alike = "";
    for (const nic of nics) {
      alike += `${nic.subnet} `;
      for (const { ip, length } of nic.addresses) {
        if (ip.family !== family) continue;
        addresses.push(ip);
        networks.push(this.#network(nic, ip, length));
        if (family === 6) linkLocals.push(linkLocalOf(nicMac(netns, nic)));
      }
    }
    return { name, addresses, networks, ...(family === 6 && { linkLocals }), alike };
  }

  /** The subnet's own prefix where that is what the card has: thousands of speakers share it. */
  #network({ subnet }: Nic, ip: Ip, length: number): Prefix {
    const cidrs = this.#underlay.topology.subnets.get(subnet)?.cidrs ?? [];
    return cidrs.find((cidr) => cidr.length === length && cidr.contains(ip)) ?? Prefix.of(ip, length);
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

interface Daemons {
  readonly bgp: Bgp;
  readonly speakers: ReadonlyMap<string, Speaker>;
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
