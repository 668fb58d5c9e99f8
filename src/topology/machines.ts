import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import { type PeerNames, readOriginate, resolveSpeaker } from "./bgp.ts";
import type { Check } from "./check.ts";
import type { HostMap, RouterMap, TopologyFile } from "./file.ts";
import { resolveHostCni } from "./host-cni.ts";
import { checkName } from "./names.ts";
import { readAgentMacs } from "./nics.ts";
import { shareSources } from "./pools.ts";
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
export function resolveRouter(name: string, entry: RouterMap, around: Surroundings, check: Check): Router {
  const path = ["routers", name];
  checkName(name, path, check);
  const { cni, seats, names } = around;
  const { bgp, igp = true, routes = [] } = entry;
  const nics = seats.nicsOf("routers", name);
  const router: Router = { name, nics, igp, routes: commands(routes, [...path, "routes"], check) };
  if (bgp === undefined) return check.placed(router, path);
  const filters = new Set(cni.calico.bgpFilters.keys());
  const side = { name, as: bgp.as, path: [...path, "bgp"], names, filters };
  const speaker = resolveSpeaker(bgp, side, check);
  return check.placed({ ...router, bgp: { ...speaker, ...readOriginate(bgp, nics, side.path, check) } }, path);
}

/** A host with its cards, the address its CNI detects, and its share of the pods' networks. */
export function resolveHost(name: string, index: number, entry: HostMap, around: Surroundings, check: Check): Host {
  const path = ["hosts", name];
  const { cluster, cni, seats, names } = around;
  checkName(name, path, check);
  const nics = seats.nicsOf("hosts", name);
  const agentMacs = readAgentMacs(entry, path, check);
  const detected = nodeIPs(name, entry, nics, check);
  const own = { cluster, nodeIPs: detected, path: [...path, "cni"] };
  const hostCni = entry.cni === undefined ? NO_CNI : resolveHostCni(entry.cni, own, check);
  const labels = entry.labels === undefined ? NO_LABELS : new Map(Object.entries(entry.labels));
  const host: Host = {
    name,
    index,
    nics,
    nodeIPs: detected,
    podCIDRs: podCIDRs({ name, index, entry, labels, blocks: hostCni.calico.blocks }, around, check),
    labels,
    cni: hostCni,
    ...(agentMacs && { agentMacs }),
  };
  if (entry.bgp === undefined) return check.placed(host, path);
  const as = hostCni.calico.asNumber ?? cni.calico.asNumber;
  const filters = new Set(cni.calico.bgpFilters.keys());
  const bgp = resolveSpeaker(entry.bgp, { name, as, path: [...path, "bgp"], names, filters }, check);
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
  // What an agent has detected may be wrong, and is believed by all others all the same.
  const stray = asked.find((ip) => all.length > 0 && !all.some((own) => own.equals(ip)));
  if (stray) check.assume({ what: `${name} is known by ${stray}, which no card of its has`, supply: path.join(".") });
  return asked;
}

interface Asking extends Pick<Host, "name" | "index" | "labels"> {
  readonly entry: HostMap;
  readonly blocks: readonly Prefix[] | undefined;
}

function podCIDRs(
  { name, index, entry, labels, blocks }: Asking,
  { cluster, cni, file }: Surroundings,
  check: Check,
): readonly Prefix[] {
  if (entry.podCIDR !== undefined) {
    const path = ["hosts", name, "podCIDR"];
    const asked = readPrefixes(entry.podCIDR, path, check);
    for (const cidr of asked) {
      const { podNetworks } = cluster;
      if (podNetworks.length === 0 || podNetworks.some((whole) => whole.containsPrefix(cidr))) continue;
      const alien = podNetworks.every((whole) => whole.family !== cidr.family);
      const message = alien
        ? `the cluster has no IPv${cidr.family} pods`
        : `${cidr} is not in the pods' ${podNetworks.join(", ")}`;
      const hint = alien ? `add an IPv${cidr.family} network to cluster.podCIDR` : "choose a part of cluster.podCIDR";
      check.complain({ code: alien ? "family-mismatch" : "outside-pod-cidr", path, message, hint });
    }
    return asked;
  }
  // Without a share of its own a host has its first block for one.
  if (blocks) return ([4, 6] as const).flatMap((family) => blocks.find((block) => block.family === family) ?? []);
  const sources = shareSources(cluster, cni.calico.ipPools, labels);
  for (const { family } of cluster.podCIDRs) {
    if (sources.some(({ whole }) => whole.family === family)) continue;
    const message = `no IP pool gives IPv${family} addresses to the pods of ${name}`;
    const hint = "a pool that is not disabled, is assigned automatically, and whose nodeSelector takes this host";
    check.complain({ code: "no-pool", path: ["hosts", name], part: "key", message, hint });
  }
  return sources.flatMap(({ whole, length }) => {
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
  const named = [...entries.values()].some((entry) => entry.podCIDR ?? entry.cni?.calico?.blocks);
  if (!named) return;
  const all = [...hosts.values()].flatMap((host) => host.podCIDRs.map((cidr) => ({ cidr, host })));
  let outer: (typeof all)[number] | undefined;
  for (const inner of all.sort((a, b) => a.cidr.ip.compare(b.cidr.ip) || a.cidr.length - b.cidr.length)) {
    if (!outer?.cidr.containsPrefix(inner.cidr)) {
      outer = inner;
      continue;
    }
    const isNamed = ({ host }: { readonly host: Host }) => {
      const entry = entries.get(host.name);
      return (entry?.podCIDR ?? entry?.cni?.calico?.blocks) !== undefined;
    };
    const [told, other] = isNamed(inner) ? [inner, outer] : [outer, inner];
    if (!isNamed(told)) continue;
    const message = `${told.cidr} of ${told.host.name} overlaps ${other.cidr} of ${other.host.name}`;
    const hint = "give each its own";
    const key = entries.get(told.host.name)?.podCIDR === undefined ? ["cni", "calico", "blocks"] : ["podCIDR"];
    check.complain({ code: "overlap", path: ["hosts", told.host.name, ...key], message, hint });
  }
}
