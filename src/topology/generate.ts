import type { Prefix } from "../addr/prefix.ts";
import type { Check } from "./check.ts";
import { cidrPath } from "./entry-path.ts";
import type { GenerateEntry, SubnetMap, TopologyFile } from "./file.ts";
import { FIRST_HOST, rackAs, rackName } from "./generated-names.ts";
import type { ShareSource } from "./pools.ts";
import { readPrefixes } from "./prefixes.ts";

const UNDERLAY = "172.16.0.0/16";
const PRIVATE_AS_END = 65534;

/** A cluster of racks that fits its networks. */
export interface Racks {
  readonly racks: number;
  readonly hostsPerRack: number;
  readonly podsPerHost: number;
  readonly bgp: boolean;
  /** The networks of a rack, counted from 1, one a family. */
  readonly cidrsOf: (rack: number) => readonly Prefix[];
  readonly core: readonly Prefix[];
  readonly subnets: ReadonlyMap<string, SubnetMap>;
}

/**
 * Plans racks: subnets rack-001 … each with a router tor-001 … at .1 and hosts node-0001 … from .11, all routers on one
 * core, the underlay's last share. Complains of what does not fit; then nothing is generated.
 *
 * With `bgp` every rack is one AS, its router reflects between its hosts, and the routers peer with one another.
 */
export function planRacks(
  entry: GenerateEntry | undefined,
  sources: readonly ShareSource[],
  check: Check,
): Racks | undefined {
  if (entry === undefined) return undefined;
  const underlay = readPrefixes(entry.underlay ?? UNDERLAY, ["generate", "underlay"], check);
  if (!fits(entry, underlay, sources, check)) return undefined;
  if (entry.underlay === undefined) check.assume({ what: `racks are in ${UNDERLAY}`, supply: "generate.underlay" });
  const { racks, hostsPerRack, podsPerHost, bgp = false } = entry;
  const cidrsOf = (rack: number) => underlay.map((whole) => whole.subnet(shareLength(whole), rack));
  const core = underlay.map((whole) => whole.subnet(shareLength(whole), shares(whole) - 1));
  const subnets = new Map<string, SubnetMap>();
  for (let rack = 1; rack <= racks; rack++) {
    const cidrs = cidrsOf(rack);
    subnets.set(rackName(rack), { cidr: cidrs.map(String), gateway: cidrs.map((cidr) => String(cidr.host(1))) });
  }
  subnets.set("core", { cidr: core.map(String), gateway: "none" });
  return { racks, hostsPerRack, podsPerHost, bgp, cidrsOf, core, subnets };
}

/** Complains of a written network for a generated subnet, whose machines have their addresses already. */
export function checkRackNetworks(file: TopologyFile, { subnets }: Racks, check: Check): void {
  for (const [name, entry] of Object.entries(file.subnets ?? {})) {
    const isNetwork = typeof entry === "string" || Array.isArray(entry) || Object.hasOwn(entry, "cidr");
    if (!subnets.has(name) || !isNetwork) continue;
    const message = `the network of ${name} follows from generate`;
    const hint = "change generate.underlay, or call this subnet something else";
    check.complain({ code: "generated-network", path: cidrPath(file, name), message, hint });
  }
}

function fits(
  entry: GenerateEntry,
  underlay: readonly Prefix[],
  sources: readonly ShareSource[],
  check: Check,
): boolean {
  const { racks, hostsPerRack, podsPerHost, bgp } = entry;
  let good = underlay.length > 0;
  const refuse = (key: string, message: string, hint: string) => {
    good = false;
    check.complain({ code: "generate-too-large", path: ["generate", key], message, hint });
  };
  for (const whole of underlay) {
    // The first share is left out, as with the pods' networks; the last is the core, which seats 254 routers.
    const room = Math.min(Math.max(0, shares(whole) - 2), 254);
    const hint = room > 0 ? `at most ${room}` : "shorten the underlay's prefix";
    if (racks > room) refuse("racks", `${whole} has no room for ${racks} racks and a core`, hint);
  }
  if (bgp === true && rackAs(racks) > PRIVATE_AS_END) {
    refuse("racks", `there are not ${racks} private AS numbers`, `at most ${PRIVATE_AS_END - rackAs(1) + 1}`);
  }
  const seats = 255 - FIRST_HOST;
  if (hostsPerRack > seats) refuse("hostsPerRack", `a rack has no room for ${hostsPerRack} hosts`, `at most ${seats}`);
  const hosts = racks * hostsPerRack;
  for (const { whole, length } of sources) {
    const room = Math.max(0, 2 ** (whole.ip.bits - length) - 3);
    if (podsPerHost > room) {
      refuse("podsPerHost", `a host's /${length} has no room for ${podsPerHost} pods`, `at most ${room}`);
    }
    const parts = 2 ** Math.max(0, length - whole.length);
    if (hosts < parts) continue;
    const message = `${whole} has no /${length} for each of ${hosts} hosts`;
    const hint = `it has ${parts}, of which the first is not given out; take a larger cluster.podCIDR`;
    check.complain({ code: "pod-cidr-exhausted", path: ["generate"], part: "key", message, hint });
  }
  return good;
}

/** How many racks' networks an underlay has, up to 65,536. */
function shares(whole: Prefix): number {
  return 2 ** Math.min(Math.max(0, shareLength(whole) - whole.length), 16);
}

function shareLength(whole: Prefix): number {
  return whole.family === 4 ? 24 : 64;
}
