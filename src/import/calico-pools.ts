import type { PoolFact } from "./calico-facts.ts";
import { modeOfPool, workloadPools } from "./calico-mode.ts";
import type { Facts } from "./facts.ts";
import type { Findings } from "./findings.ts";

/**
 * Writes the pools. One pool a family that all agree with the mode, and with the control plane, is no more than the pods'
 * network and a few settings; then the mode can be asked about with `--mode`. Otherwise each pool is written with its own words, and that is answered.
 */
export function writePools(facts: Facts, findings: Findings, { modeGiven }: { readonly modeGiven: boolean }): boolean {
  const pools = workloadPools(facts);
  const [first] = pools;
  if (!first) return false;
  if (isPlain(pools, findings) && pools.every((pool) => isClusters(pool, facts))) {
    const origin = `IPPool ${pools.map(({ name }) => name).join(", ")}`;
    if (!first.natOutgoing) findings.put(["cni", "calico", "natOutgoing"], false, first.mark, origin);
    const sizes = sizesOf(pools);
    if (sizes !== undefined) findings.put(["cni", "calico", "blockSize"], sizes, first.mark, origin);
    return false;
  }
  // Somebody who asks about a mode asks about it for all pools: then they say nothing of their own.
  for (const pool of pools)
    findings.put(["cni", "calico", "ipPools", pool.name], poolEntry(pool, modeGiven), pool.mark, `IPPool ${pool.name}`);
  return true;
}

/** Whether pools say no more than a network, and the same of everything else. */
function isPlain(pools: readonly PoolFact[], findings: Findings): boolean {
  const [first] = pools;
  const families = new Set(pools.map(({ cidr }) => cidr.family));
  if (!first || families.size !== pools.length || findings.chosen === undefined) return false;
  return pools.every((pool) => {
    const usual =
      !pool.disabled &&
      !pool.disableBGPExport &&
      pool.nodeSelector === undefined &&
      pool.assignmentMode === "Automatic";
    const uses = pool.allowedUses.includes("Tunnel");
    return usual && uses && pool.natOutgoing === first.natOutgoing && agrees(pool, findings);
  });
}

/** Whether a pool is what the control plane was told that the pods' network is, if it was told any. */
function isClusters({ cidr }: PoolFact, { podCIDRs }: Facts): boolean {
  const told = podCIDRs.filter(({ value }) => value.family === cidr.family);
  return told.length === 0 || told.some(({ value }) => value.equals(cidr));
}

/** Whether a pool has the cluster's own mode; IPv6 has no IP-in-IP, so there it cannot differ in that. */
function agrees(pool: PoolFact, { chosen }: Findings): boolean {
  const mode = modeOfPool(pool);
  if (chosen?.mode === "calico-wireguard") return mode === "calico-bgp";
  return (
    mode === chosen?.mode ||
    (pool.cidr.family === 6 && mode === "calico-bgp" && chosen?.mode.startsWith("calico-ipip") === true)
  );
}

function sizesOf(pools: readonly PoolFact[]): number | Readonly<Record<string, number>> | undefined {
  const odd = pools.flatMap(({ cidr, blockSize }): [string, number][] => {
    const usual = cidr.family === 4 ? 26 : 122;
    return blockSize === undefined || blockSize === usual ? [] : [[cidr.family === 4 ? "v4" : "v6", blockSize]];
  });
  const [only, ...more] = odd;
  if (!only) return undefined;
  return more.length === 0 && pools.length === 1 ? only[1] : Object.fromEntries(odd);
}

function poolEntry(pool: PoolFact, silent: boolean): Readonly<Record<string, unknown>> {
  const {
    cidr,
    ipipMode,
    vxlanMode,
    natOutgoing,
    blockSize,
    nodeSelector,
    disabled,
    disableBGPExport,
    allowedUses,
    assignmentMode,
  } = pool;
  const usual = allowedUses.length === 2 && allowedUses.includes("Tunnel");
  return {
    cidr: cidr.toString(),
    ...(!silent && vxlanMode !== "Never" ? { vxlanMode } : !silent && { ipipMode }),
    natOutgoing,
    ...(blockSize !== undefined && { blockSize }),
    ...(nodeSelector !== undefined && { nodeSelector }),
    ...(disabled && { disabled }),
    ...(disableBGPExport && { disableBGPExport }),
    ...(!usual && { allowedUses }),
    ...(assignmentMode !== "Automatic" && { assignmentMode }),
  };
}
