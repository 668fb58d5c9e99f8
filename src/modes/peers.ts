import type { Ip } from "../addr/ip.ts";
import type { Mac } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Peers } from "../kernel/table.ts";
import { shareLength } from "../topology/pools.ts";
import type { Host, Topology } from "../topology/topology.ts";
import { HostPeer } from "./peer.ts";
import { wordsKey } from "./words-key.ts";

/**
 * All hosts of a topology as peers, and which of them an address can belong to: their cards, node addresses, shares of
 * the pods' networks (tunnel addresses and blocks lie in them), and the pod addresses and blocks they have elsewhere.
 *
 * One index serves every table of a network. It is a map per prefix length, made when first asked.
 */
export class HostPeers implements Peers {
  readonly mode: string;
  readonly #topology: Topology;
  readonly #byHost = new Map<Host, HostPeer>();
  readonly #byIp = new Map<string | number, readonly HostPeer[]>();
  readonly #byMac = new Map<Mac, Set<HostPeer>>();
  readonly #owners = new Map<string, Host | undefined>();
  #hosts: readonly Host[] | undefined;
  #cards: PrefixIndex | undefined;
  #shares: PrefixIndex | undefined;
  #pinned: PrefixIndex | undefined;

  constructor(topology: Topology, mode: string) {
    this.#topology = topology;
    this.mode = mode;
  }

  *all(): Iterable<HostPeer> {
    for (const host of this.#topology.hosts.values()) yield this.of(host);
  }

  get(name: string): HostPeer | undefined {
    const host = this.#topology.hosts.get(name);
    return host && this.of(host);
  }

  of(host: Host): HostPeer {
    const known = this.#byHost.get(host);
    if (known) return known;
    const peer = new HostPeer(host, this.#topology, this);
    this.#byHost.set(host, peer);
    return peer;
  }

  byIp(ip: Ip): readonly HostPeer[] {
    const key = wordsKey(ip);
    const known = this.#byIp.get(key) ?? this.#covering(ip);
    this.#byIp.set(key, known);
    return known;
  }

  #covering(ip: Ip): readonly HostPeer[] {
    this.#cards ??= this.#index((host) =>
      [...host.nodeIPs, ...cardAddresses(host), ...pinnedTunnels(host)].map((own) => Prefix.of(own)),
    );
    const found = new Set([...this.#hostsAt(this.#cards, ip), ...this.#hostsAt(this.#sharesIndex(), ip)]);
    // A pinned address may lie in another node's share; then its pod's host claims it too.
    const pod = this.#topology.pods.pinnedAt(ip);
    const borrower = pod && this.#topology.hosts.get(pod.host);
    if (borrower) found.add(borrower);
    const block = this.blockAt(ip);
    const owner = block && this.#ownerOf(block);
    if (owner) found.add(owner);
    return [...found].sort((a, b) => a.index - b.index).map((host) => this.of(host));
  }

  /**
   * A host's shares of the pools: its pod CIDRs, or the blocks it is given; in every other pool that takes it, the share
   * of the same number.
   */
  shares(host: Host): readonly Prefix[] {
    const own = host.cni.calico.blocks ?? host.podCIDRs;
    const { cluster, cni } = this.#topology;
    const others = cni.calico.ipPools.flatMap((pool) => {
      if (own.some((share) => pool.cidr.containsPrefix(share)) || !pool.selects(host.labels)) return [];
      const length = shareLength(pool, cluster);
      const number = host.index + 1;
      return number < 2 ** (length - pool.cidr.length) ? [pool.cidr.subnet(length, number)] : [];
    });
    return others.length > 0 ? [...own, ...others] : own;
  }

  /** The IPAM block around an address; never wider than the share it is cut from. */
  blockAt(ip: Ip, sizes = this.#topology.cni.calico.blockSize): Prefix | undefined {
    const pool = this.#topology.cni.calico.ipPools.find(({ cidr }) => cidr.contains(ip));
    if (!pool) return undefined;
    const size = pool.blockSize ?? (ip.family === 4 ? sizes.v4 : sizes.v6);
    const [share] = this.#hostsAt(this.#sharesIndex(), ip).flatMap((host) => this.shares(host));
    return Prefix.of(ip, Math.max(size, pool.cidr.length, share?.contains(ip) ? share.length : 0));
  }

  /**
   * Whose an IPAM block is: the host's that the topology gives it to, or whose share it is cut from; elsewhere the host's
   * that runs the pod with its lowest address, for blocks are filled from below.
   */
  blockOwner(block: Prefix): HostPeer | undefined {
    const owner = this.#ownerOf(block);
    return owner && this.of(owner);
  }

  #ownerOf(block: Prefix): Host | undefined {
    const key = `${block}`;
    if (this.#owners.has(key)) return this.#owners.get(key);
    const owner = this.#findOwner(block);
    this.#owners.set(key, owner);
    return owner;
  }

  #findOwner(block: Prefix): Host | undefined {
    this.#pinned ??= this.#index((host) => host.cni.calico.blocks ?? []);
    const [given] = this.#hostsAt(this.#pinned, block.ip);
    const [sharing] = given ? [given] : this.#hostsAt(this.#sharesIndex(), block.ip);
    if (sharing) return sharing;
    for (let n = 0; n < block.size; n++) {
      const pod = this.#topology.pods.pinnedAt(block.host(n));
      if (pod) return this.#topology.hosts.get(pod.host);
    }
    return undefined;
  }

  /**
   * A MAC found in a table was derived for the peer it belongs to, and is remembered. One that never was derived is a
   * stray, from a fault or from the wire; any peer may turn out to have it.
   */
  byMac(mac: Mac): readonly HostPeer[] {
    const known = this.#byMac.get(mac);
    return known ? [...known] : [...this.all()];
  }

  /** Notes whose a MAC is, so that `byMac` finds the peer by it again. */
  note(mac: Mac, peer: HostPeer): void {
    const known = this.#byMac.get(mac);
    if (known) known.add(peer);
    else this.#byMac.set(mac, new Set([peer]));
  }

  #sharesIndex(): PrefixIndex {
    this.#shares ??= this.#index((host) => this.shares(host));
    return this.#shares;
  }

  #index(claims: (host: Host) => readonly Prefix[]): PrefixIndex {
    const index = new PrefixIndex();
    let position = 0;
    for (const host of this.#topology.hosts.values()) {
      for (const { ip, length } of claims(host)) index.claim(position, ip, length);
      position++;
    }
    return index;
  }

  #hostsAt(index: PrefixIndex, ip: Ip): readonly Host[] {
    this.#hosts ??= [...this.#topology.hosts.values()];
    const hosts = this.#hosts;
    return index.covering(ip).flatMap((position) => hosts[position] ?? []);
  }
}

function pinnedTunnels({ cni }: Host): readonly Ip[] {
  return Object.values(cni.calico.tunnels ?? {}).flat();
}

function cardAddresses({ nics }: Host): readonly Ip[] {
  return nics.flatMap(({ addresses }) => addresses.map(({ ip }) => ip));
}

/** Hosts by position, under the prefixes they claim; a lookup masks the address once for each length in use. */
class PrefixIndex {
  readonly #levels: Level[] = [];

  claim(host: number, ip: Ip, length: number): void {
    const level = this.#level(ip.family, length);
    const key = wordsKey(ip);
    const first = level.first.get(key);
    if (first === undefined) level.first.set(key, host);
    else if (first !== host) level.more.set(key, [...(level.more.get(key) ?? []), host]);
  }

  /** Positions in ascending order. */
  covering(ip: Ip): readonly number[] {
    const found = new Set<number>();
    for (const { family, length, first, more } of this.#levels) {
      if (family !== ip.family) continue;
      const key = wordsKey(ip.masked(length));
      const host = first.get(key);
      if (host !== undefined) found.add(host);
      for (const other of more.get(key) ?? []) found.add(other);
    }
    return [...found].sort((a, b) => a - b);
  }

  #level(family: 4 | 6, length: number): Level {
    const known = this.#levels.find((level) => level.length === length && level.family === family);
    if (known) return known;
    const level = { family, length, first: new Map(), more: new Map() };
    this.#levels.push(level);
    return level;
  }
}

/** The claims of one prefix length. Nearly all prefixes have one host, so that is kept without a list. */
interface Level {
  readonly family: 4 | 6;
  readonly length: number;
  readonly first: Map<string | number, number>;
  readonly more: Map<string | number, readonly number[]>;
}
