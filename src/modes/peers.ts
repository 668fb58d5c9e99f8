import type { Ip } from "../addr/ip.ts";
import type { Mac } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Peers } from "../kernel/table.ts";
import type { Topology } from "../topology/topology.ts";
import { HostPeer } from "./peer.ts";

/**
 * All hosts of a topology as peers, and which of them an address can belong to: their cards, node addresses, shares of
 * the pod network (tunnel addresses and blocks lie in them), and the pod addresses they have borrowed.
 *
 * One index serves every table of a network. It is a map per prefix length, made when first asked.
 */
export class HostPeers implements Peers {
  readonly #topology: Topology;
  readonly #byName = new Map<string, HostPeer>();
  readonly #byMac = new Map<Mac, Set<HostPeer>>();
  readonly #mode: string;
  #byPrefix: PrefixIndex | undefined;

  constructor(topology: Topology, mode: string) {
    this.#topology = topology;
    this.#mode = mode;
  }

  *all(): Iterable<HostPeer> {
    for (const name of this.#topology.hosts.keys()) yield this.get(name) as HostPeer;
  }

  get(name: string): HostPeer | undefined {
    const known = this.#byName.get(name);
    const host = known ? undefined : this.#topology.hosts.get(name);
    if (!host) return known;
    const peer = new HostPeer(host, this.#topology, this.#mode, (mac, by) => this.#note(mac, by));
    this.#byName.set(name, peer);
    return peer;
  }

  byIp(ip: Ip): readonly HostPeer[] {
    this.#byPrefix ??= indexOf(this.#topology);
    return this.#byPrefix.covering(ip).map((name) => this.get(name) as HostPeer);
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

/** Names by the prefixes they claim; a lookup masks the address once for each length in use. */
class PrefixIndex {
  readonly #lengths = new Map<
    string,
    { readonly family: 4 | 6; readonly length: number; readonly names: Map<string | number, string[]> }
  >();
  readonly #order = new Map<string, number>();

  claim(name: string, prefix: Prefix): void {
    if (!this.#order.has(name)) this.#order.set(name, this.#order.size);
    const id = `${prefix.family}/${prefix.length}`;
    const level = this.#lengths.get(id) ?? { family: prefix.family, length: prefix.length, names: new Map() };
    this.#lengths.set(id, level);
    const key = wordsKey(prefix.ip);
    const names = level.names.get(key);
    if (!names) level.names.set(key, [name]);
    else if (!names.includes(name)) names.push(name);
  }

  covering(ip: Ip): readonly string[] {
    const found = new Set<string>();
    for (const { family, length, names } of this.#lengths.values()) {
      if (family !== ip.family) continue;
      for (const name of names.get(wordsKey(ip.masked(length))) ?? []) found.add(name);
    }
    return [...found].sort((a, b) => (this.#order.get(a) as number) - (this.#order.get(b) as number));
  }
}

/** An address as a key of a map: the word itself for IPv4. */
export function wordsKey(ip: Ip): string | number {
  return ip.family === 4 ? (ip.words[0] as number) : ip.words.join(".");
}

function indexOf(topology: Topology): PrefixIndex {
  const index = new PrefixIndex();
  for (const host of topology.hosts.values()) {
    for (const prefix of host.podCIDRs) index.claim(host.name, prefix);
    for (const ip of host.nodeIPs) index.claim(host.name, Prefix.of(ip));
    for (const { addresses } of host.nics) for (const { ip } of addresses) index.claim(host.name, Prefix.of(ip));
  }
  for (const name of topology.pods.names()) {
    const pod = topology.pods.get(name);
    for (const ip of pod?.addresses ?? []) index.claim((pod as { host: string }).host, Prefix.of(ip));
  }
  return index;
}
