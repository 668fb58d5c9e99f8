import { Ip } from "../addr/ip.ts";
import type { Check } from "./check.ts";
import { addressPath } from "./entry-path.ts";
import type { TopologyFile } from "./file.ts";
import type { GeneratedMachines } from "./generated-machines.ts";
import { nearest } from "./nearest.ts";
import { readNics, type Seat } from "./nics.ts";
import type { Path } from "./path.ts";
import { notAnAddress, quoted } from "./prefixes.ts";
import type { Machines } from "./sections.ts";
import type { Nic } from "./topology.ts";
import { listed, type Segment, segmentIndex } from "./underlay.ts";

/** Gives every address of every machine its network card; knows afterwards who owns what. */
export interface Seats {
  /** The cards of a machine, in the order its subnets appear. */
  readonly nicsOf: (section: "routers" | "hosts", name: string) => readonly Nic[];
  /** The machine that has an address. */
  readonly ownerOf: (ip: Ip) => string | undefined;
  /** The routers on a subnet, in file order, each with its addresses there. */
  readonly routersOn: (subnet: string) => ReadonlyMap<string, readonly Ip[]>;
}

/** A key for sets of addresses: the word itself for IPv4. */
function addressKey(ip: Ip): number | string {
  return ip.family === 4 ? (ip.words[0] ?? 0) : ip.toString();
}

/**
 * Seats all machines: first the addresses that are written out, then, in file order and routers first, those that are
 * only a subnet's name and take the next free address there.
 */
export function seatMachines(
  file: TopologyFile,
  sections: Machines,
  generated: GeneratedMachines,
  segments: ReadonlyMap<string, Segment>,
  check: Check,
): Seats {
  const segmentOf = segmentIndex(segments);
  const owners = new Map<number | string, string>();
  for (const section of ["routers", "hosts"] as const) {
    for (const { name, nics } of generated[section].values()) {
      if (sections[section].has(name)) continue;
      for (const { addresses } of nics) for (const { ip } of addresses) owners.set(addressKey(ip), name);
    }
  }
  const seats = { routers: new Map<string, Seat[][]>(), hosts: new Map<string, Seat[][]>() };
  const waiting: { name: string; segment: Segment; mine: Seat[][]; i: number; path: () => Path }[] = [];

  for (const section of ["routers", "hosts"] as const) {
    for (const [name, entry] of sections[section]) {
      const mine: Seat[][] = [];
      seats[section].set(name, mine);
      const texts = entry.address !== undefined ? [entry.address] : (entry.addresses ?? []);
      if (texts.length === 0) complainOfNone(file, section, name, check);
      if (entry.address !== undefined && entry.addresses !== undefined) {
        const path = [section, name, "addresses"];
        check.complain({
          code: "two-forms",
          path,
          message: `${name} has address and addresses`,
          hint: "put all in addresses",
        });
      }
      for (const [i, text] of texts.entries()) {
        const ip = Ip.parse(text);
        const segment = ip ? segmentOf(ip) : segments.get(text);
        const path = () => addressPath(file, section, name, i);
        mine.push([]);
        if (!ip && segment) waiting.push({ name, segment, mine, i, path });
        else if (!ip) complainOfWord(text, path(), segments, check);
        else if (!segment) complainOfStray(ip, path(), segments, check);
        else if (claim(ip, segment, name, path)) mine[i] = [{ ip, segment }];
      }
    }
  }
  const reserved = reservedAddresses(segments);
  const next = new Map<Segment, number>();
  for (const { name, segment, mine, i, path } of waiting) {
    const free = takeFree(segment, owners, reserved, next);
    for (const ip of free) owners.set(addressKey(ip), name);
    mine[i] = free.map((ip) => ({ ip, segment }));
    if (free.length > 0 || segment.cidrs.length === 0) continue;
    const message = `${segment.name} has no free address`;
    check.complain({ code: "subnet-full", path: path(), message, hint: "give it a shorter prefix" });
  }

  function claim(ip: Ip, segment: Segment, name: string, path: () => Path): boolean {
    const owner = owners.get(addressKey(ip));
    if (owner !== undefined) {
      const message = owner === name ? `${ip} stands here twice` : `${ip} is ${owner}'s already`;
      check.complain({ code: "duplicate-address", path: path(), message, hint: "give it another address" });
      return false;
    }
    owners.set(addressKey(ip), name);
    const cidr = segment.cidrs.find((network) => network.contains(ip));
    if (cidr?.family === 4 && cidr.length < 31 && (ip.equals(cidr.ip) || ip.equals(cidr.broadcast))) {
      const what = ip.equals(cidr.ip) ? "network" : "broadcast";
      const message = `${ip} is the ${what} address of ${segment.name} ${cidr}`;
      check.complain({ code: "address-not-usable", path: path(), message, hint: `for example ${cidr.host(1)}` });
    }
    return true;
  }

  const routersOn = new Map<string, Map<string, Ip[]>>();
  for (const [name, mine] of seats.routers) {
    for (const { ip, segment } of mine.flat()) {
      const there = routersOn.get(segment.name) ?? new Map<string, Ip[]>();
      routersOn.set(segment.name, there.set(name, [...(there.get(name) ?? []), ip]));
    }
  }
  return {
    nicsOf: (section, name) => {
      const entry = sections[section].get(name) ?? {};
      return readNics(seats[section].get(name)?.flat() ?? [], entry, [section, name], check);
    },
    ownerOf: (ip) => owners.get(addressKey(ip)),
    routersOn: (subnet) => routersOn.get(subnet) ?? new Map(),
  };
}

function complainOfNone(file: TopologyFile, section: "routers" | "hosts", name: string, check: Check): void {
  if (check.isLost(section, name)) return;
  const message = `${name} has no address`;
  const hint = file.generate ? "add address: ADDRESS; no such name is generated" : "add address: ADDRESS";
  check.complain({ code: "missing-key", path: [section, name], part: "key", message, hint });
}

function complainOfWord(text: string, path: Path, segments: ReadonlyMap<string, Segment>, check: Check): void {
  if (/^[\d.:/]*$/.test(text) || text.includes(":")) {
    check.complain({ code: "bad-address", path, ...notAnAddress(text) });
    return;
  }
  if (check.isLost("subnets", text)) return;
  const meant = nearest(text, segments.keys());
  const hint = meant === undefined ? `subnets are ${listed([...segments.keys()])}` : `did you mean ${meant}?`;
  check.complain({ code: "bad-address", path, message: `${quoted(text)} is neither an address nor a subnet`, hint });
}

function complainOfStray(ip: Ip, path: Path, segments: ReadonlyMap<string, Segment>, check: Check): void {
  if (check.isShaky("subnets") || [...segments.values()].some(({ cidrs }) => cidrs.length === 0)) return;
  const networks = [...segments.values()].map(({ name, cidrs }) => `${name} ${cidrs.join(", ")}`);
  const hint = networks.length === 0 ? "add it under subnets:" : `subnets are ${listed(networks)}`;
  check.complain({ code: "address-on-no-subnet", path, message: `${ip} is on no subnet`, hint });
}

/** Gateways that a file names keep their addresses even where no machine has them yet. */
function reservedAddresses(segments: ReadonlyMap<string, Segment>): ReadonlySet<number | string> {
  const reserved = new Set<number | string>();
  for (const { entry, cidrs } of segments.values()) {
    const texts = typeof entry.gateway === "string" ? [entry.gateway] : (entry.gateway ?? []);
    for (const text of texts) {
      const ip = Ip.parse(text);
      if (ip) reserved.add(addressKey(ip));
    }
    if (entry.routes !== undefined && texts.length === 0)
      for (const cidr of cidrs) reserved.add(addressKey(cidr.host(1)));
  }
  return reserved;
}

/** The next free address of each family; empty when one of them has run out. */
function takeFree(
  segment: Segment,
  owners: ReadonlyMap<number | string, string>,
  reserved: ReadonlySet<number | string>,
  next: Map<Segment, number>,
): readonly Ip[] {
  const least = Math.min(...segment.cidrs.map((cidr) => cidr.size - (cidr.family === 4 ? 1 : 0)));
  for (let n = next.get(segment) ?? 1; n < least; n++) {
    const free = segment.cidrs.map((cidr) => cidr.host(n));
    next.set(segment, n + 1);
    if (free.every((ip) => !owners.has(addressKey(ip)) && !reserved.has(addressKey(ip)))) return free;
  }
  return [];
}
