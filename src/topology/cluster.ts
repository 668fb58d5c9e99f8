import type { Prefix } from "../addr/prefix.ts";
import type { Check } from "./check.ts";
import type { ClusterEntry, PerFamily } from "./file.ts";
import { readPrefixes } from "./prefixes.ts";
import type { Cluster, IpPool } from "./topology.ts";

const POD_CIDR = "10.244.0.0/16";
const SERVICE_CIDR = "10.96.0.0/12";

/** The cluster's networks with their defaults; complains of what cannot be divided or overlaps. */
export function resolveCluster(entry: ClusterEntry = {}, pools: readonly IpPool[], check: Check): Cluster {
  const podCIDRs = resolvePodCIDRs(entry, pools, check);
  const held = pools.filter(({ allowedUses }) => allowedUses.includes("Workload"));
  const podNetworks = held.length > 0 ? held.map(({ cidr }) => cidr) : podCIDRs;
  const serviceCIDRs = readPrefixes(entry.serviceCIDR ?? SERVICE_CIDR, ["cluster", "serviceCIDR"], check);
  const nodeMaskSize = perFamily(entry.nodeMaskSize, podCIDRs, { v4: 24, v6: 64 });
  for (const cidr of podCIDRs) {
    const size = cidr.family === 4 ? nodeMaskSize.v4 : nodeMaskSize.v6;
    if (size >= cidr.length && size <= cidr.ip.bits) continue;
    check.complain({
      code: "bad-node-mask",
      path: entry.nodeMaskSize === undefined ? ["cluster", "podCIDR"] : ["cluster", "nodeMaskSize"],
      message: `a host's share of ${cidr} cannot be a /${size}`,
      hint: `nodeMaskSize: ${Math.min(cidr.length + 8, cidr.ip.bits)}`,
    });
  }
  const clash = [...podCIDRs, ...pools.map(({ cidr }) => cidr)].find((cidr) =>
    serviceCIDRs.some((other) => other.overlaps(cidr)),
  );
  if (clash === undefined) return { podCIDRs, nodeMaskSize, serviceCIDRs, podNetworks };
  if (entry.serviceCIDR === undefined) return { podCIDRs, nodeMaskSize, serviceCIDRs: [], podNetworks };
  check.complain({
    code: "overlap",
    path: ["cluster", "serviceCIDR"],
    message: `services ${serviceCIDRs.join(", ")} and pods ${clash} overlap`,
    hint: "choose networks apart",
  });
  return { podCIDRs, nodeMaskSize, serviceCIDRs, podNetworks };
}

/** What the file says; else the first IP pool of each family, as installers give both the same network; else ours. */
function resolvePodCIDRs(entry: ClusterEntry, pools: readonly IpPool[], check: Check): readonly Prefix[] {
  if (entry.podCIDR !== undefined) return readPrefixes(entry.podCIDR, ["cluster", "podCIDR"], check);
  const cidrs = pools.map(({ cidr }) => cidr);
  const first = ([4, 6] as const).flatMap((family) => cidrs.find((cidr) => cidr.family === family) ?? []);
  if (first.length > 0) return first;
  check.assume({ what: `pods are in ${POD_CIDR}`, supply: "cluster.podCIDR" });
  return readPrefixes(POD_CIDR, ["cluster", "podCIDR"], check);
}

/** One number goes to IPv4, or to IPv6 where that is the only family or the number says so. */
export function perFamily(
  entry: PerFamily | undefined,
  cidrs: readonly Prefix[],
  defaults: { readonly v4: number; readonly v6: number },
): { readonly v4: number; readonly v6: number } {
  if (typeof entry !== "number") return { v4: entry?.v4 ?? defaults.v4, v6: entry?.v6 ?? defaults.v6 };
  const onlyV6 = cidrs.length > 0 && cidrs.every((cidr) => cidr.family === 6);
  return onlyV6 || entry > 32 ? { v4: defaults.v4, v6: entry } : { v4: entry, v6: defaults.v6 };
}
