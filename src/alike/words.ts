import type { Fault, Host, Nic, Router, Subnet, Topology } from "../topology/topology.ts";
import type { Claims } from "./claims.ts";
import { hostNaming, type Naming, relativeText, siteNaming } from "./relative.ts";
import type { Site } from "./sites.ts";
import { SpeakerWords } from "./speakers.ts";
import type { Tags } from "./tags.ts";

/** What else is known of a topology. */
interface Known {
  readonly claims: Claims;
  readonly tags: Tags;
  readonly siteOf: ReadonlyMap<string, Site>;
  readonly apart: ReadonlySet<string>;
}

/** What a topology says of hosts and sites, in words that are the same of those that are alike. */
export class Words {
  readonly #speakers: SpeakerWords;
  readonly #tags: Tags;
  /** Those that are like no other: their own name is among their words. */
  readonly #named: ReadonlySet<string>;
  readonly #held: ReadonlySet<string>;
  readonly #pools: Topology["cni"]["calico"]["ipPools"];
  readonly #faults = new Map<string, string[]>();

  constructor(topology: Topology, faults: readonly Fault[], { claims, tags, siteOf, apart }: Known) {
    this.#speakers = new SpeakerWords(topology, siteOf);
    this.#tags = tags;
    this.#pools = topology.cni.calico.ipPools;
    this.#named = new Set([...claims.shared(), ...[...apart].flatMap((name) => [`host/${name}`, `router/${name}`])]);
    this.#held = new Set(
      [...topology.routers.values(), ...topology.hosts.values()].flatMap(({ nics }) =>
        nics.flatMap(({ addresses }) => addresses.map(({ ip }) => ip.toString())),
      ),
    );
    for (const { target, text } of faults) {
      const key = `${target.kind}/${target.name}`;
      const there = this.#faults.get(key);
      if (there) there.push(text);
      else this.#faults.set(key, [text]);
    }
  }

  host(host: Host, site: Site): string {
    const { name, nics, nodeIPs, podCIDRs, labels, cni } = host;
    const own = [hostNaming("self", host), siteNaming(site)];
    return JSON.stringify([
      this.#cards(nics, site),
      nodeIPs.map((ip) => relativeText(`${ip}`, ...own)),
      podCIDRs.map(({ family, length }) => [family, length]),
      this.#speakers.host(host, site),
      // What is recorded of it by address is as much its own as the address.
      relativeText(JSON.stringify([cni.flannel, cni.calico, [...cni.modes]]), ...own),
      this.#pools.map((pool) => pool.selects(labels)),
      this.#commands("host", name, own),
      (this.#tags.hosts.get(name) ?? []).toSorted(),
      this.#named.has(`host/${name}`) ? name : "",
    ]);
  }

  /** `hosts` are the words of its hosts, each kind once. */
  site(site: Site, hosts: readonly string[]): string {
    const own = [siteNaming(site)];
    const subnets = site.subnets.map((subnet) => this.#subnet(subnet, own));
    return JSON.stringify([subnets, site.routers.map((router) => this.#router(router, site, own)), hosts]);
  }

  #subnet(subnet: Subnet, own: readonly Naming[]): unknown {
    const { name, cidrs, mtu, gateways, drop, allow, sourceDestCheck, routes } = subnet;
    return [
      cidrs.map(({ family, length }) => [family, length]),
      [mtu, drop, allow ?? "all", sourceDestCheck],
      // A gateway that nobody holds is a router of the subnet's own, called after it.
      gateways.map((ip) => (this.#held.has(`${ip}`) ? relativeText(`${ip}`, ...own) : "")),
      routes.map(({ text }) => relativeText(text, ...own)),
      this.#commands("router", `${name}-gw`, own),
    ];
  }

  #router(router: Router, site: Site, own: readonly Naming[]): unknown {
    const { name, nics, igp, routes } = router;
    return [
      [this.#cards(nics, site), igp],
      routes.map(({ text }) => relativeText(text, ...own)),
      this.#speakers.router(router, site),
      this.#commands("router", name, own),
      this.#named.has(`router/${name}`) ? name : "",
    ];
  }

  /** Cards on the backbone stand on a subnet by name. */
  #cards(nics: readonly Nic[], site: Site): unknown {
    return nics.map(({ subnet, mtu, addresses, mac }) => {
      const at = site.subnets.findIndex(({ name }) => name === subnet);
      return [at < 0 ? subnet : at, mtu, addresses.map(({ ip, length }) => [ip.family, length]), mac !== undefined];
    });
  }

  #commands(kind: "host" | "router", name: string, own: readonly Naming[]): readonly string[] {
    return (this.#faults.get(`${kind}/${name}`) ?? []).map((text) => relativeText(text, ...own));
  }
}
