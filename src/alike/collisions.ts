import { Prefix } from "../addr/prefix.ts";
import type { Host, Pod } from "../topology/topology.ts";

interface Claim {
  readonly prefix: Prefix;
  readonly host: string;
}

/** The hosts of a topology, and the pods on each. */
interface Side {
  readonly hosts: ReadonlyMap<string, Host>;
  podsOn(host: string): readonly Pod[];
}

/**
 * Hosts with an address or a prefix that is another's too, or lies in another's, on the same side or the other: what is
 * written for one of them on one side can stand where on the other side the other's does.
 */
export function collisions(sides: readonly Side[]): ReadonlySet<string> {
  const claims = new Map<string, Claim>();
  for (const side of new Set(sides)) {
    for (const host of side.hosts.values()) {
      for (const prefix of claimed(host, side.podsOn(host.name)))
        claims.set(`${prefix} ${host.name}`, { prefix, host: host.name });
    }
  }
  const sorted = [...claims.values()].sort(
    (a, b) => a.prefix.ip.compare(b.prefix.ip) || a.prefix.length - b.prefix.length,
  );
  const found = new Set<string>();
  // A prefix that begins in another one lies in it: those around the next one are on the stack.
  let around: Claim[] = [];
  for (const claim of sorted) {
    around = around.filter(({ prefix }) => prefix.containsPrefix(claim.prefix));
    for (const other of around) if (other.host !== claim.host) found.add(other.host).add(claim.host);
    around.push(claim);
  }
  return found;
}

function* claimed({ podCIDRs, nodeIPs, nics, cni }: Host, pods: readonly Pod[]): Generator<Prefix> {
  yield* podCIDRs;
  yield* cni.calico.blocks ?? [];
  for (const ip of Object.values(cni.calico.tunnels ?? {}).flat()) yield Prefix.of(ip);
  for (const ip of nodeIPs) yield Prefix.of(ip);
  for (const { addresses } of nics) for (const { ip } of addresses) yield Prefix.of(ip);
  for (const { addresses } of pods) for (const ip of addresses) yield Prefix.of(ip);
}
