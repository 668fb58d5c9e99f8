import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Mark } from "../topology/marks.ts";
import type { PodNetworks } from "./cluster.ts";
import type { Facts, NodeFact } from "./facts.ts";
import type { Findings } from "./findings.ts";

/** A node as it goes into the document. */
export interface HostDraft {
  readonly name: string;
  readonly from: string;
  readonly mark: Mark;
  readonly addresses: readonly Ip[];
  /** Networks that its agent has recorded for those. */
  readonly networks: readonly Prefix[];
  /** The addresses that the agent has detected, where they are not the first ones. */
  readonly nodeIPs: readonly Ip[];
  readonly shares: readonly Prefix[];
  /** The IPAM blocks that are its own, in place of a share. */
  readonly blocks: readonly Prefix[];
  /** MAC addresses that an agent has given its devices. */
  readonly macs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly bgp?: Readonly<Record<string, unknown>>;
  /** What its agent has recorded of it: `cni.flannel`, `cni.calico`. */
  readonly recorded: {
    readonly flannel?: Readonly<Record<string, unknown>>;
    readonly calico?: Readonly<Record<string, unknown>>;
    /** By mode: what its agent alone is told. */
    readonly modes?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  };
}

/** All nodes: those with an object, and those that only pods were seen on. */
export function allNodes(facts: Facts, findings: Findings): readonly NodeFact[] {
  const known = [...facts.nodes.values()];
  const seen = [...facts.hostIPs].filter(([name]) => !facts.nodes.has(name));
  if (seen.length > 0) {
    const all = known.length === 0 ? "there are no Nodes" : `${seen.length} of them have no Node`;
    findings.note(`${all}: ${seen.length === 1 ? "a host is" : "hosts are"} known from the pods on them`);
  }
  return [
    ...known,
    ...seen.map(([name, { value, from, mark }]) => ({
      name,
      from,
      mark,
      addresses: [value],
      podCIDRs: [],
      labels: {},
    })),
  ];
}

/**
 * Addresses that agents of several nodes have detected: a card that all machines have alike, as behind a hypervisor's NAT.
 * None of them is reached by it, so it is on no network that they share.
 */
export function sharedAddresses(detected: readonly (readonly Ip[])[], findings: Findings): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const ip of detected.flat()) counts.set(ip.toString(), (counts.get(ip.toString()) ?? 0) + 1);
  const shared = [...counts].filter(([, count]) => count > 1);
  for (const [ip, count] of shared) {
    findings.against(
      `${count} Nodes tell the others that they are ${ip}: what is sent there reaches one of them, or none`,
    );
  }
  return new Set(shared.map(([ip]) => ip));
}

/**
 * Writes the hosts, each in its shortest form; a share of the pods' network is left out where it is the one that the
 * loader would give.
 */
export function writeHosts(hosts: readonly HostDraft[], networks: PodNetworks, findings: Findings): void {
  const sizes = maskSizes(hosts);
  writeMaskSizes(sizes, hosts.length, networks, findings);
  for (const [index, host] of hosts.entries()) {
    const { name, mark, from, addresses, nodeIPs, shares, blocks, macs, labels, bgp } = host;
    const isUsual = blocks.length > 0 || isDefault(shares, index, sizes, networks);
    const long = {
      ...(nodeIPs.length > 0 && { nodeIP: short(nodeIPs) }),
      ...(Object.keys(macs).length > 0 && { mac: macs }),
      ...(!isUsual && { podCIDR: short(shares) }),
      ...(Object.keys(labels).length > 0 && { labels }),
      ...(bgp && { bgp }),
      ...cniOf(host),
    };
    const [only] = addresses;
    const place = addresses.length === 1 ? { address: only?.toString() } : { addresses: addresses.map(String) };
    const origin = from.startsWith("Node ") ? undefined : from;
    findings.put(
      ["hosts", name],
      Object.keys(long).length === 0 ? short(addresses) : { ...place, ...long },
      mark,
      origin,
    );
  }
}

/** What the node's agent alone is told, and records: its blocks, odd masks, tunnels elsewhere. */
function cniOf({ blocks, recorded }: HostDraft): { readonly cni?: Readonly<Record<string, unknown>> } {
  const calico = { ...recorded.calico, ...(blocks.length > 0 && { blocks: blocks.map(String) }) };
  const cni = {
    ...(recorded.flannel && Object.keys(recorded.flannel).length > 0 && { flannel: recorded.flannel }),
    ...(Object.keys(calico).length > 0 && { calico }),
    ...recorded.modes,
  };
  return Object.keys(cni).length > 0 ? { cni } : {};
}

function short(things: readonly { toString(): string }[]): string | readonly string[] {
  const [only, ...more] = things.map(String);
  return only !== undefined && more.length === 0 ? only : things.map(String);
}

/** The length that all shares of a family have; undefined where they differ. */
function maskSizes(hosts: readonly HostDraft[]): ReadonlyMap<4 | 6, number> {
  const sizes = new Map<4 | 6, number>();
  for (const family of [4, 6] as const) {
    const lengths = new Set(
      hosts.flatMap(({ shares }) => shares.filter((share) => share.family === family)).map(({ length }) => length),
    );
    const [only] = lengths;
    if (only !== undefined && lengths.size === 1) sizes.set(family, only);
  }
  return sizes;
}

function writeMaskSizes(
  sizes: ReadonlyMap<4 | 6, number>,
  count: number,
  { whole }: PodNetworks,
  findings: Findings,
): void {
  const odd = ([4, 6] as const).flatMap((family): [string, number][] => {
    const usual = family === 4 ? 24 : 64;
    const size = sizes.get(family) ?? fitting(whole.get(family), usual, count);
    return size === undefined || size === usual ? [] : [[`v${family}`, size]];
  });
  const [only, ...more] = odd;
  if (!only) return;
  const value = more.length === 0 && only[0] === "v4" ? only[1] : Object.fromEntries(odd);
  findings.put(["cluster", "nodeMaskSize"], value, findings.mark, "the length of the Nodes' podCIDRs");
}

/** A length that leaves each host a share where the usual one does not; the first share is not given out. */
function fitting(network: Prefix | undefined, usual: number, count: number): number | undefined {
  if (!network || 2 ** (usual - network.length) > count + 1) return undefined;
  return Math.min(network.length + Math.ceil(Math.log2(count + 2)), network.ip.bits);
}

function isDefault(
  shares: readonly Prefix[],
  index: number,
  sizes: ReadonlyMap<4 | 6, number>,
  networks: PodNetworks,
): boolean {
  if (shares.length === 0) return true;
  if (shares.length !== networks.whole.size) return false;
  return shares.every((share) => {
    const whole = networks.whole.get(share.family);
    const length = sizes.get(share.family);
    return (
      whole !== undefined &&
      length === share.length &&
      index + 1 < 2 ** (length - whole.length) &&
      whole.subnet(length, index + 1).equals(share)
    );
  });
}
