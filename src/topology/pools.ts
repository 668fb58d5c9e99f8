import type { Prefix } from "../addr/prefix.ts";
import type { Check } from "./check.ts";
import type { PoolEntry, PoolMap } from "./file.ts";
import { checkName } from "./names.ts";
import type { Path } from "./path.ts";
import { quoted, readPrefixes } from "./prefixes.ts";
import { parseSelector } from "./selector.ts";
import type { Cluster, Host, IpPool } from "./topology.ts";

const EVERYTHING = () => true;
/** The least and the most a block can be cut to (api/pkg/apis/projectcalico/v3/ippool.go). */
const BLOCK_SIZES = { 4: { min: 20, max: 32, usual: 26 }, 6: { min: 116, max: 128, usual: 122 } } as const;

/** Calico's IP pools as the file writes them, in the order of their names, as Calico lists them. */
export function resolvePools(entries: Readonly<Record<string, PoolEntry>> = {}, check: Check): readonly IpPool[] {
  const pools = Object.entries(entries).flatMap(([name, entry]) => {
    const path = ["cni", "calico", "ipPools", name];
    checkName(name, path, check);
    return resolvePool(name, entry, path, check) ?? [];
  });
  checkOverlaps(pools, check);
  return pools.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function resolvePool(name: string, entry: PoolEntry, path: Path, check: Check): IpPool | undefined {
  const long = typeof entry === "string" ? undefined : entry;
  const [cidr] = readPrefixes(typeof entry === "string" ? entry : entry.cidr, long ? [...path, "cidr"] : path, check);
  if (!cidr) return undefined;
  const { ipipMode, vxlanMode, natOutgoing, disabled = false, disableBGPExport = false } = long ?? {};
  if (long) checkUses(long, cidr, path, check);
  return check.placed(
    {
      name,
      cidr,
      ...(ipipMode !== undefined && { ipipMode }),
      ...(vxlanMode !== undefined && { vxlanMode }),
      ...(natOutgoing !== undefined && { natOutgoing }),
      ...blockSize(long, cidr, path, check),
      disabled,
      disableBGPExport,
      selects: selector(long, path, check),
      allowedUses: long?.allowedUses ?? ["Workload", "Tunnel"],
      assignmentMode: long?.assignmentMode ?? "Automatic",
    },
    path,
  );
}

/** What upstream's own validation refuses (libcalico-go/lib/validator/v3/validator.go `validateIPPoolSpec`). */
function checkUses({ ipipMode, vxlanMode, allowedUses = [] }: PoolMap, cidr: Prefix, path: Path, check: Check): void {
  const ipip = ipipMode !== undefined && ipipMode !== "Never";
  const vxlan = vxlanMode !== undefined && vxlanMode !== "Never";
  if (ipip && vxlan) {
    const message = "a pool cannot have both ipipMode and vxlanMode";
    check.complain({ code: "two-encapsulations", path: [...path, "vxlanMode"], message, hint: "take one of them out" });
  }
  if (ipip && cidr.family === 6) {
    const message = `${cidr} is IPv6, and IP-in-IP carries IPv4 alone`;
    check.complain({ code: "family-mismatch", path: [...path, "ipipMode"], message, hint: "vxlanMode, or Never" });
  }
  if (!allowedUses.includes("LoadBalancer") || (allowedUses.length === 1 && !ipip && !vxlan)) return;
  const message = "a pool for load balancers is for nothing else, and has no tunnel";
  const key = allowedUses.length > 1 ? "allowedUses" : ipip ? "ipipMode" : "vxlanMode";
  check.complain({ code: "load-balancer-pool", path: [...path, key], message, hint: "make it two pools" });
}

function blockSize(
  entry: PoolMap | undefined,
  cidr: Prefix,
  path: Path,
  check: Check,
): { readonly blockSize?: number } {
  const asked = entry?.blockSize;
  const { min, max, usual } = BLOCK_SIZES[cidr.family];
  if (asked !== undefined && (asked < min || asked > max)) {
    const message = `blocks of IPv${cidr.family} are from /${min} to /${max}, not /${asked}`;
    check.complain({ code: "out-of-range", path: [...path, "blockSize"], message, hint: `blockSize: ${usual}` });
  } else if (asked === undefined ? cidr.length > usual : asked < cidr.length) {
    const at = asked === undefined ? { path, part: "key" as const } : { path: [...path, "blockSize"] };
    const message = `a block of /${asked ?? usual} does not fit into ${cidr}`;
    check.complain({ code: "block-too-large", ...at, message, hint: `blockSize: ${Math.max(cidr.length, min)}` });
  }
  return asked === undefined ? {} : { blockSize: asked };
}

function selector(entry: PoolMap | undefined, path: Path, check: Check): IpPool["selects"] {
  if (entry?.nodeSelector === undefined) return EVERYTHING;
  const read = parseSelector(entry.nodeSelector);
  if (!read) {
    const message = `${quoted(entry.nodeSelector)} is not a selector`;
    const hint = `for example rack == "1", has(rack), or all()`;
    check.complain({ code: "bad-selector", path: [...path, "nodeSelector"], message, hint });
  }
  return read ?? EVERYTHING;
}

function checkOverlaps(pools: readonly IpPool[], check: Check): void {
  for (const [i, pool] of pools.entries()) {
    const other = pools.slice(0, i).find(({ cidr }) => cidr.overlaps(pool.cidr));
    if (!other) continue;
    const message = `pool ${pool.name} ${pool.cidr} overlaps pool ${other.name} ${other.cidr}`;
    const path = ["cni", "calico", "ipPools", pool.name];
    check.complain({ code: "overlap", path, part: "key", message, hint: "choose networks apart" });
  }
}

/** Where a host's share of the pods' addresses is cut from, and how long it is. */
export interface ShareSource {
  readonly whole: Prefix;
  readonly length: number;
}

/**
 * What a host with these labels draws its pods' addresses from, one a family: the first pool by name that is open to
 * it (libcalico-go/lib/ipam/ipam.go `determinePools`). A pool too small for several shares of `nodeMaskSize` is shared
 * out by blocks.
 */
export function shareSources(
  { podCIDRs, nodeMaskSize }: Cluster,
  pools: readonly IpPool[],
  labels: Host["labels"],
): readonly ShareSource[] {
  return podCIDRs.flatMap(({ family }): ShareSource[] => {
    const pool = pools.find((each) => each.cidr.family === family && drawsFrom(each, labels));
    if (!pool) return [];
    return [{ whole: pool.cidr, length: shareLength(pool, { podCIDRs, nodeMaskSize }) }];
  });
}

/** How long a host's share of a pool is: `nodeMaskSize`, or a block where the pool is too small for several of those. */
export function shareLength(
  { cidr, blockSize }: IpPool,
  { podCIDRs, nodeMaskSize }: Pick<Cluster, "podCIDRs" | "nodeMaskSize">,
): number {
  const length = cidr.family === 4 ? nodeMaskSize.v4 : nodeMaskSize.v6;
  if (cidr.length + 2 <= length || podCIDRs.some((whole) => whole.equals(cidr))) return length;
  return Math.max(cidr.length, blockSize ?? BLOCK_SIZES[cidr.family].usual);
}

function drawsFrom({ disabled, assignmentMode, allowedUses, selects }: IpPool, labels: Host["labels"]): boolean {
  return !disabled && assignmentMode === "Automatic" && allowedUses.includes("Workload") && selects(labels);
}
