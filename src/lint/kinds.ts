import type { Alike } from "../alike/alike.ts";
import type { Network } from "../kernel/network.ts";
import type { Host } from "../topology/topology.ts";
import type { Kind } from "./scope.ts";

/**
 * The hosts of a topology by kind: those that are alike, and on whose own network the same processes listen (`ports`),
 * which is nothing to a packet between pods.
 */
export function kindsOf({ classes }: Alike, network: Network, ports: (host: Host) => string): readonly Kind[] {
  return classes.flatMap(({ hosts }) =>
    [...grouped(hosts, ports).values()].flatMap((alike): Kind[] => {
      const [sample] = alike;
      const netns = sample && network.netns(`host/${sample.name}`);
      return sample && netns ? [{ sample, netns, hosts: alike }] : [];
    }),
  );
}

function grouped(hosts: readonly Host[], keyOf: (host: Host) => string): ReadonlyMap<string, readonly Host[]> {
  const groups = new Map<string, Host[]>();
  for (const host of hosts) {
    const group = groups.get(keyOf(host));
    if (group) group.push(host);
    else groups.set(keyOf(host), [host]);
  }
  return groups;
}
