import { Prefix } from "../addr/prefix.ts";
import type { Host, Router, Topology } from "../topology/topology.ts";

/** A machine that holds addresses. */
export type Owner =
  | { readonly kind: "host"; readonly host: Host }
  | { readonly kind: "router"; readonly router: Router };

interface Claim {
  readonly prefix: Prefix;
  readonly owner: Owner;
}

/**
 * Whose every address and prefix is: cards, node addresses and shares of the pod network, found by what covers a prefix
 * and by what lies in it.
 */
export class Claims {
  readonly #sorted: readonly Claim[];
  readonly #at = new Map<string, Claim[]>();
  readonly #lengths = new Set<string>();
  readonly #topology: Topology;

  constructor(topology: Topology) {
    this.#topology = topology;
    const claims = [...claimsOf(topology)];
    this.#sorted = claims.sort((a, b) => a.prefix.ip.compare(b.prefix.ip) || a.prefix.length - b.prefix.length);
    for (const claim of this.#sorted) {
      const key = claim.prefix.toString();
      const there = this.#at.get(key);
      if (there) there.push(claim);
      else this.#at.set(key, [claim]);
      this.#lengths.add(`${claim.prefix.family} ${claim.prefix.length}`);
    }
  }

  /** Those with a claim that covers a prefix, the prefix itself included. */
  covering(prefix: Prefix): readonly Owner[] {
    const found = new Set<Owner>();
    for (let length = 0; length <= prefix.length; length++) {
      if (!this.#lengths.has(`${prefix.family} ${length}`)) continue;
      for (const { owner } of this.#at.get(Prefix.of(prefix.ip, length).toString()) ?? []) found.add(owner);
    }
    return [...found];
  }

  /** Those with a claim that covers a prefix or lies in it. */
  touching(prefix: Prefix): readonly Owner[] {
    const found = new Set(this.covering(prefix));
    for (let i = this.#firstFrom(prefix); i < this.#sorted.length; i++) {
      const claim = this.#sorted[i] as Claim;
      if (!prefix.contains(claim.prefix.ip)) break;
      found.add(claim.owner);
    }
    return [...found];
  }

  /** Machines whose addresses are not theirs alone, as `host/node-1`: what holds for their like need not for them. */
  shared(): ReadonlySet<string> {
    const shared = new Set<Owner>();
    for (const { prefix, owner } of this.#sorted) {
      const others = this.covering(prefix).filter((other) => other !== owner);
      for (const each of others.length > 0 ? [owner, ...others] : []) shared.add(each);
    }
    const { subnets } = this.#topology;
    const networks = [...subnets.values()].flatMap(({ name, cidrs }) => cidrs.map((cidr) => ({ name, cidr })));
    for (const [i, { name, cidr }] of networks.entries()) {
      const twins = networks.filter((other, k) => k !== i && other.cidr.overlaps(cidr)).map((other) => other.name);
      const overPods = this.touching(cidr).filter((owner) => hasShareOver(owner, cidr));
      for (const owner of overPods) shared.add(owner);
      if (twins.length > 0 || overPods.length > 0) {
        for (const { owner } of this.#sorted) {
          if (cardsOf(owner).some(({ subnet }) => subnet === name || twins.includes(subnet))) shared.add(owner);
        }
      }
    }
    return new Set(
      [...shared].map((owner) => (owner.kind === "host" ? `host/${owner.host.name}` : `router/${owner.router.name}`)),
    );
  }

  #firstFrom({ ip }: Prefix): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] as Claim).prefix.ip.compare(ip) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function hasShareOver(owner: Owner, cidr: Prefix): boolean {
  return owner.kind === "host" && owner.host.podCIDRs.some((share) => share.overlaps(cidr));
}

function cardsOf(owner: Owner): Host["nics"] {
  return owner.kind === "host" ? owner.host.nics : owner.router.nics;
}

function* claimsOf({ hosts, routers }: Topology): Generator<Claim> {
  for (const host of hosts.values()) {
    const owner = { kind: "host", host } as const;
    for (const prefix of host.podCIDRs) yield { prefix, owner };
    const cards = host.nics.flatMap((nic) => nic.addresses.map(({ ip }) => ip));
    for (const ip of cards) yield { prefix: Prefix.of(ip), owner };
    for (const ip of host.nodeIPs) if (!cards.some((card) => card.equals(ip))) yield { prefix: Prefix.of(ip), owner };
  }
  for (const router of routers.values()) {
    const owner = { kind: "router", router } as const;
    for (const { addresses } of router.nics) for (const { ip } of addresses) yield { prefix: Prefix.of(ip), owner };
  }
}
