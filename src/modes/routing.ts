import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import { type Bgp, computeBgp, type Refusal } from "../bgp/bgp.ts";
import type { Path } from "../bgp/path.ts";
import type { Announcement } from "../bgp/policy.ts";
import { type Covering, mergeNextHops, type Resolved, resolveNextHop, withBgp } from "../bgp/resolve.ts";
import type { Session } from "../bgp/session.ts";
import type { Speaker } from "../bgp/speaker.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Topology } from "../topology/topology.ts";
import { kernelCovering } from "./bgp-kernel.ts";
import { addressesOf, speakersOf } from "./bgp-speakers.ts";
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

/** One address family's BGP daemon of a machine, as `birdc` shows it. */
export interface BgpView {
  readonly family: Family;
  readonly speaker: Speaker;
  readonly sessions: readonly Session[];
  /** What it puts up itself. */
  readonly announced: readonly Prefix[];
  /** What it has learned: what routers originate, then origin by origin. */
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

/** A namespace in which daemons see what its agents did not leave there; `undefined` while the topology speaks for it. */
type Edited = (netns: string) => Netns | undefined;

/**
 * The BGP of a network: speakers as the topology configures them, and what each learns of every host's prefixes.
 *
 * Sessions are those that the topology lets come up. Next hops are looked up in the tables as they are now: BIRD's
 * kernel, device and direct protocols scan them every two seconds (confd bird.cfg.template `scan time 2`, `learn`). So
 * after a change of a table the network is as it is before any hold timer (BIRD's default: 240 s) has expired.
 */
export class Routing {
  /** Whether anybody speaks BGP here. */
  readonly spoken: boolean;
  readonly #underlay: Underlay;
  readonly #peers: HostPeers;
  readonly #mode: Announcing;
  readonly #edited: Edited;
  readonly #families = new Map<Family, Daemons>();

  constructor(underlay: Underlay, peers: HostPeers, mode: Announcing, edited: Edited) {
    this.#underlay = underlay;
    this.#peers = peers;
    this.#mode = mode;
    this.#edited = edited;
    this.spoken = mode.bgp(underlay.topology);
  }

  /** Looks again at what the kernels have. */
  rescan(): void {
    this.#families.clear();
  }

  /** What a machine has learned of a host's prefixes; nothing when it speaks no BGP. */
  learned(machine: string, origin: HostPeer, family: Family): readonly Learned[] {
    if (!this.#speaks(machine, family) || !this.#speaks(origin.name, family)) return [];
    const { bgp } = this.#daemons(family);
    const known = new Map<string, Omit<Learned, "dst">>();
    return this.#announced(origin, family).flatMap((dst): readonly Learned[] => {
      const route: Announcement = { prefix: dst, pooled: true };
      const key = bgp.classOf(route);
      const found = known.get(key) ?? this.#resolve(machine, bgp.paths(machine, origin.name, route), bgp);
      known.set(key, found);
      return found.paths.length > 0 ? [{ dst, ...found }] : [];
    });
  }

  /** What a machine has learned of prefixes that routers originate. */
  originated(machine: string, family: Family): readonly Learned[] {
    if (!this.#speaks(machine, family) || !this.#originates()) return [];
    const { bgp } = this.#daemons(family);
    return bgp.originated(machine).map(({ prefix, paths }) => ({ dst: prefix, ...this.#resolve(machine, paths, bgp) }));
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
          announced: self ? this.#announced(self, family) : (speaker.originates ?? []),
          learned: () => [
            ...this.originated(machine, family),
            ...origins().flatMap((origin) => this.learned(machine, origin, family)),
          ],
          refusals: (origin) => (speakers.has(origin) ? bgp.refusals(machine, origin) : []),
        },
      ];
    });
  }

  #announced(origin: HostPeer, family: Family): readonly Prefix[] {
    return this.#mode.announces?.(origin, family) ?? [];
  }

  #originates(): boolean {
    for (const { bgp } of this.#underlay.routers.values()) if (bgp?.originate) return true;
    return false;
  }

  #resolve(machine: string, paths: readonly Path[], bgp: Bgp): Omit<Learned, "dst"> {
    const lookup = (ip: Ip) => withBgp(this.#lookup(machine, ip), bgp.covered(machine, ip));
    // A router's single-hop sessions take the next hop as it stands; what a node hears goes through the table.
    const isNode = this.#peers.get(machine) !== undefined;
    const ways = paths.map((path) => resolveNextHop(isNode ? path : { nextHop: path.nextHop }, lookup));
    return { paths, resolved: mergeNextHops(ways) };
  }

  #daemons(family: Family): Daemons {
    const known = this.#families.get(family) ?? this.#compute(family);
    this.#families.set(family, known);
    return known;
  }

  #compute(family: Family): Daemons {
    const { speakers, mesh } = speakersOf(this.#underlay, this.#peers, family);
    for (const [name, speaker] of speakers) {
      // Whose tables were changed is like nobody else.
      if (this.#netns(name)) speakers.set(name, { ...speaker, alike: `changed ${name}` });
    }
    const bgp = computeBgp({
      speakers,
      mesh,
      gateway: (from, to) => this.#underlay.route(from.name, to)?.via,
      lookup: (at, nextHop) => this.#lookup(at.name, nextHop),
      passes: (from, to) => this.#underlay.passesBgp(from.name) && this.#underlay.passesBgp(to.name),
    });
    return { bgp, speakers };
  }

  #speaks(machine: string, family: Family): boolean {
    if (!this.spoken) return false;
    const peer = this.#peers.get(machine);
    if (peer) return peer.nodeIP(family) !== undefined;
    const router = this.#underlay.routers.get(machine);
    return router?.bgp !== undefined && addressesOf(router, family).length > 0;
  }

  #netns(machine: string): Netns | undefined {
    return this.#edited(this.#underlay.topology.hosts.has(machine) ? `host/${machine}` : `router/${machine}`);
  }

  /** BIRD's table without BGP: what is connected (direct), and what it learned from the kernel. */
  #lookup(machine: string, ip: Ip): Covering | undefined {
    const netns = this.#netns(machine);
    return netns ? kernelCovering(netns, ip) : this.#underlay.covering(machine, ip);
  }
}

interface Daemons {
  readonly bgp: Bgp;
  readonly speakers: ReadonlyMap<string, Speaker>;
}
