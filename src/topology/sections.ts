import type { Path } from "./complaint.ts";
import type {
  HostEntry,
  HostMap,
  RouterEntry,
  RouterMap,
  SubnetEntry,
  SubnetMap,
  Texts,
  TopologyFile,
} from "./file.ts";

/** The named entries of a file in their long forms, hand-written ones laid over generated ones. */
export interface Sections {
  readonly subnets: ReadonlyMap<string, SubnetMap>;
  readonly routers: ReadonlyMap<string, RouterMap>;
  readonly hosts: ReadonlyMap<string, HostMap>;
}

export const NO_SECTIONS: Sections = { subnets: new Map(), routers: new Map(), hosts: new Map() };

export function sectionsOf(file: TopologyFile, generated: Sections): Sections {
  return {
    subnets: overlay(file.subnets, generated.subnets, subnetMap),
    routers: overlay(file.routers, generated.routers, machineMap),
    hosts: overlay(file.hosts, generated.hosts, machineMap),
  };
}

/** Where the i-th address of a machine stands, whichever form its entry has. */
export function addressPath(file: TopologyFile, section: "routers" | "hosts", name: string, i: number): Path {
  const path = [section, name];
  const entries = file[section];
  const entry: HostEntry | RouterEntry | undefined =
    entries && Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (entry === undefined || typeof entry === "string") return path;
  if (isList(entry)) return [...path, i];
  return entry.address !== undefined ? [...path, "address"] : [...path, "addresses", i];
}

/** Where the CIDR of a subnet stands. */
export function cidrPath(file: TopologyFile, name: string): Path {
  const entries = file.subnets;
  const entry = entries && Object.hasOwn(entries, name) ? entries[name] : undefined;
  return entry === undefined || typeof entry === "string" || isList(entry)
    ? ["subnets", name]
    : ["subnets", name, "cidr"];
}

function overlay<Entry, Long extends object>(
  written: Readonly<Record<string, Entry>> | undefined,
  generated: ReadonlyMap<string, Long>,
  long: (entry: Entry) => Long,
): ReadonlyMap<string, Long> {
  const all = new Map(generated);
  for (const [name, entry] of Object.entries(written ?? {})) all.set(name, { ...all.get(name), ...long(entry) });
  return all;
}

function subnetMap(entry: SubnetEntry): SubnetMap {
  return typeof entry === "string" || isList(entry) ? { cidr: entry } : entry;
}

function machineMap<Long extends object>(
  entry: Texts | Long,
): Long | { address: string } | { addresses: readonly string[] } {
  if (typeof entry === "string") return { address: entry };
  return isList(entry) ? { addresses: entry } : entry;
}

function isList(entry: unknown): entry is readonly string[] {
  return Array.isArray(entry);
}
