import type { Host, Router, Subnet, Topology } from "../topology/topology.ts";

/**
 * A part of the underlay that hangs together without its backbone: subnets with hosts on them, the routers there, and
 * the hosts. Two racks on one core are two sites; two subnets behind one router are one.
 */
export interface Site {
  readonly index: number;
  readonly subnets: readonly Subnet[];
  readonly routers: readonly Router[];
  readonly hosts: readonly Host[];
}

/** The sites of a topology, in the order of their first subnets; what is in none is backbone. */
export function sitesOf(topology: Topology): readonly Site[] {
  const populated = new Set([...topology.hosts.values()].flatMap(({ nics }) => nics.map(({ subnet }) => subnet)));
  const groups = new Groups(populated);
  for (const machine of [...topology.hosts.values(), ...topology.routers.values()]) {
    groups.join(machine.nics.map(({ subnet }) => subnet).filter((subnet) => populated.has(subnet)));
  }
  const sites = new Map<string, { subnets: Subnet[]; routers: Router[]; hosts: Host[] }>();
  const at = (machine: Host | Router) => {
    const subnet = machine.nics.find((nic) => populated.has(nic.subnet))?.subnet;
    return subnet === undefined ? undefined : sites.get(groups.of(subnet));
  };
  for (const subnet of topology.subnets.values()) {
    if (!populated.has(subnet.name)) continue;
    const group = groups.of(subnet.name);
    const site = sites.get(group) ?? { subnets: [], routers: [], hosts: [] };
    sites.set(group, site);
    site.subnets.push(subnet);
  }
  for (const router of topology.routers.values()) at(router)?.routers.push(router);
  for (const host of topology.hosts.values()) at(host)?.hosts.push(host);
  return [...sites.values()].map((site, index) => ({ index, ...site }));
}

/** What a site calls a machine: its routers by their places, all others by name. */
export function placeOf(site: Site): (name: string) => string {
  const routers = new Map(site.routers.map(({ name }, i) => [name, `r${i}`]));
  return (name) => routers.get(name) ?? name;
}

/** Names that belong together, by a representative of each group (union-find). */
class Groups {
  readonly #above = new Map<string, string>();

  constructor(names: Iterable<string>) {
    for (const name of names) this.#above.set(name, name);
  }

  of(name: string): string {
    let top = name;
    for (let above = this.#above.get(top); above !== undefined && above !== top; above = this.#above.get(top))
      top = above;
    this.#above.set(name, top);
    return top;
  }

  join([first, ...others]: readonly string[]): void {
    if (first === undefined) return;
    for (const other of others) this.#above.set(this.of(other), this.of(first));
  }
}
