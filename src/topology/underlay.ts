import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Check } from "./check.ts";
import { cidrPath } from "./entry-path.ts";
import type { SubnetMap, TopologyFile } from "./file.ts";
import { checkName } from "./names.ts";
import type { Path } from "./path.ts";
import { readPrefixes } from "./prefixes.ts";
import type { Cluster } from "./topology.ts";

/** A subnet as far as addresses need it; gateways come when routers are seated. */
export interface Segment {
  readonly name: string;
  readonly entry: SubnetMap;
  readonly cidrs: readonly Prefix[];
  readonly mtu: number;
}

const MTU = 1500;
/** RFC 8200 section 5: every link under IPv6 carries 1280 bytes. */
const IPV6_LEAST_MTU = 1280;

/** Names, networks and MTUs of all subnets; complains of overlaps with one another and with the cluster's networks. */
export function resolveSegments(
  file: TopologyFile,
  entries: ReadonlyMap<string, SubnetMap>,
  cluster: Cluster,
  check: Check,
): ReadonlyMap<string, Segment> {
  const segments = new Map<string, Segment>();
  const assumed: string[] = [];
  for (const [name, entry] of entries) {
    const path = ["subnets", name];
    checkName(name, path, check);
    if (entry.cidr === undefined && !check.isLost("subnets", name)) {
      const hint = "add cidr: 192.168.0.0/24";
      check.complain({ code: "missing-key", path, part: "key", message: `subnet ${name} has no cidr`, hint });
    }
    const cidrs = entry.cidr === undefined ? [] : readPrefixes(entry.cidr, cidrPath(file, name), check);
    const mtu = entry.mtu ?? MTU;
    if (entry.mtu === undefined) assumed.push(name);
    if (mtu < IPV6_LEAST_MTU && cidrs.some((cidr) => cidr.family === 6)) {
      const message = `IPv6 needs an MTU of ${IPV6_LEAST_MTU}, and ${name} has ${mtu}`;
      check.complain({ code: "mtu-too-small", path: [...path, "mtu"], message, hint: `mtu: ${IPV6_LEAST_MTU}` });
    }
    segments.set(name, { name, entry, cidrs, mtu });
  }
  if (assumed.length > 0) {
    const which = assumed.length === segments.size ? "every subnet" : listed(assumed);
    check.assume({ what: `the MTU of ${which} is ${MTU}`, supply: "subnets.NAME.mtu" });
  }
  checkOverlaps(file, segments, cluster, check);
  return segments;
}

/** Finds the subnet that an address lies in. */
export function segmentIndex(segments: ReadonlyMap<string, Segment>): (ip: Ip) => Segment | undefined {
  const sorted = [...segments.values()]
    .flatMap((segment) => segment.cidrs.map((cidr) => ({ cidr, segment })))
    .sort((a, b) => a.cidr.ip.compare(b.cidr.ip));
  return (ip) => {
    let low = 0;
    let high = sorted.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((sorted[middle]?.cidr.ip.compare(ip) ?? 1) <= 0) low = middle;
      else high = middle - 1;
    }
    const found = sorted[low];
    return found?.cidr.contains(ip) ? found.segment : undefined;
  };
}

/** Up to five names, and how many more. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

interface Named {
  readonly cidr: Prefix;
  readonly owner: string;
  readonly path: Path;
}

function checkOverlaps(
  file: TopologyFile,
  segments: ReadonlyMap<string, Segment>,
  cluster: Cluster,
  check: Check,
): void {
  // Pools may lie inside the pod CIDR, or apart from it.
  const { podCIDRs } = cluster;
  const apart = cluster.podNetworks.filter((pool) => podCIDRs.every((cidr) => !cidr.overlaps(pool)));
  const podNetworks = [...podCIDRs, ...apart];
  const all: Named[] = [
    ...podNetworks.map((cidr) => ({ cidr, owner: "the pods' network", path: ["cluster", "podCIDR"] })),
    ...[...segments.values()].flatMap(({ name, cidrs }) =>
      cidrs.map((cidr) => ({ cidr, owner: `subnet ${name}`, path: cidrPath(file, name) })),
    ),
  ];
  let outer: Named | undefined;
  for (const inner of all.sort((a, b) => a.cidr.ip.compare(b.cidr.ip) || a.cidr.length - b.cidr.length)) {
    if (!outer?.cidr.containsPrefix(inner.cidr)) {
      outer = inner;
      continue;
    }
    // The pods' network may be our default, so the subnet is the one to point at.
    const [told, other] = inner.path[0] === "cluster" ? [outer, inner] : [inner, outer];
    const message = `${told.owner} ${told.cidr} overlaps ${other.owner} ${other.cidr}`;
    const hint =
      other.path[0] === "cluster" ? "choose another network, or another cluster.podCIDR" : "choose networks apart";
    check.complain({ code: "overlap", path: told.path, message, hint });
  }
  for (const service of file.cluster?.serviceCIDR === undefined ? [] : cluster.serviceCIDRs) {
    const clash = all.find(({ cidr, path }) => path[0] === "subnets" && cidr.overlaps(service));
    if (!clash) continue;
    const message = `${clash.owner} ${clash.cidr} overlaps the services' network ${service}`;
    check.complain({ code: "overlap", path: clash.path, message, hint: "set cluster.serviceCIDR to a network apart" });
  }
}
