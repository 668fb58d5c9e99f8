import type { Ip } from "../addr/ip.ts";
import { type Mac, macFromName } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Covering } from "../bgp/resolve.ts";
import type { RouteRequest } from "../kernel/request.ts";
import type { Host, Nic, Router, Topology } from "../topology/topology.ts";
import type { Agent } from "./agent.ts";
import { igpRoutes } from "./igp.ts";

/** Protocol and port of BGP, as a fabric's rules name them. */
const TCP = 6;
const BGP_PORT = 179;

/** What is there before any CNI: machines with their cards, and the routes somebody gave them. */
export class Underlay {
  readonly topology: Topology;
  /** Those of the topology, and one for each gateway address that nobody has. */
  readonly routers: ReadonlyMap<string, Router>;
  readonly #written: ReadonlyMap<string, readonly RouteRequest[]>;
  readonly #routes = new Map<string, readonly RouteRequest[]>();
  readonly #families: ReadonlySet<4 | 6>;

  /** `written` are the routers' own routes, read from the topology's words. */
  constructor(
    topology: Topology,
    routers: ReadonlyMap<string, Router>,
    written: ReadonlyMap<string, readonly RouteRequest[]>,
  ) {
    this.topology = topology;
    this.routers = routers;
    this.#written = written;
    const networks = [...topology.subnets.values()].flatMap((subnet) => subnet.cidrs);
    this.#families = new Set([...networks, ...topology.cluster.podCIDRs].map((prefix) => prefix.family));
  }

  /** Whether anything here speaks a family; namespaces know IPv6 only then. */
  has(family: 4 | 6): boolean {
    return this.#families.has(family);
  }

  /** Static and default routes of a host or router, in the order they are written. */
  routes(machine: string): readonly RouteRequest[] {
    const known = this.#routes.get(machine) ?? this.#routesOf(machine);
    this.#routes.set(machine, known);
    return known;
  }

  /** The longest of a machine's routes that covers an address. */
  route(machine: string, to: Ip): RouteRequest | undefined {
    let best: RouteRequest | undefined;
    for (const route of this.routes(machine)) {
      if (route.dst.contains(to) && (!best || route.dst.length > best.dst.length)) best = route;
    }
    return best;
  }

  /** What a machine has over an address before any agent starts: a connected network, or one of its routes. */
  covering(name: string, ip: Ip): Covering | undefined {
    const nics = (this.topology.hosts.get(name) ?? this.routers.get(name))?.nics ?? [];
    for (const { name: dev, addresses } of nics) {
      for (const { ip: own, length } of addresses) {
        if (own.family !== ip.family || !Prefix.of(own, length).contains(ip)) continue;
        const held = nics.some((nic) => nic.addresses.some((address) => address.ip.equals(ip)));
        return { kind: held ? "own" : "direct", dev, length };
      }
    }
    const route = this.route(name, ip);
    if (!route) return undefined;
    const { length } = route.dst;
    if (route.type === "blackhole") return { kind: "blackhole", length };
    if (route.dev === undefined) return undefined;
    return route.via
      ? { kind: "kernel", via: route.via, dev: route.dev, length }
      : { kind: "direct", dev: route.dev, length };
  }

  /** Whether the segments a machine is on let BGP through. */
  passesBgp(machine: string): boolean {
    const nics = (this.topology.hosts.get(machine) ?? this.routers.get(machine))?.nics ?? [];
    return nics.every(({ subnet: name }) => {
      const subnet = this.topology.subnets.get(name);
      const covers = ({ protocol, port }: { readonly protocol: number; readonly port?: number }) =>
        protocol === TCP && (port === undefined || port === BGP_PORT);
      return subnet?.drop.some(covers) !== true && (subnet?.allow === undefined || subnet.allow.some(covers));
    });
  }

  #routesOf(machine: string): readonly RouteRequest[] {
    const host = this.topology.hosts.get(machine);
    if (host) return defaultRoutes(host, this.topology);
    const router = this.routers.get(machine);
    if (!router) return [];
    const learned = ([4, 6] as const)
      .filter((family) => this.has(family))
      .flatMap((family) => igpRoutes(router, [...this.routers.values()], this.topology.subnets, family))
      .map((route) => ({ ...route, proto: "static" }));
    const written = (this.#written.get(machine) ?? []).map((route) => ({ ...towards(router, route.via), ...route }));
    return [...learned, ...written];
  }
}

/** The address of a card: what the topology pins, else one that follows from the names. */
export function nicMac(netns: string, nic: Nic): Mac {
  return nic.mac ?? macFromName(`${netns} ${nic.name}`);
}

/** Cards, their addresses and routes, as the machine's own configuration sets them up before any agent starts. */
export function writeUnderlay(operator: Agent, machine: Host | Router, netns: string, underlay: Underlay): void {
  for (const nic of machine.nics) {
    operator.link({ kind: "nic", name: nic.name, mac: nicMac(netns, nic), mtu: nic.mtu, segment: nic.subnet });
    for (const { ip, length } of nic.addresses) operator.address(nic.name, ip, length);
  }
  for (const route of underlay.routes(machine.name)) operator.route(route);
}

/** The card a gateway is behind, as the kernel finds it for a route that names none. */
function towards({ nics }: Router, via: Ip | undefined): { readonly dev?: string } {
  const nic =
    via && nics.find(({ addresses }) => addresses.some(({ ip, length }) => Prefix.of(ip, length).contains(via)));
  return nic ? { dev: nic.name } : {};
}

/** A host's default route for each family: through the gateway of the first of its subnets that has one. */
function defaultRoutes({ nics }: Host, topology: Topology): readonly RouteRequest[] {
  return ([4, 6] as const).flatMap((family) => {
    const found = nics
      .map((nic) => ({ dev: nic.name, via: gatewayOn(nic, topology, family) }))
      .find(({ via }) => via !== undefined);
    return found?.via ? [{ dst: Prefix.all(family), via: found.via, dev: found.dev }] : [];
  });
}

/** A subnet's gateway as seen from a card on it; a machine is not its own gateway. */
function gatewayOn(nic: Nic, topology: Topology, family: 4 | 6): Ip | undefined {
  const gateway = topology.subnets.get(nic.subnet)?.gateways.find((ip) => ip.family === family);
  return nic.addresses.some(({ ip }) => ip.equals(gateway)) ? undefined : gateway;
}
