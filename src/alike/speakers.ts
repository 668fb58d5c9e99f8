import type { Host, Router, Speaker, Topology } from "../topology/topology.ts";
import { placeOf, type Site } from "./sites.ts";

/** What a topology says of BGP, in words that are the same of speakers that are alike. */
export class SpeakerWords {
  readonly #routers: ReadonlyMap<string, Router>;
  readonly #siteOf: ReadonlyMap<string, Site>;
  /** Who says that it peers with a machine, and in which AS it believes it. */
  readonly #listers = new Map<string, { readonly by: string; readonly as?: number }[]>();
  /** Where an AS has speakers; `undefined` is the backbone. */
  readonly #sitesOfAs = new Map<number, Set<Site | undefined>>();
  readonly #ownAs = new Map<Site, readonly number[]>();

  constructor({ hosts, routers }: Topology, siteOf: ReadonlyMap<string, Site>) {
    this.#routers = routers;
    this.#siteOf = siteOf;
    for (const { name, bgp } of [...hosts.values(), ...routers.values()]) {
      if (!bgp) continue;
      this.#sitesOfAs.set(bgp.as, (this.#sitesOfAs.get(bgp.as) ?? new Set()).add(siteOf.get(name)));
      for (const peer of bgp.peers) {
        const listed = { by: name, ...(peer.as !== undefined && { as: peer.as }) };
        const there = this.#listers.get(peer.name);
        if (there) there.push(listed);
        else this.#listers.set(peer.name, [listed]);
      }
    }
  }

  /** A host: what it says of itself and its peers, and who says that it is theirs. */
  host({ name, bgp }: Host, site: Site): unknown {
    const place = placeOf(site);
    const listers = (this.#listers.get(name) ?? []).map(({ by, as }) => [place(by), as && this.#as(as, site)]);
    const peers = bgp?.peers.map((peer) => [place(peer.name), peer.as && this.#as(peer.as, site)]);
    return [bgp && [this.#as(bgp.as, site), bgp.routeReflector, sorted(peers ?? [])], sorted(listers)];
  }

  /** A router of a site; its own hosts say for themselves whether it lists them. */
  router({ name, bgp }: Router, site: Site): unknown {
    if (!bgp) return [];
    const place = placeOf(site);
    const near = bgp.peers.filter((peer) => this.#routers.has(peer.name) && this.#siteOf.get(peer.name) === site);
    const hosts = bgp.peers.filter((peer) => !this.#routers.has(peer.name) && this.#siteOf.get(peer.name) !== site);
    const wrong = bgp.peers.flatMap((peer) =>
      peer.as === undefined ? [] : [[place(peer.name), this.#as(peer.as, site)]],
    );
    return [
      this.#as(bgp.as, site),
      bgp.routeReflector,
      sorted(near.map((peer) => place(peer.name))),
      sorted(hosts.map((peer) => peer.name)),
      sorted(wrong),
      this.#circle(name, bgp, site),
    ];
  }

  /**
   * The routers elsewhere that a site's router peers with, itself among them when any of those is in a site too: all
   * racks' routers of a mesh have the same circle, and so have all under the same spines.
   */
  #circle(name: string, { peers }: Speaker, site: Site): unknown {
    const elsewhere = (other: string) => this.#siteOf.get(other) !== site;
    const far = peers.map((peer) => peer.name).filter((peer) => this.#routers.has(peer) && elsewhere(peer));
    const listers = (this.#listers.get(name) ?? []).map(({ by }) => by).filter(elsewhere);
    const meshed = far.some((peer) => this.#siteOf.has(peer));
    const circle = (names: readonly string[]) => sorted(new Set(meshed ? [...names, name] : names));
    return [circle(far), circle(listers)];
  }

  /** An AS that one site has for itself is only its own; every other is known by its number. */
  #as(as: number, site: Site): string {
    const sites = this.#sitesOfAs.get(as);
    if (sites?.size !== 1 || !sites.has(site)) return String(as);
    const own = this.#ownAs.get(site) ?? ownAs(site);
    this.#ownAs.set(site, own);
    return `own ${own.indexOf(as)}`;
  }
}

/** The AS numbers of a site, in the order of its machines. */
function ownAs({ routers, hosts }: Site): readonly number[] {
  return [...new Set([...routers, ...hosts].flatMap(({ bgp }) => bgp?.as ?? []))];
}

function sorted(words: Iterable<unknown>): readonly string[] {
  return [...words].map((word) => (typeof word === "string" ? word : JSON.stringify(word))).sort();
}
