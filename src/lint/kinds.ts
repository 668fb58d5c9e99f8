import type { Network } from "../kernel/network.ts";
import type { Fault, Host, HostCni, Topology } from "../topology/topology.ts";
import type { Kind } from "./scope.ts";

/**
 * The hosts of a topology by kind, in file order. Agents treat alike what the topology describes alike: the same
 * subnets, settings, peers. A host whose tables a fault changed, or those of a pod on it, is a kind of its own.
 */
export function kindsOf(topology: Topology, network: Network, faults: readonly Fault[]): readonly Kind[] {
  const changed = changedHosts(topology, faults);
  const groups = new Map<string, Host[]>();
  for (const host of topology.hosts.values()) {
    const key = changed.has(host.name) ? host.name : description(topology, host);
    const group = groups.get(key);
    if (group) group.push(host);
    else groups.set(key, [host]);
  }
  return [...groups.values()].flatMap((hosts): Kind[] => {
    const [sample] = hosts;
    const netns = sample && network.netns(`host/${sample.name}`);
    return sample && netns ? [{ sample, netns, hosts }] : [];
  });
}

function changedHosts({ pods }: Topology, faults: readonly Fault[]): ReadonlySet<string | undefined> {
  return new Set(
    faults.map(({ target: { kind, name } }) =>
      kind === "host" ? name : kind === "pod" ? pods.get(name)?.host : undefined,
    ),
  );
}

/** All that decides what agents write, but for the addresses themselves. */
function description({ pods }: Topology, host: Host): string {
  const { nics, nodeIPs, podCIDRs, labels, bgp, cni } = host;
  const held = nodeIPs.map((ip) => nics.findIndex((nic) => nic.addresses.some((address) => address.ip.equals(ip))));
  const ports = pods
    .on(host.name)
    .filter(({ hostNetwork }) => hostNetwork)
    .map(({ listen }) => listen);
  return JSON.stringify([
    nics.map(({ subnet, mtu, addresses }) => [subnet, mtu, addresses.map(({ ip, length }) => [ip.family, length])]),
    held,
    podCIDRs.map(({ family, length }) => [family, length]),
    [...labels],
    bgp && [bgp.as, bgp.routeReflector, bgp.peers.map(({ name, as }) => [name, as])],
    settings(cni),
    ports,
  ]);
}

function settings({ flannel, calico, modes }: HostCni): unknown {
  return [flannel, calico, [...modes]];
}
