import type { Prefix } from "../addr/prefix.ts";
import type { Check } from "./check.ts";
import type { ClusterEntry, PerFamily } from "./file.ts";
import { readPrefixes } from "./prefixes.ts";
import type { Cluster } from "./topology.ts";

const POD_CIDR = "10.244.0.0/16";
const SERVICE_CIDR = "10.96.0.0/12";

/** The cluster's networks with their defaults; complains of what cannot be divided or overlaps. */
export function resolveCluster(entry: ClusterEntry = {}, check: Check): Cluster {
  const podCIDRs = readPrefixes(entry.podCIDR ?? POD_CIDR, ["cluster", "podCIDR"], check);
  if (entry.podCIDR === undefined) check.assume({ what: `pods are in ${POD_CIDR}`, supply: "cluster.podCIDR" });
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
  const clash = podCIDRs.find((cidr) => serviceCIDRs.some((other) => other.overlaps(cidr)));
  if (clash === undefined) return { podCIDRs, nodeMaskSize, serviceCIDRs };
  if (entry.serviceCIDR === undefined) return { podCIDRs, nodeMaskSize, serviceCIDRs: [] };
  check.complain({
    code: "overlap",
    path: ["cluster", "serviceCIDR"],
    message: `services ${serviceCIDRs.join(", ")} and pods ${clash} overlap`,
    hint: "choose networks apart",
  });
  return { podCIDRs, nodeMaskSize, serviceCIDRs };
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
