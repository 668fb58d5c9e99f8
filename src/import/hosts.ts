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
  /** The addresses that the agent has detected, where they are not the first ones. */
  readonly nodeIPs: readonly Ip[];
  readonly shares: readonly Prefix[];
  /** MAC addresses that an agent has given its devices. */
  readonly macs: Readonly<Record<string, string>>;
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
 * Writes the hosts, each in its shortest form; a share of the pods' network is left out where it is the one that the
 * loader would give.
 */
export function writeHosts(hosts: readonly HostDraft[], networks: PodNetworks, findings: Findings): void {
  const sizes = maskSizes(hosts);
  writeMaskSizes(sizes, networks, findings);
  for (const [index, host] of hosts.entries()) {
    const { name, mark, from, addresses, nodeIPs, shares, macs } = host;
    const long: [string, unknown][] = [];
    if (nodeIPs.length > 0) long.push(["nodeIP", short(nodeIPs)]);
    if (Object.keys(macs).length > 0) long.push(["mac", macs]);
    if (!isDefault(shares, index, sizes, networks)) long.push(["podCIDR", short(shares)]);
    const [only] = addresses;
    const origin = from.startsWith("Node ") ? undefined : from;
    if (long.length === 0) findings.put(["hosts", name], short(addresses), mark, origin);
    else {
      const place = addresses.length === 1 ? ["address", only?.toString()] : ["addresses", addresses.map(String)];
      findings.put(["hosts", name], Object.fromEntries([place, ...long]), mark, origin);
    }
  }
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

function writeMaskSizes(sizes: ReadonlyMap<4 | 6, number>, networks: PodNetworks, findings: Findings): void {
  const v4 = sizes.get(4) ?? fitting(networks.get(4), DEFAULTS.get(4));
  const v6 = sizes.get(6) ?? fitting(networks.get(6), DEFAULTS.get(6));
  const odd = { ...(v4 !== undefined && v4 !== 24 && { v4 }), ...(v6 !== undefined && v6 !== 64 && { v6 }) };
  const { v4: oddV4, v6: oddV6 } = odd;
  if (oddV4 === undefined && oddV6 === undefined) return;
  const value = oddV6 === undefined ? oddV4 : odd;
  findings.put(["cluster", "nodeMaskSize"], value, findings.mark, "the length of the Nodes' podCIDRs");
}

const DEFAULTS: ReadonlyMap<4 | 6, number> = new Map([
  [4, 24],
  [6, 64],
]);

/** A length that the pods' network can be divided by at all. */
function fitting(network: Prefix | undefined, usual = 0): number | undefined {
  if (!network || usual >= network.length) return undefined;
  return Math.min(network.length + 8, network.ip.bits);
}

function isDefault(
  shares: readonly Prefix[],
  index: number,
  sizes: ReadonlyMap<4 | 6, number>,
  networks: PodNetworks,
): boolean {
  if (shares.length === 0) return true;
  if (shares.length !== networks.size) return false;
  return shares.every((share) => {
    const whole = networks.get(share.family);
    const length = sizes.get(share.family);
    return (
      whole !== undefined &&
      length === share.length &&
      index + 1 < 2 ** (length - whole.length) &&
      whole.subnet(length, index + 1).equals(share)
    );
  });
}
