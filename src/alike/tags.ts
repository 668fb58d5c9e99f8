import type { Prefix } from "../addr/prefix.ts";
import type { Command, Fault, Topology } from "../topology/topology.ts";
import type { Claims } from "./claims.ts";
import { hostNaming, prefixesIn, relativeText, siteNaming } from "./relative.ts";
import type { Site } from "./sites.ts";

/** What is said in one place of addresses in another. */
export interface Tags {
  /** By host, of its share or its node addresses. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** Of single addresses inside a share. */
  readonly addresses: readonly { readonly prefix: Prefix; readonly words: string }[];
}

/** A command, whose it is, and its place in a site that is also the host's. */
interface Said {
  readonly text: string;
  readonly kind: string;
  readonly name: string;
  readonly place: (site: Site) => number;
}

/**
 * Tells of every host what routes of routers and subnets and faults elsewhere name of its addresses, in words relative
 * to it: a route for each share is the same of all. What names every host alike tells none apart.
 */
export function tagsOf(
  topology: Topology,
  faults: readonly Fault[],
  claims: Claims,
  siteOf: ReadonlyMap<string, Site>,
): Tags {
  const hosts = new Map<string, string[]>();
  const addresses: { prefix: Prefix; words: string }[] = [];
  for (const { text, kind, name, place } of said(topology, faults)) {
    for (const prefix of prefixesIn(text)) {
      const named = claims.touching(prefix).flatMap((owner) => (owner.kind === "host" ? [owner.host] : []));
      const everybody = named.length === topology.hosts.size;
      for (const host of named) {
        const site = siteOf.get(host.name);
        const at = site ? place(site) : -1;
        const namings = [hostNaming("q", host), ...(site ? [siteNaming(site)] : [])];
        const words = `${kind} ${at < 0 ? name : at}: ${relativeText(text, ...namings)}`;
        const share = host.podCIDRs.find((each) => each.containsPrefix(prefix));
        // The first address of a share is the node's own: a tunnel's, a bridge's network.
        if (share && !prefix.contains(share.ip)) addresses.push({ prefix, words });
        // What names every host tells none apart; what is done to a host stands among its own words.
        else if (!everybody && !(kind === "host" && name === host.name)) {
          hosts.set(host.name, [...(hosts.get(host.name) ?? []), words]);
        }
      }
    }
  }
  return { hosts, addresses };
}

function* said({ subnets, routers }: Topology, faults: readonly Fault[]): Generator<Said> {
  const all = (commands: readonly Command[], said: Omit<Said, "text">) =>
    commands.map(({ text }) => ({ ...said, text }));
  for (const subnet of subnets.values()) {
    const place = (site: Site) => site.subnets.indexOf(subnet);
    yield* all(subnet.routes, { kind: "subnet", name: subnet.name, place });
  }
  for (const router of routers.values()) {
    yield* all(router.routes, { kind: "router", name: router.name, place: (site) => site.routers.indexOf(router) });
  }
  for (const { target, text } of faults) {
    const router = target.kind === "router" ? routers.get(target.name) : undefined;
    yield { ...target, text, place: (site) => (router ? site.routers.indexOf(router) : -1) };
  }
}
