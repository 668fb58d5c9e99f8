import type { Ip } from "../addr/ip.ts";
import type { Mac } from "../addr/mac.ts";
import type { Peers } from "../kernel/table.ts";
import type { Host, Topology } from "../topology/topology.ts";
import { HostPeer } from "./peer.ts";
import { wordsKey } from "./words-key.ts";

/**
 * All hosts of a topology as peers, and which of them an address can belong to: their cards, node addresses, shares of
 * the pod network (tunnel addresses and blocks lie in them), and the pod addresses they have borrowed.
 *
 * One index serves every table of a network. It is a map per prefix length, made when first asked.
 */
export class HostPeers implements Peers {
  readonly #topology: Topology;
  readonly #byHost = new Map<Host, HostPeer>();
  readonly #byIp = new Map<string | number, readonly HostPeer[]>();
  readonly #byMac = new Map<Mac, Set<HostPeer>>();
  readonly #mode: string;
  #byPrefix: PrefixIndex | undefined;
  #hosts: readonly Host[] | undefined;

  constructor(topology: Topology, mode: string) {
    this.#topology = topology;
    this.#mode = mode;
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
    const peer = new HostPeer(host, this.#topology, this.#mode, (mac, by) => this.#note(mac, by));
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
    this.#byPrefix ??= indexOf(this.#topology);
    this.#hosts ??= [...this.#topology.hosts.values()];
    const hosts = this.#hosts;
    const found = new Set(this.#byPrefix.covering(ip).map((position) => hosts[position]));
    // A pinned address may lie in another node's share; then its pod's host claims it too.
    const pinned = this.#topology.pods.pinnedAt(ip);
    if (pinned) found.add(this.#topology.hosts.get(pinned.host));
    const claimants = [...found].filter((host) => host !== undefined);
    return claimants.sort((a, b) => a.index - b.index).map((host) => this.of(host));
  }

  /**
   * A MAC found in a table was derived for the peer it belongs to, and is remembered. One that never was derived is a
   * stray, from a fault or from the wire; any peer may turn out to have it.
   */
  byMac(mac: Mac): readonly HostPeer[] {
    const known = this.#byMac.get(mac);
    return known ? [...known] : [...this.all()];
  }

  #note(mac: Mac, peer: HostPeer): void {
    const known = this.#byMac.get(mac);
    if (known) known.add(peer);
    else this.#byMac.set(mac, new Set([peer]));
  }
}

/** Hosts by position, under the prefixes they claim; a lookup masks the address once for each length in use. */
class PrefixIndex {
  readonly #levels: Level[] = [];

  claim(host: number, ip: Ip, length: number = ip.bits): void {
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

function indexOf({ hosts }: Topology): PrefixIndex {
  const index = new PrefixIndex();
  let position = 0;
  for (const { podCIDRs, nodeIPs, nics } of hosts.values()) {
    for (const { ip, length } of podCIDRs) index.claim(position, ip, length);
    for (const ip of nodeIPs) index.claim(position, ip);
    for (const { addresses } of nics) for (const { ip } of addresses) index.claim(position, ip);
    position++;
  }
  return index;
}
