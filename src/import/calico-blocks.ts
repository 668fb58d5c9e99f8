import { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import type { BlockFact, PoolFact } from "./calico-facts.ts";
import { workloadPools } from "./calico-mode.ts";
import type { Facts } from "./facts.ts";
import type { Findings } from "./findings.ts";

/** The IPAM blocks of each node, the one with its tunnel's address first. */
export type BlocksOf = ReadonlyMap<string, readonly Prefix[]>;

/**
 * Whose each block is: as BlockAffinities and IPAMBlocks say, and else the node's whose tunnel or most of whose pods
 * have addresses in it. What others hold in it is borrowed, and gets routes of its own.
 */
export function blocksOf(facts: Facts, findings: Findings): BlocksOf {
  const blocks = new Map(facts.calico.blocks);
  const guessed = guessBlocks(blocks, facts);
  for (const block of guessed) blocks.set(block.cidr.toString(), block);
  if (guessed.length > 0) {
    findings.assume(
      `${guessed.length} blocks are the nodes' that have most addresses in them, ${guessed[0]?.cidr} ${guessed[0]?.node}'s`,
      "kubectl get blockaffinities.crd.projectcalico.org -o yaml",
    );
  }
  const byNode = new Map<string, Prefix[]>();
  for (const { node, cidr } of blocks.values()) byNode.set(node, [...(byNode.get(node) ?? []), cidr]);
  for (const [node, cidrs] of byNode) {
    const tunnels = tunnelsOf(node, facts);
    const rank = (cidr: Prefix) => (tunnels.some((ip) => cidr.contains(ip)) ? 0 : 1);
    cidrs.sort((a, b) => a.family - b.family || rank(a) - rank(b) || a.ip.compare(b.ip));
  }
  return byNode;
}

/** Owners of blocks that no object names, by who has addresses there. */
function guessBlocks(known: ReadonlyMap<string, BlockFact>, facts: Facts): readonly BlockFact[] {
  const pools = workloadPools(facts);
  const counts = new Map<string, { cidr: Prefix; byNode: Map<string, number> }>();
  const count = (ip: Ip | undefined, node: string, weight: number) => {
    const cidr = ip && blockAt(ip, pools);
    if (!cidr || known.has(cidr.toString())) return;
    const entry = counts.get(cidr.toString()) ?? { cidr, byNode: new Map<string, number>() };
    entry.byNode.set(node, (entry.byNode.get(node) ?? 0) + weight);
    counts.set(cidr.toString(), entry);
  };
  for (const name of facts.calico.nodes.keys())
    for (const ip of tunnelsOf(name, facts)) count(ip, name, Number.MAX_SAFE_INTEGER / 4);
  for (const { host, addresses } of facts.pods.values()) for (const text of addresses) count(Ip.parse(text), host, 1);
  return [...counts.values()].flatMap(({ cidr, byNode }) => {
    const [most] = [...byNode].sort(([, a], [, b]) => b - a);
    return most ? [{ cidr, node: most[0], from: "the addresses in it", mark: facts.first ?? NOWHERE }] : [];
  });
}

const NOWHERE = { source: { file: "", text: "" }, key: 0, value: 0 };

/** The block an address lies in; Calico's usual size where no pool says one. */
function blockAt(ip: Ip, pools: readonly PoolFact[]): Prefix | undefined {
  const pool = pools.find(({ cidr }) => cidr.contains(ip));
  if (!pool && pools.length > 0) return undefined;
  return Prefix.of(ip, pool?.blockSize ?? Math.max(pool?.cidr.length ?? 0, ip.family === 4 ? 26 : 122));
}

/** The addresses that a node's tunnel devices are known to have. */
function tunnelsOf(name: string, { calico }: Facts): readonly Ip[] {
  const { ipipTunnel, vxlanTunnel, vxlanTunnelV6, wireguardTunnel } = calico.nodes.get(name) ?? {};
  const allocated = calico.tunnels.get(name) ?? [];
  return [ipipTunnel, vxlanTunnel, vxlanTunnelV6, wireguardTunnel, ...allocated].filter((ip) => ip !== undefined);
}
