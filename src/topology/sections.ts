import type { HostEntry, HostMap, RouterEntry, RouterMap, SubnetEntry, SubnetMap, TopologyFile } from "./file.ts";
import { asWritten, type GeneratedMachines } from "./generated-machines.ts";

/** Routers and hosts that a file writes, in their long forms; what a file writes lies over what is generated. */
export interface Machines {
  readonly routers: ReadonlyMap<string, RouterMap>;
  readonly hosts: ReadonlyMap<string, HostMap>;
}

/** All subnets, generated ones first; their networks stay what they are. */
export function subnetsOf(
  { subnets = {} }: TopologyFile,
  generated: ReadonlyMap<string, SubnetMap>,
): ReadonlyMap<string, SubnetMap> {
  const all = new Map(generated);
  for (const [name, entry] of Object.entries(subnets)) {
    const below = generated.get(name);
    const { cidr, ...rest } = subnetMap(entry);
    all.set(name, below ? { ...below, ...rest } : subnetMap(entry));
  }
  return all;
}

/** The machines that the file writes something of. */
export function machinesOf({ routers = {}, hosts = {} }: TopologyFile, generated: GeneratedMachines): Machines {
  const longRouters = new Map<string, RouterMap>();
  for (const [name, entry] of Object.entries(routers)) {
    const below = generated.routers.get(name);
    longRouters.set(name, below ? layOver(asWritten(below), routerMap(entry)) : routerMap(entry));
  }
  const longHosts = new Map<string, HostMap>();
  for (const [name, entry] of Object.entries(hosts)) {
    const below = generated.hosts.get(name);
    longHosts.set(name, below ? layOver(asWritten(below), hostMap(entry)) : hostMap(entry));
  }
  return { routers: longRouters, hosts: longHosts };
}

/** A written address takes the place of the generated ones, under whichever key it stands. */
function layOver<Long extends RouterMap | HostMap>({ addresses, ...below }: HostMap & RouterMap, written: Long): Long {
  const own = written.address !== undefined || written.addresses !== undefined;
  return own ? { ...below, ...written } : { addresses, ...below, ...written };
}

function subnetMap(entry: SubnetEntry): SubnetMap {
  return typeof entry === "string" || isList(entry) ? { cidr: entry } : entry;
}

function routerMap(entry: RouterEntry): RouterMap {
  if (typeof entry === "string") return { address: entry };
  return isList(entry) ? { addresses: entry } : entry;
}

function hostMap(entry: HostEntry): HostMap {
  if (typeof entry === "string") return { address: entry };
  return isList(entry) ? { addresses: entry } : entry;
}

function isList(entry: unknown): entry is readonly string[] {
  return Array.isArray(entry);
}
