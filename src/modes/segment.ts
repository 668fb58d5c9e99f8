import type { Ip } from "../addr/ip.ts";
import type { Mac } from "../addr/mac.ts";
import type { Netns } from "../kernel/netns.ts";
import type { FabricRow, Segment } from "../kernel/network.ts";
import type { Port } from "../kernel/row.ts";
import { proxies } from "../kernel/sysctl.ts";
import type { Nic, Subnet } from "../topology/topology.ts";
import type { HostPeers } from "./peers.ts";
import { nicMac, type Underlay } from "./underlay.ts";
import { wordsKey } from "./words-key.ts";

/** A card on a segment, before its machine is built. */
interface Card {
  readonly port: Port;
  readonly nic: Nic;
}

/** What the segments of a network share: where every card is, and whose every address is. */
export class Cabling {
  readonly #underlay: Underlay;
  readonly #peers: HostPeers;
  readonly #cards = new Map<string, readonly Card[]>();
  #owners: ReadonlyMap<string | number, ReadonlySet<string>> | undefined;
  /** Namespaces changed by hand: their tables say what they have, not the topology. */
  readonly #edited: () => readonly Netns[];
  #changedByHand: ReadonlyMap<string, Netns> | undefined;
  #answers: Answers | undefined;

  constructor(underlay: Underlay, peers: HostPeers, edited: () => readonly Netns[]) {
    this.#underlay = underlay;
    this.#peers = peers;
    this.#edited = edited;
  }

  /** The segments by name, one for each subnet. */
  segments(): ReadonlyMap<string, Segment> {
    const { subnets } = this.#underlay.topology;
    return new Map([...subnets.values()].map((subnet) => [subnet.name, new SubnetSegment(subnet, this)]));
  }

  /** The cards on a segment, hosts' before routers'. */
  cards(segment: string): readonly Card[] {
    const known = this.#cards.get(segment) ?? [...this.#cardsOn(segment)];
    this.#cards.set(segment, known);
    return known;
  }

  /** By name, those that were changed by hand. */
  get edited(): ReadonlyMap<string, Netns> {
    this.#changedByHand ??= new Map(this.#edited().map((netns) => [netns.name, netns]));
    return this.#changedByHand;
  }

  /** Those changed by hand that may answer for an address: they hold it, or answer for others. */
  answering(ip: Ip): readonly string[] {
    const { holders, proxies } = this.#byHand();
    return [...(holders.get(wordsKey(ip)) ?? []), ...proxies[ip.family]];
  }

  /** Cards of those changed by hand that have a MAC address on a segment. */
  cardsByHand(segment: string, mac: Mac): readonly Port[] {
    return this.#byHand().cards.get(`${segment} ${mac}`) ?? [];
  }

  #byHand(): Answers {
    this.#answers ??= answersOf(this.edited.values());
    return this.#answers;
  }

  /** Some machine's tables are others now. */
  changed(): void {
    this.#changedByHand = undefined;
    this.#answers = undefined;
  }

  /** Machines that may answer for an address: those that hold it, and those whose agents claim a prefix over it. */
  machines(ip: Ip): ReadonlySet<string> {
    this.#owners ??= this.#indexOwners();
    const claimed = this.#peers.byIp(ip).map((peer) => peer.netns);
    return new Set([...(this.#owners.get(wordsKey(ip)) ?? []), ...claimed]);
  }

  /** Routers only: hosts are found by the index of peers, which has their cards' addresses too. */
  #indexOwners(): ReadonlyMap<string | number, ReadonlySet<string>> {
    const owners = new Map<string | number, Set<string>>();
    for (const router of this.#underlay.routers.values()) {
      for (const { addresses } of router.nics) {
        for (const { ip } of addresses) {
          const key = wordsKey(ip);
          owners.set(key, (owners.get(key) ?? new Set()).add(`router/${router.name}`));
        }
      }
    }
    return owners;
  }

  *#cardsOn(segment: string): Generator<Card> {
    for (const { name, nics } of this.#underlay.topology.hosts.values()) {
      for (const nic of nics) if (nic.subnet === segment) yield { port: { netns: `host/${name}`, dev: nic.name }, nic };
    }
    for (const { name, nics } of this.#underlay.routers.values()) {
      for (const nic of nics)
        if (nic.subnet === segment) yield { port: { netns: `router/${name}`, dev: nic.name }, nic };
    }
  }
}

class SubnetSegment implements Segment {
  readonly name: string;
  readonly mtu: number;
  readonly fabric: readonly FabricRow[];
  readonly sourceDestCheck: boolean;
  readonly #cabling: Cabling;
  #byMachine: ReadonlyMap<string, readonly Port[]> | undefined;
  #byMac: ReadonlyMap<Mac, readonly Port[]> | undefined;

  constructor(subnet: Subnet, cabling: Cabling) {
    this.name = subnet.name;
    this.mtu = subnet.mtu;
    this.sourceDestCheck = subnet.sourceDestCheck;
    this.fabric = fabricOf(subnet);
    this.#cabling = cabling;
  }

  get population(): number {
    return this.#cabling.cards(this.name).length;
  }

  owners(ip: Ip): readonly Port[] {
    this.#byMachine ??= grouped(this.#cabling.cards(this.name), ({ port }) => port.netns);
    const machines = this.#cabling.machines(ip);
    const names = new Set([...machines, ...this.#cabling.answering(ip)]);
    return [...names].flatMap((name) => this.#byMachine?.get(name) ?? []);
  }

  withMac(mac: Mac): readonly Port[] {
    this.#byMac ??= grouped(this.#cabling.cards(this.name), ({ port, nic }) => nicMac(port.netns, nic));
    const { edited } = this.#cabling;
    const byTopology = (this.#byMac.get(mac) ?? []).filter((port) => !edited.has(port.netns));
    return [...byTopology, ...this.#cabling.cardsByHand(this.name, mac)];
  }

  *ports(): Iterable<Port> {
    for (const { port } of this.#cabling.cards(this.name)) yield port;
  }
}

function fabricOf({ allow, drop, place }: Subnet): readonly FabricRow[] {
  const written = { by: "operator", ...(place && { source: place }) } as const;
  return [
    ...drop.map((match) => ({ ...written, ...match, verdict: "drop" }) as const),
    ...(allow ?? []).map((match) => ({ ...written, ...match, verdict: "allow" }) as const),
  ];
}

/** Which machines whose tables were changed could answer on some card: for addresses and MACs they have now, or by proxy. */
interface Answers {
  /** By segment and MAC. */
  readonly cards: ReadonlyMap<string, readonly Port[]>;
  readonly holders: ReadonlyMap<string | number, readonly string[]>;
  readonly proxies: Readonly<Record<4 | 6, readonly string[]>>;
}

function answersOf(edited: Iterable<Netns>): Answers {
  const holders = new Map<string | number, string[]>();
  const byMac = new Map<string, Port[]>();
  const proxied: Record<4 | 6, string[]> = { 4: [], 6: [] };
  for (const netns of edited) {
    for (const { ip } of netns.addresses) {
      // Everybody holds those of the loopback device, and nobody asks for them on a link.
      if (ip.isLoopback) continue;
      holders.set(wordsKey(ip), [...(holders.get(wordsKey(ip)) ?? []), netns.name]);
    }
    const cards = [...netns.links.values()].filter((link) => link.kind === "nic");
    for (const { segment, mac, name } of cards) {
      const key = `${segment} ${mac}`;
      byMac.set(key, [...(byMac.get(key) ?? []), { netns: netns.name, dev: name }]);
    }
    for (const family of [4, 6] as const) {
      if (cards.some(({ name }) => proxies(netns, name, family))) proxied[family].push(netns.name);
    }
  }
  return { holders, cards: byMac, proxies: proxied };
}

function grouped<K>(cards: readonly Card[], keyOf: (card: Card) => K): ReadonlyMap<K, readonly Port[]> {
  const groups = new Map<K, Port[]>();
  for (const card of cards) {
    const key = keyOf(card);
    const group = groups.get(key);
    if (group) group.push(card.port);
    else groups.set(key, [card.port]);
  }
  return groups;
}
