import { Ip } from "../addr/ip.ts";
import { hash32 } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Policy, PolicyRule } from "../bgp/policy.ts";
import type { Peer, Speaker } from "../bgp/speaker.ts";
import { linkLocalOf } from "../kernel/derived.ts";
import type { BgpFilterRule, BgpPeer, Speaker as Configured, Host, Nic, Router } from "../topology/topology.ts";
import type { Family, HostPeer } from "./peer.ts";
import type { HostPeers } from "./peers.ts";
import { nicMac, type Underlay } from "./underlay.ts";
import { isModern } from "./version.ts";

/** What Calico's nodes from v3.32 on say of their own routes, so that the metric comes to 1024 (confd bird_ipam). */
const NORMAL_LOCAL_PREF = 2147482623;
/** LOCAL_PREF and a route's priority add up to BIRD's largest number. */
const MOST = 2147483647;

/** The BGP daemons of one address family, and the nodes among them that are in the mesh. */
export interface Speakers {
  readonly speakers: Map<string, Speaker>;
  readonly mesh: ReadonlySet<string>;
}

/** Every node runs a daemon; a router only when the topology says so. */
export function speakersOf(underlay: Underlay, peers: HostPeers, family: Family): Speakers {
  const speakers = new Map<string, Speaker>();
  const mesh = new Set<string>();
  const settings = configuredBy(underlay, family);
  for (const peer of peers.all()) {
    const address = peer.nodeIP(family);
    if (!address) continue;
    speakers.set(peer.name, {
      ...nodeSpeaker(peer, address, underlay),
      ...settings(peer.host.bgp, peer.calico.asNumber),
    });
    if (peer.calico.nodeToNodeMeshEnabled && !peer.host.bgp?.routeReflector) mesh.add(peer.name);
  }
  for (const router of underlay.routers.values()) {
    const [address] = addressesOf(router, family);
    if (router.bgp && address) {
      speakers.set(router.name, { ...routerSpeaker(router, address, underlay), ...settings(router.bgp, 0) });
    }
  }
  return { speakers, mesh };
}

/** All addresses of a machine's cards in a family. */
export function addressesOf({ nics }: { readonly nics: readonly Nic[] }, family: Family): readonly Ip[] {
  return nics.flatMap((nic) => nic.addresses.map(({ ip }) => ip)).filter((ip) => ip.family === family);
}

type Settings = Pick<Speaker, "as" | "peers" | "routeReflector" | "clusterId" | "originates">;
type Machine = Omit<Speaker, keyof Settings>;

function nodeSpeaker(peer: HostPeer, address: Ip, underlay: Underlay): Machine {
  return {
    ...machineSpeaker(peer.host, peer.netns, { family: address.family, underlay }),
    routerId: peer.nodeIP(4) ?? Ip.of(hash32(peer.name)),
    address,
    kind: "node",
    ...(isModern(peer.calico.version) && { localPref: NORMAL_LOCAL_PREF }),
  };
}

function routerSpeaker(router: Router, address: Ip, underlay: Underlay): Machine {
  const [routerId = Ip.of(hash32(router.name))] = addressesOf(router, 4);
  return {
    ...machineSpeaker(router, `router/${router.name}`, { family: address.family, underlay }),
    routerId,
    address,
    kind: "router",
  };
}

function machineSpeaker(
  { name, nics }: Host | Router,
  netns: string,
  { family, underlay }: { readonly family: Family; readonly underlay: Underlay },
): Pick<Speaker, "name" | "addresses" | "networks" | "linkLocals" | "alike"> {
  const addresses: Ip[] = [];
  const networks: Prefix[] = [];
  const linkLocals: Ip[] = [];
  let alike = "";
  for (const nic of nics) {
    alike += `${nic.subnet} `;
    for (const { ip, length } of nic.addresses) {
      if (ip.family !== family) continue;
      addresses.push(ip);
      networks.push(networkOf(nic, { ip, length }, underlay));
      if (family === 6) linkLocals.push(linkLocalOf(nicMac(netns, nic)));
    }
  }
  return { name, addresses, networks, ...(family === 6 && { linkLocals }), alike };
}

/** The subnet's own prefix where that is what the card has: thousands of speakers share it. */
function networkOf({ subnet }: Nic, { ip, length }: Nic["addresses"][number], { topology }: Underlay): Prefix {
  const cidrs = topology.subnets.get(subnet)?.cidrs ?? [];
  return cidrs.find((cidr) => cidr.length === length && cidr.contains(ip)) ?? Prefix.of(ip, length);
}

/** Reads what a machine is told of its sessions; the rules of a filter are made once. */
function configuredBy({ topology }: Underlay, family: Family): (told: Configured | undefined, as: number) => Settings {
  const policy = policies(topology.cni.calico.bgpFilters, family);
  const peerOf = ({ name, as, filters = [], nextHopMode, numAllowedLocalASNumbers }: BgpPeer): Peer => {
    const [exports, imports] = [policy("export", filters), policy("import", filters)];
    const nextHop = nextHopMode === "Self" ? "self" : nextHopMode === "Keep" ? "keep" : undefined;
    return {
      name,
      ...(as !== undefined && { as }),
      ...(exports && { exports }),
      ...(imports && { imports }),
      ...(nextHop && { nextHop }),
      ...(numAllowedLocalASNumbers !== undefined && { allowOwnAs: numAllowedLocalASNumbers }),
    };
  };
  return (told, as) => ({
    as: told?.as ?? as,
    routeReflector: told?.routeReflector ?? false,
    peers: told?.peers.map(peerOf) ?? [],
    ...(told?.clusterID && { clusterId: told.clusterID }),
    ...(told?.originate && { originates: told.originate.filter((prefix) => prefix.family === family) }),
  });
}

type Filters = ReadonlyMap<
  string,
  { readonly export: readonly BgpFilterRule[]; readonly import: readonly BgpFilterRule[] }
>;

function policies(filters: Filters, family: Family) {
  const known = new Map<string, Policy>();
  return (direction: "export" | "import", names: readonly string[]): Policy | undefined => {
    const rules = names
      .flatMap((name) => filters.get(name)?.[direction] ?? [])
      .filter((rule) => rule.family === family);
    if (rules.length === 0) return undefined;
    const key = `${direction} ${names.join()}`;
    const policy = known.get(key) ?? { key, rules: rules.map(ruleOf) };
    known.set(key, policy);
    return policy;
  };
}

function ruleOf(rule: BgpFilterRule): PolicyRule {
  const {
    action,
    cidr,
    matchOperator: operator,
    prefixLength: lengths,
    source,
    peerType,
    asPathPrefix,
    priority,
  } = rule;
  return {
    accept: action === "Accept",
    ...(cidr && operator && { prefix: { operator, cidr, ...(lengths && { lengths }) } }),
    ...(source && { remote: true }),
    ...(rule.interface !== undefined && { device: rule.interface }),
    ...(peerType && { internal: peerType === "iBGP" }),
    ...(asPathPrefix && { asPath: asPathPrefix }),
    ...(priority !== undefined && { localPref: MOST - priority }),
  };
}
