import type { HostEntry, RouterEntry, TopologyFile } from "./file.ts";
import type { Path } from "./path.ts";

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

function isList(entry: unknown): entry is readonly string[] {
  return Array.isArray(entry);
}
