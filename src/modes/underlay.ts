import type { Ip } from "../addr/ip.ts";
import { type Mac, macFromName } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Nic, Router, Topology } from "../topology/topology.ts";
import type { Agent } from "./agent.ts";
import { igpRoutes } from "./igp.ts";

/** The address of a card: what the topology pins, else one that follows from the names. */
export function nicMac(netns: string, nic: Nic): Mac {
  return nic.mac ?? macFromName(`${netns} ${nic.name}`);
}

/** Whether anything in the topology speaks a family; namespaces know IPv6 only then. */
export function hasFamily(topology: Topology, family: 4 | 6): boolean {
  const networks = [...topology.subnets.values()].flatMap((subnet) => subnet.cidrs);
  return [...networks, ...topology.cluster.podCIDRs].some((prefix) => prefix.family === family);
}

/** Cards and their addresses, as the machine's own configuration sets them up before any agent starts. */
export function writeNics(operator: Agent, netns: string, nics: readonly Nic[]): void {
  for (const nic of nics) {
    operator.link({ kind: "nic", name: nic.name, mac: nicMac(netns, nic), mtu: nic.mtu, segment: nic.subnet });
    for (const { ip, length } of nic.addresses) operator.address(nic.name, ip, length);
  }
}

/** A host's default route for each family: through the gateway of the first of its subnets that has one. */
export function writeDefaultRoutes(operator: Agent, nics: readonly Nic[], topology: Topology): void {
  for (const family of [4, 6] as const) {
    const found = nics
      .map((nic) => ({ dev: nic.name, via: gatewayOn(nic, topology, family) }))
      .find(({ via }) => via !== undefined);
    if (found?.via) operator.route({ dst: Prefix.all(family), via: found.via, dev: found.dev });
  }
}

/** A subnet's gateway as seen from a card on it; a machine is not its own gateway. */
function gatewayOn(nic: Nic, topology: Topology, family: 4 | 6): Ip | undefined {
  const gateway = topology.subnets.get(nic.subnet)?.gateways.find((ip) => ip.family === family);
  return nic.addresses.some(({ ip }) => ip.equals(gateway)) ? undefined : gateway;
}

/** A router's tables: its cards, forwarding, and a static route to every subnet that the IGP knows. */
export function writeRouter(operator: Agent, router: Router, routers: readonly Router[], topology: Topology): void {
  writeNics(operator, `router/${router.name}`, router.nics);
  operator.sysctl("net.ipv4.ip_forward", 1);
  for (const family of [4, 6] as const) {
    if (!hasFamily(topology, family)) continue;
    if (family === 6) operator.sysctl("net.ipv6.conf.all.forwarding", 1);
    for (const route of igpRoutes(router, routers, topology.subnets, family)) {
      operator.route({ ...route, proto: "static" });
    }
  }
}
