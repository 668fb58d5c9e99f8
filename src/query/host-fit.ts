import { Prefix } from "../addr/prefix.ts";
import type { Host, Topology } from "../topology/topology.ts";
import type { DiffSide } from "./diff-side.ts";

/**
 * What became of a host's addresses between two sides, in words that are the same of those with the same lot: which of
 * them stayed, and how many blocks its pods draw from. A host whose addresses change places keeps its name.
 */
export function hostFit(name: string, left: DiffSide, right: DiffSide): string {
  const [before, after] = [left.hosts.get(name), right.hosts.get(name)];
  const drawn = [left, ...(left === right ? [] : [right])].map((side) => drawnOf(name, side));
  const known = before && after && left !== right;
  const stayed = known ? stays(addressesOf(before, left.topology), addressesOf(after, right.topology)) : "";
  return JSON.stringify([stayed ?? name, drawn]);
}

/** Which addresses stayed, by their places; `undefined` when one is in another's place. */
function stays(before: readonly string[], after: readonly string[]): string | undefined {
  if (before.length !== after.length) return undefined;
  const same = before.map((text, i) => text === after[i]);
  if (same.every(Boolean)) return "";
  const known = new Set(before);
  return same.some((stayed, i) => !stayed && known.has(after[i] ?? "")) ? undefined : same.map(Number).join("");
}

/** Everything a host and its networks are called by. */
function addressesOf({ podCIDRs, nodeIPs, nics, agentMacs, cni }: Host, { subnets }: Topology): readonly string[] {
  const own = nics.map(({ subnet }) => subnets.get(subnet));
  return [
    ...podCIDRs.map(String),
    ...nodeIPs.map(String),
    ...nics.flatMap((nic) => [nic.mac ?? "", ...nic.addresses.map(({ ip, length }) => `${ip}/${length}`)]),
    [...(agentMacs ?? [])].join(),
    String(cni.flannel.vtepMac ?? ""),
    ...own.flatMap((subnet) => [`${subnet?.cidrs}`, `gateways ${subnet?.gateways}`, `on ${subnet?.name}`]),
  ];
}

/** How many addresses its pods draw in order, and which blocks the pinned ones are in. */
function drawnOf(name: string, side: DiffSide): string {
  const { podCIDRs = [] } = side.hosts.get(name) ?? {};
  const sizes = side.topology.cni.calico.blockSize;
  let free = 0;
  const blocks = new Set<string>();
  for (const pod of side.podsOn(name)) {
    if (pod.hostNetwork) continue;
    if (pod.addresses.length === 0) free++;
    for (const ip of pod.addresses) {
      const i = podCIDRs.findIndex((each) => each.contains(ip));
      const share = podCIDRs[i];
      const block = share && Prefix.of(ip, Math.max(share.length, ip.family === 4 ? sizes.v4 : sizes.v6));
      blocks.add(share && block ? `${i}+${block.ip.minus(share.ip)}` : `${name} ${ip}`);
    }
  }
  return `${free} ${[...blocks].sort().join()}`;
}
