import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Nic, Router, Subnet } from "../topology/topology.ts";

/** A way to a subnet that is not the router's own. */
export interface IgpRoute {
  readonly dst: Prefix;
  readonly via: Ip;
  readonly dev: string;
}

/**
 * What an interior gateway protocol would teach a router: every subnet that routers with `igp` reach, by the fewest
 * routers, the first in file order on a tie. Breadth first, so that it costs one pass over the routers.
 */
export function igpRoutes(
  router: Router,
  routers: readonly Router[],
  subnets: ReadonlyMap<string, Subnet>,
  family: 4 | 6,
): readonly IgpRoute[] {
  if (!router.igp) return [];
  const speakers = bySubnet(routers.filter((other) => other.igp));
  const known = new Set(router.nics.map((nic) => nic.subnet));
  const seen = new Set([router.name]);
  const crossed = new Set<string>();
  const queue: { readonly router: Router; readonly via?: Ip; readonly dev?: string }[] = [{ router }];
  const routes: IgpRoute[] = [];
  for (const step of queue) {
    for (const nic of step.router.nics) {
      if (addressOf(nic, family) === undefined || crossed.has(nic.subnet)) continue;
      // Whoever is on a segment is found the first time it is crossed.
      crossed.add(nic.subnet);
      for (const next of speakers.get(nic.subnet) ?? []) {
        const via = step.via ?? addressOf(next.nic, family);
        if (seen.has(next.router.name) || via === undefined || addressOf(next.nic, family) === undefined) continue;
        seen.add(next.router.name);
        const dev = step.dev ?? nic.name;
        queue.push({ router: next.router, via, dev });
        for (const { subnet } of next.router.nics) {
          if (known.has(subnet)) continue;
          known.add(subnet);
          const cidr = subnets.get(subnet)?.cidrs.find((prefix) => prefix.family === family);
          if (cidr) routes.push({ dst: cidr, via, dev });
        }
      }
    }
  }
  return routes;
}

function bySubnet(routers: readonly Router[]): ReadonlyMap<string, { readonly router: Router; readonly nic: Nic }[]> {
  const on = new Map<string, { readonly router: Router; readonly nic: Nic }[]>();
  for (const router of routers) {
    for (const nic of router.nics) {
      const there = on.get(nic.subnet);
      if (there) there.push({ router, nic });
      else on.set(nic.subnet, [{ router, nic }]);
    }
  }
  return on;
}

function addressOf(nic: Nic, family: 4 | 6): Ip | undefined {
  return nic.addresses.find(({ ip }) => ip.family === family)?.ip;
}
