import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import { type PeerNames, resolveSpeaker } from "./bgp.ts";
import type { Check } from "./check.ts";
import { resolveHostCni } from "./cni.ts";
import type { HostMap, RouterMap, TopologyFile } from "./file.ts";
import { checkName } from "./names.ts";
import { readIps, readPrefixes } from "./prefixes.ts";
import type { Seats } from "./seats.ts";
import { commands } from "./subnets.ts";
import type { Cluster, Cni, Host, Nic, Router } from "./topology.ts";

/** What the entries of hosts and routers are resolved against. */
export interface Surroundings {
  readonly cluster: Cluster;
  readonly cni: Cni;
  readonly seats: Seats;
  readonly names: PeerNames;
  readonly file: TopologyFile;
}

/** A router with its cards, its routes as text, and its sessions. */
export function resolveRouter(name: string, entry: RouterMap, { seats, names }: Surroundings, check: Check): Router {
  const path = ["routers", name];
  checkName(name, path, check);
  const { bgp, igp = true, routes = [] } = entry;
  const nics = seats.nicsOf("routers", name);
  const router: Router = { name, nics, igp, routes: commands(routes, [...path, "routes"], check) };
  if (bgp === undefined) return check.placed(router, path);
  const speaker = resolveSpeaker(bgp, { name, as: bgp.as, path: [...path, "bgp"] }, names, check);
  return check.placed({ ...router, bgp: speaker }, path);
}

/** A host with its cards, the address its CNI detects, and its share of the pods' networks. */
export function resolveHost(name: string, index: number, entry: HostMap, around: Surroundings, check: Check): Host {
  const path = ["hosts", name];
  const { cluster, cni, seats, names } = around;
  checkName(name, path, check);
  const nics = seats.nicsOf("hosts", name);
  const hostCni = entry.cni === undefined ? NO_CNI : resolveHostCni(entry.cni, cluster, [...path, "cni"], check);
  const host: Host = {
    name,
    index,
    nics,
    nodeIPs: nodeIPs(name, entry, nics, check),
    podCIDRs: podCIDRs(name, index, entry, around, check),
    labels: entry.labels === undefined ? NO_LABELS : new Map(Object.entries(entry.labels)),
    cni: hostCni,
  };
  if (entry.bgp === undefined) return check.placed(host, path);
  const as = hostCni.calico.asNumber ?? cni.calico.asNumber;
  const bgp = resolveSpeaker(entry.bgp, { name, as, path: [...path, "bgp"] }, names, check);
  return check.placed({ ...host, bgp }, path);
}

const NO_CNI: Host["cni"] = { flannel: {}, calico: {}, modes: new Map() };
const NO_LABELS: Host["labels"] = new Map();

function nodeIPs(name: string, entry: HostMap, nics: readonly Nic[], check: Check): readonly Ip[] {
  if (entry.nodeIP === undefined) {
    const found: Ip[] = [];
    for (const { addresses } of nics) {
      for (const { ip } of addresses) if (!found.some((other) => other.family === ip.family)) found.push(ip);
    }
    return found.sort((a, b) => a.family - b.family);
  }
  const all = nics.flatMap((nic) => nic.addresses.map(({ ip }) => ip));
  const path = ["hosts", name, "nodeIP"];
  const asked = readIps(entry.nodeIP, path, check);
  const stray = asked.find((ip) => all.length > 0 && !all.some((own) => own.equals(ip)));
  if (stray) {
    const hint = `its addresses are ${all.join(", ")}`;
    check.complain({ code: "node-ip-not-own", path, message: `${stray} is no address of ${name}`, hint });
  }
  return asked;
}

function podCIDRs(
  name: string,
  index: number,
  entry: HostMap,
  { cluster, file }: Surroundings,
  check: Check,
): readonly Prefix[] {
  if (entry.podCIDR !== undefined) {
    const path = ["hosts", name, "podCIDR"];
    const asked = readPrefixes(entry.podCIDR, path, check);
    for (const cidr of asked) {
      if (cluster.podCIDRs.length === 0 || cluster.podCIDRs.some((whole) => whole.containsPrefix(cidr))) continue;
      const alien = cluster.podCIDRs.every((whole) => whole.family !== cidr.family);
      const message = alien
        ? `the cluster has no IPv${cidr.family} pods`
        : `${cidr} is not in the pods' ${cluster.podCIDRs.join(", ")}`;
      const hint = alien ? `add an IPv${cidr.family} network to cluster.podCIDR` : "choose a part of cluster.podCIDR";
      check.complain({ code: alien ? "family-mismatch" : "outside-pod-cidr", path, message, hint });
    }
    return asked;
  }
  return cluster.podCIDRs.flatMap((whole) => {
    const length = whole.family === 4 ? cluster.nodeMaskSize.v4 : cluster.nodeMaskSize.v6;
    const shares = 2 ** Math.max(0, length - whole.length);
    // One complaint is enough: the first host that goes without.
    if (index + 1 === shares && length >= whole.length) {
      const message = `${whole} has no /${length} left for ${name}, host ${index + 1}`;
      const hint = "the first share is not given out; take a larger cluster.podCIDR, or a larger cluster.nodeMaskSize";
      const path = Object.hasOwn(file.hosts ?? {}, name) ? ["hosts", name] : ["generate"];
      check.complain({ code: "pod-cidr-exhausted", path, part: "key", message, hint });
    }
    return index + 1 < shares ? [whole.subnet(length, index + 1)] : [];
  });
}

/** Complains of names that are a router's and a host's: peers and faults say only the name. */
export function checkNames(
  routers: ReadonlyMap<string, Router>,
  hosts: ReadonlyMap<string, Host>,
  file: TopologyFile,
  check: Check,
): void {
  for (const name of routers.keys()) {
    if (!hosts.has(name)) continue;
    const section = Object.hasOwn(file.routers ?? {}, name) ? "routers" : "hosts";
    const message = `${name} is a router and a host`;
    check.complain({ code: "name-taken", path: [section, name], part: "key", message, hint: "rename one of them" });
  }
}

/** Complains of hosts whose shares overlap; only a share that the file names can. */
export function checkShares(
  hosts: ReadonlyMap<string, Host>,
  entries: ReadonlyMap<string, HostMap>,
  check: Check,
): void {
  const named = [...entries].some(([, entry]) => entry.podCIDR !== undefined);
  if (!named) return;
  const all = [...hosts.values()].flatMap((host) => host.podCIDRs.map((cidr) => ({ cidr, host })));
  let outer: (typeof all)[number] | undefined;
  for (const inner of all.sort((a, b) => a.cidr.ip.compare(b.cidr.ip) || a.cidr.length - b.cidr.length)) {
    if (!outer?.cidr.containsPrefix(inner.cidr)) {
      outer = inner;
      continue;
    }
    const [told, other] = entries.get(inner.host.name)?.podCIDR === undefined ? [outer, inner] : [inner, outer];
    const message = `${told.cidr} of ${told.host.name} overlaps ${other.cidr} of ${other.host.name}`;
    const hint = "give each its own";
    check.complain({ code: "overlap", path: ["hosts", told.host.name, "podCIDR"], message, hint });
  }
}
