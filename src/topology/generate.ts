import type { Prefix } from "../addr/prefix.ts";
import type { Check } from "./check.ts";
import type { GenerateEntry, HostMap, PeerEntry, RouterMap, SubnetMap } from "./file.ts";
import { NO_PODS } from "./pod-list.ts";
import { readPrefixes } from "./prefixes.ts";
import { NO_SECTIONS, type Sections } from "./sections.ts";
import type { Cluster, Pod, Pods } from "./topology.ts";

const UNDERLAY = "172.16.0.0/16";
/** Hosts start at .11 of their rack's subnet; .1 is the rack's router. */
const FIRST_HOST = 11;
/** Rack k is AS 64511 + k, so rack-001 has Calico's default. */
const FIRST_AS = 64512;
const PRIVATE_AS_END = 65534;

/** What `generate` makes: entries as a file would have them, and pods on demand. */
export interface Generated {
  readonly sections: Sections;
  readonly pods: Pods;
}

/**
 * A cluster of racks: subnets rack-001 … each with a router tor-001 … at .1 and hosts node-0001 … from .11, all routers
 * on one core, the underlay's last share, and pods pod-000001 … counted through host by host.
 *
 * With `bgp` every rack is one AS, its router reflects between its hosts, and the routers peer with one another.
 */
export function generate(entry: GenerateEntry | undefined, cluster: Cluster, check: Check): Generated {
  if (entry === undefined) return { sections: NO_SECTIONS, pods: NO_PODS };
  const underlay = readPrefixes(entry.underlay ?? UNDERLAY, ["generate", "underlay"], check);
  if (!fits(entry, underlay, cluster, check)) return { sections: NO_SECTIONS, pods: NO_PODS };
  const { racks, hostsPerRack, bgp = false } = entry;
  const subnets = new Map<string, SubnetMap>();
  const routers = new Map<string, RouterMap>();
  const hosts = new Map<string, HostMap>();
  const shares = underlay.map((whole) => ({ whole, length: shareLength(whole) }));
  const core = shares.map(({ whole, length }) => whole.subnet(length, 2 ** Math.min(length - whole.length, 32) - 1));
  for (let rack = 1; rack <= racks; rack++) {
    const cidrs = shares.map(({ whole, length }) => whole.subnet(length, rack));
    const name = padded("rack", rack, 3);
    const tor = padded("tor", rack, 3);
    const as = FIRST_AS + rack - 1;
    subnets.set(name, { cidr: cidrs.map(String), gateway: cidrs.map((cidr) => String(cidr.host(1))) });
    const addresses = [...cidrs.map((cidr) => cidr.host(1)), ...core.map((cidr) => cidr.host(rack))].map(String);
    const members = Array.from({ length: hostsPerRack }, (_, i) => hostName((rack - 1) * hostsPerRack + i));
    const peers = bgp ? [...members, ...others(racks, rack)] : [];
    routers.set(tor, bgp ? { addresses, bgp: { as, peers, routeReflector: true } } : { addresses });
    const speaker = { as, peers: [tor] };
    for (const [i, member] of members.entries()) {
      const own = cidrs.map((cidr) => String(cidr.host(FIRST_HOST + i)));
      hosts.set(member, bgp ? { addresses: own, bgp: speaker } : { addresses: own });
    }
  }
  subnets.set("core", { cidr: core.map(String), gateway: "none" });
  if (entry.underlay === undefined) check.assume({ what: `racks are in ${UNDERLAY}`, supply: "generate.underlay" });
  return { sections: { subnets, routers, hosts }, pods: generatedPods(racks * hostsPerRack, entry.podsPerHost) };
}

function fits(entry: GenerateEntry, underlay: readonly Prefix[], cluster: Cluster, check: Check): boolean {
  const { racks, hostsPerRack, podsPerHost, bgp } = entry;
  if (underlay.length === 0) return false;
  let good = true;
  const refuse = (key: string, message: string, most: number) => {
    good = false;
    const hint = most > 0 ? `at most ${most}` : "shorten the underlay's prefix";
    check.complain({ code: "generate-too-large", path: ["generate", key], message, hint });
  };
  for (const whole of underlay) {
    const length = shareLength(whole);
    // The first share is left out, as with the pods' networks; the last is the core, which seats 254 routers.
    const room = Math.min(Math.max(0, 2 ** Math.min(length - whole.length, 16) - 2), 254);
    if (racks > room) refuse("racks", `${whole} has no room for ${racks} racks and a core`, room);
  }
  if (bgp === true && FIRST_AS + racks - 1 > PRIVATE_AS_END) {
    refuse("racks", `there are not ${racks} private AS numbers`, PRIVATE_AS_END - FIRST_AS + 1);
  }
  const seats = 255 - FIRST_HOST;
  if (hostsPerRack > seats) refuse("hostsPerRack", `a rack has no room for ${hostsPerRack} hosts`, seats);
  for (const whole of cluster.podCIDRs) {
    const length = whole.family === 4 ? cluster.nodeMaskSize.v4 : cluster.nodeMaskSize.v6;
    const room = 2 ** (whole.ip.bits - length) - 3;
    if (podsPerHost > room)
      refuse("podsPerHost", `a host's /${length} has no room for ${podsPerHost} pods`, Math.max(0, room));
  }
  return good;
}

function shareLength(whole: Prefix): number {
  return whole.family === 4 ? 24 : 64;
}

function others(racks: number, rack: number): PeerEntry[] {
  const all: PeerEntry[] = [];
  for (let other = 1; other <= racks; other++) if (other !== rack) all.push(padded("tor", other, 3));
  return all;
}

function generatedPods(hosts: number, podsPerHost: number): Pods {
  const size = hosts * podsPerHost;
  const indexOf = (name: string) => {
    const digits = /^default\/pod-(\d{6,})$/.exec(name)?.[1];
    const number = Number(digits ?? 0);
    return digits !== undefined && number >= 1 && number <= size && podName(number - 1) === name ? number - 1 : -1;
  };
  const make = (index: number): Pod => ({
    name: podName(index),
    host: hostName(Math.floor(index / podsPerHost)),
    addresses: [],
    labels: NO_LABELS,
    hostNetwork: false,
  });
  return {
    size,
    get: (name) => {
      const index = indexOf(name);
      return index < 0 ? undefined : make(index);
    },
    on: (host) => {
      const number = Number(/^node-(\d{4,})$/.exec(host)?.[1] ?? 0);
      if (number < 1 || number > hosts || hostName(number - 1) !== host) return [];
      return Array.from({ length: podsPerHost }, (_, i) => make((number - 1) * podsPerHost + i));
    },
    *names() {
      for (let i = 0; i < size; i++) yield podName(i);
    },
    pinnedAt: () => undefined,
  };
}

const NO_LABELS: Pod["labels"] = new Map();

function hostName(index: number): string {
  return padded("node", index + 1, 4);
}

function podName(index: number): string {
  return padded("default/pod", index + 1, 6);
}

function padded(word: string, number: number, width: number): string {
  return `${word}-${String(number).padStart(width, "0")}`;
}
