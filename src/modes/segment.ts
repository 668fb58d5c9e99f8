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
  #cards: ReadonlyMap<string, readonly Card[]> | undefined;
  #owners: ReadonlyMap<string | number, ReadonlySet<string>> | undefined;
  /** What namespaces changed by hand have: their tables say it, not the topology. */
  readonly #changed = new Map<string, Having>();
  #answers: Answers | undefined;

  constructor(underlay: Underlay, peers: HostPeers) {
    this.#underlay = underlay;
    this.#peers = peers;
  }

  /** The segments by name, one for each subnet. */
  segments(): ReadonlyMap<string, Segment> {
    const { subnets } = this.#underlay.topology;
    return new Map([...subnets.values()].map((subnet) => [subnet.name, new SubnetSegment(subnet, this)]));
  }

  /** The cards on a segment, hosts' before routers'. */
  cards(segment: string): readonly Card[] {
    this.#cards ??= this.#bySegment();
    return this.#cards.get(segment) ?? [];
  }

  /** Whether a namespace was changed by hand. */
  isChanged(netns: string): boolean {
    return this.#changed.has(netns);
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
    this.#answers ??= answersOf(this.#changed);
    return this.#answers;
  }

  /** A namespace's tables are others now. */
  changed(netns: Netns): void {
    this.#changed.set(netns.name, havingOf(netns));
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

  #bySegment(): ReadonlyMap<string, readonly Card[]> {
    const cards = new Map<string, Card[]>();
    for (const [kind, machines] of [
      ["host", this.#underlay.topology.hosts],
      ["router", this.#underlay.routers],
    ] as const) {
      for (const { name, nics } of machines.values()) {
        for (const nic of nics) {
          const card = { port: { netns: `${kind}/${name}`, dev: nic.name }, nic };
          const there = cards.get(nic.subnet);
          if (there) there.push(card);
          else cards.set(nic.subnet, [card]);
        }
      }
    }
    return cards;
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
    const byTopology = (this.#byMac.get(mac) ?? []).filter((port) => !this.#cabling.isChanged(port.netns));
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

/** What of a namespace can be asked for on a segment. */
interface Having {
  readonly ips: readonly (string | number)[];
  /** By segment and MAC. */
  readonly cards: readonly { readonly key: string; readonly dev: string }[];
  /** The families in which some card of it answers for others. */
  readonly proxies: readonly (4 | 6)[];
}

function havingOf(netns: Netns): Having {
  const cards = [...netns.links.values()].filter((link) => link.kind === "nic");
  return {
    // Everybody holds those of the loopback device, and nobody asks for them on a link.
    ips: netns.addresses.filter(({ ip }) => !ip.isLoopback).map(({ ip }) => wordsKey(ip)),
    cards: cards.map(({ segment, mac, name }) => ({ key: `${segment} ${mac}`, dev: name })),
    proxies: ([4, 6] as const).filter((family) => cards.some(({ name }) => proxies(netns, name, family))),
  };
}

/** Which machines whose tables were changed could answer on some card: for addresses and MACs they have now, or by proxy. */
interface Answers {
  /** By segment and MAC. */
  readonly cards: ReadonlyMap<string, readonly Port[]>;
  readonly holders: ReadonlyMap<string | number, readonly string[]>;
  readonly proxies: Readonly<Record<4 | 6, readonly string[]>>;
}

function answersOf(changed: ReadonlyMap<string, Having>): Answers {
  const holders = new Map<string | number, string[]>();
  const cards = new Map<string, Port[]>();
  const proxied: Record<4 | 6, string[]> = { 4: [], 6: [] };
  for (const [netns, having] of changed) {
    for (const ip of having.ips) holders.set(ip, [...(holders.get(ip) ?? []), netns]);
    for (const { key, dev } of having.cards) cards.set(key, [...(cards.get(key) ?? []), { netns, dev }]);
    for (const family of having.proxies) proxied[family].push(netns);
  }
  return { holders, cards, proxies: proxied };
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
