import type { Alike } from "../alike/alike.ts";
import type { Network } from "../kernel/network.ts";
import type { Host, Topology } from "../topology/topology.ts";
import type { Kind } from "./scope.ts";

/**
 * The hosts of a topology by kind: those that are alike, and on whose own ports the same processes listen, which is
 * nothing to a packet between pods.
 */
export function kindsOf({ classes }: Alike, topology: Topology, network: Network): readonly Kind[] {
  return classes.flatMap(({ hosts }) =>
    [...byPorts(topology, hosts).values()].flatMap((alike): Kind[] => {
      const [sample] = alike;
      const netns = sample && network.netns(`host/${sample.name}`);
      return sample && netns ? [{ sample, netns, hosts: alike }] : [];
    }),
  );
}

function byPorts({ pods }: Topology, hosts: readonly Host[]): ReadonlyMap<string, readonly Host[]> {
  const groups = new Map<string, Host[]>();
  for (const host of hosts) {
    const own = pods.on(host.name).filter(({ hostNetwork }) => hostNetwork);
    const key = own.length === 0 ? "" : JSON.stringify(own.map(({ listen }) => listen));
    const group = groups.get(key);
    if (group) group.push(host);
    else groups.set(key, [host]);
  }
  return groups;
}
