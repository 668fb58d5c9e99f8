import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Pod } from "../topology/topology.ts";
import { wordsKey } from "./words-key.ts";

/**
 * The addresses of one host's pods by pod name, one per family of the node's shares.
 *
 * In attachment order the next free address from `.2` on, as `host-local` hands them out (containernetworking/plugins
 * plugins/ipam/host-local/backend/allocator: gateway `.1`, range `.1` to the last before broadcast). Calico's order in
 * a block is the same once the tunnel has taken `.0`; real blocks start at `.0` or `.1` when it has not. What the
 * topology pins is left out of the order. A pod for which nothing is left has no address.
 */
export function podAddresses(pods: readonly Pod[], shares: readonly Prefix[]): ReadonlyMap<string, readonly Ip[]> {
  const own = pods.filter((pod) => !pod.hostNetwork);
  const pinned = new Set(own.flatMap((pod) => pod.addresses).map(wordsKey));
  const order = shares.map((share) => ({ share, free: freeAddresses(share, pinned) }));
  const addresses = new Map<string, readonly Ip[]>();
  for (const pod of own) {
    const all = [...pod.addresses];
    for (const { share, free } of order) {
      const given = pod.addresses.some((ip) => ip.family === share.family) ? undefined : free.next().value;
      if (given) all.push(given);
    }
    addresses.set(pod.name, all.length > 1 ? all.sort((a, b) => a.family - b.family) : all);
  }
  return addresses;
}

function* freeAddresses(share: Prefix, pinned: ReadonlySet<string | number>): Generator<Ip, undefined> {
  // IPv4 keeps its last address for broadcast; an IPv6 share is never used up.
  const end = share.family === 4 ? share.size - 1 : share.size;
  for (let n = 2; n < end; n++) {
    const ip = share.host(n);
    if (!pinned.has(wordsKey(ip))) yield ip;
  }
  return undefined;
}
