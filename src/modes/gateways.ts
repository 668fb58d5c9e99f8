import type { Ip } from "../addr/ip.ts";
import { parseRoute } from "../kernel/edit.ts";
import type { RouteRequest } from "../kernel/request.ts";
import type { Outcome, Problem } from "../topology/problem.ts";
import type { Command, Nic, Router, Subnet, Topology } from "../topology/topology.ts";
import { wordsKey } from "./words-key.ts";

/**
 * The routers of a topology, and one for every gateway address that nobody holds: a subnet that names a gateway says
 * that there is one, as a cloud's own router. It is named after the subnet.
 */
export function routersOf(topology: Topology): ReadonlyMap<string, Router> {
  const routers = new Map(topology.routers);
  const orphans = unheld(topology);
  for (const subnet of topology.subnets.values()) {
    const gateways = subnet.gateways.filter((ip) => orphans.has(wordsKey(ip)));
    if (gateways.length === 0) continue;
    let name = `${subnet.name}-gw`;
    while (routers.has(name)) name += "-gw";
    routers.set(name, gatewayOf(subnet, name, gateways));
  }
  return routers;
}

/** The routes that the topology writes in words, by router: a router's own, and those of subnets it is the gateway of. */
export function writtenRoutes(
  topology: Topology,
  routers: ReadonlyMap<string, Router>,
): Outcome<ReadonlyMap<string, readonly RouteRequest[]>> {
  const routes = new Map<string, readonly RouteRequest[]>();
  const problems: Problem[] = [];
  for (const router of routers.values()) {
    const commands = [...router.routes, ...router.nics.flatMap((nic) => cloudRoutes(nic, topology))];
    const read = commands.flatMap(({ text, place }) => {
      const route = parseRoute(text);
      if (route.ok) return [route.route];
      const { message, hint } = route;
      problems.push({ code: "bad-route", message, ...(place && { place }), ...(hint !== undefined && { hint }) });
      return [];
    });
    if (read.length > 0) routes.set(router.name, read);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: routes };
}

/** A subnet's route table, on the card that has the subnet's gateway address. */
function cloudRoutes({ subnet: name, addresses }: Nic, topology: Topology): readonly Command[] {
  const subnet = topology.subnets.get(name);
  const isGateway = subnet?.gateways.some((gateway) => addresses.some(({ ip }) => ip.equals(gateway)));
  return isGateway ? (subnet?.routes ?? []) : [];
}

function gatewayOf(subnet: Subnet, name: string, gateways: readonly Ip[]): Router {
  const addresses = gateways.map((ip) => ({
    ip,
    length: subnet.cidrs.find((cidr) => cidr.contains(ip))?.length ?? ip.bits,
  }));
  return {
    name,
    nics: [{ name: "eth0", subnet: subnet.name, addresses, mtu: subnet.mtu }],
    igp: true,
    routes: [],
    ...(subnet.place && { place: subnet.place }),
  };
}

/** Gateway addresses that no card has; hosts are only looked through when the routers leave some over. */
function unheld(topology: Topology): ReadonlySet<string | number> {
  const left = new Set([...topology.subnets.values()].flatMap((subnet) => subnet.gateways.map(wordsKey)));
  for (const machines of [topology.routers, topology.hosts]) {
    if (left.size === 0) break;
    for (const { nics } of machines.values()) {
      for (const { addresses } of nics) for (const { ip } of addresses) left.delete(wordsKey(ip));
    }
  }
  return left;
}
