import { Ip } from "../addr/ip.ts";
import { isMap } from "../topology/read.ts";
import { parseSelector } from "../topology/selector.ts";
import type { BgpPeerFact, CalicoFacts } from "./calico-facts.ts";
import { writeFilters } from "./calico-filters.ts";
import type { Facts } from "./facts.ts";
import type { Findings } from "./findings.ts";
import type { HostDraft } from "./hosts.ts";

/** One side of a session, as it believes the other to be. */
interface Belief {
  readonly name: string;
  readonly as?: number;
  /** What else this side does with the other: filters, next hops. */
  readonly more: Readonly<Record<string, unknown>>;
}

/** What a speaker outside the cluster is known by: its addresses, its AS, and the nodes that peer with it. */
export interface Outsider {
  readonly name: string;
  /** One a family at most. */
  readonly ips: readonly Ip[];
  readonly as: number;
  readonly nodes: readonly string[];
}

/** The sessions of the nodes, and who else has a side in them. */
export interface Peering {
  readonly speakers: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly outsiders: readonly Outsider[];
}

const USUAL_AS = 64512;

/**
 * Resolves BGPConfigurations and BGPPeers to sessions by name. A peering between nodes is mirrored on the other side
 * (confd/pkg/backends/calico/client.go `updatePeersV1`); a peer that is no node becomes a router that speaks BGP.
 */
export function peering(hosts: readonly HostDraft[], facts: Facts, findings: Findings): Peering {
  const { calico } = facts;
  const nodes = new Nodes(hosts, facts, findings);
  writeConfiguration(facts, findings);
  writeFilters(calico, findings);
  const common = calico.bgp.get("default")?.asNumber ?? USUAL_AS;
  const asOf = (name: string) => calico.nodes.get(name)?.asNumber ?? common;
  // Global peers come first, and a node's own that says the same again is skipped.
  const sides = [...calico.peers.values()]
    .sort((a, b) => Number(isGlobal(b)) - Number(isGlobal(a)))
    .map((peer) => ({ peer, locals: nodes.locals(peer) }));
  const routers = routersByAddress(facts);
  const outsiders = hasRouters(facts) ? [] : findOutsiders(sides, nodes, findings);
  for (const { name, ips, as } of outsiders) for (const ip of ips) routers.set(ip.toString(), { name, as });
  const sessions = new Map<string, Map<string, Belief>>();
  const add = (from: string, to: string, real: number | undefined, peer?: BgpPeerFact) => {
    const mine = sessions.get(from) ?? new Map<string, Belief>();
    const believed = peer?.asNumber;
    const isOdd = believed !== undefined && believed !== real;
    const more = peer ? extrasOf(peer, calico) : {};
    if (from !== to && !mine.has(to)) mine.set(to, { name: to, ...(isOdd && { as: believed }), more });
    sessions.set(from, mine);
  };
  for (const { peer, locals } of sides) {
    noteUnmodelled(peer, calico, findings);
    const remotes = nodes.remotes(peer);
    for (const local of locals) {
      for (const remote of remotes) {
        add(local.name, remote.name, asOf(remote.name), peer);
        add(remote.name, local.name, undefined);
      }
      const router = peer.peerIP && remotes.length === 0 ? routers.get(peer.peerIP.toString()) : undefined;
      if (router) add(local.name, router.name, router.as, peer);
    }
    const isLost = peer.peerIP !== undefined && remotes.length === 0 && !routers.has(peer.peerIP.toString());
    if (isLost && hasRouters(facts)) {
      findings.assume(
        `nobody answers BGPPeer ${peer.name}: no router in the overlay has ${peer.peerIP}`,
        "routers: in the overlay",
      );
    }
  }
  const speakers = new Map(hosts.flatMap(({ name }) => speakerOf(name, sessions.get(name), common, facts)));
  return { speakers, outsiders };
}

function writeConfiguration({ calico }: Facts, findings: Findings): void {
  for (const [name, { asNumber, nodeToNodeMeshEnabled }] of calico.bgp) {
    if (name === "default") continue;
    const set = [
      ...(asNumber === undefined ? [] : ["asNumber"]),
      ...(nodeToNodeMeshEnabled === undefined ? [] : ["nodeToNodeMeshEnabled"]),
    ].join(" and ");
    // libcalico-go/lib/clientv3/bgpconfig.go `ValidateDefaultOnlyFields`: who writes it all the same is not heard.
    if (set !== "") findings.against(`BGPConfiguration ${name} has ${set}, which only default can set`);
  }
  const common = calico.bgp.get("default");
  if (!common) return;
  const { asNumber, nodeToNodeMeshEnabled, mark } = common;
  const origin = "BGPConfiguration default";
  if (asNumber !== undefined && asNumber !== USUAL_AS)
    findings.put(["cni", "calico", "asNumber"], asNumber, mark, origin);
  if (nodeToNodeMeshEnabled === false) findings.put(["cni", "calico", "nodeToNodeMeshEnabled"], false, mark, origin);
}

/** A node's own `bgp:`, if it has more to say than the cluster. */
function speakerOf(
  name: string,
  sessions: ReadonlyMap<string, Belief> | undefined,
  common: number,
  { calico }: Facts,
): readonly [string, Readonly<Record<string, unknown>>][] {
  const own = calico.nodes.get(name);
  const peers = [...(sessions?.values() ?? [])].map(peerEntry);
  const entry = {
    ...(own?.asNumber !== undefined && own.asNumber !== common && { as: own.asNumber }),
    ...(peers.length > 0 && { peers }),
    ...(own?.clusterID !== undefined && { routeReflector: own.clusterID }),
  };
  return Object.keys(entry).length > 0 ? [[name, entry]] : [];
}

/** A peer in its shortest form. */
function peerEntry({ name, as, more }: Belief): unknown {
  if (Object.keys(more).length > 0) return { [name]: { ...(as !== undefined && { as }), ...more } };
  return as === undefined ? name : { [name]: as };
}

/** What a BGPPeer says of its sessions beyond whom they are with. */
function extrasOf(
  { filters, nextHopMode, numAllowedLocalASNumbers }: BgpPeerFact,
  calico: CalicoFacts,
): Belief["more"] {
  const known = filters.filter((name) => calico.filters.has(name));
  return {
    ...(known.length > 0 && { filters: known }),
    ...(nextHopMode !== undefined && nextHopMode !== "Auto" && { nextHopMode }),
    ...(numAllowedLocalASNumbers !== undefined && { numAllowedLocalASNumbers }),
  };
}

interface Side {
  readonly peer: BgpPeerFact;
  readonly locals: readonly HostDraft[];
}

/** Speakers that are no nodes; an IPv4 and an IPv6 address with the same AS and the same nodes are one router's. */
function findOutsiders(sides: readonly Side[], known: Nodes, findings: Findings): readonly Outsider[] {
  const found = new Map<string, Outsider>();
  for (const { peer, locals } of sides) {
    const { peerIP, asNumber, name } = peer;
    if (!peerIP || known.at(peerIP)) continue;
    if (asNumber === undefined) {
      findings.against(`BGPPeer ${name} names ${peerIP}, which is no node, without an AS`);
      continue;
    }
    const before = found.get(peerIP.toString());
    const nodes = [...new Set([...(before?.nodes ?? []), ...locals.map((local) => local.name)])];
    found.set(peerIP.toString(), { name: outsiderName(peerIP), ips: [peerIP], as: asNumber, nodes });
  }
  const outsiders: Outsider[] = [];
  for (const one of found.values()) {
    const twin = outsiders.findIndex(({ ips, as, nodes }) => {
      return (
        ips.length === 1 && ips[0]?.family !== one.ips[0]?.family && as === one.as && nodes.join() === one.nodes.join()
      );
    });
    const other = outsiders[twin];
    if (other) outsiders[twin] = { ...other, ips: [...other.ips, ...one.ips] };
    else outsiders.push(one);
  }
  for (const { name, ips, as } of outsiders) {
    const what = `${name} (${ips.join(", ")}) speaks BGP in AS ${as} with the nodes that peer with it, and announces what it learns`;
    findings.assume(what, "routers: in an overlay");
  }
  return outsiders;
}

function outsiderName(ip: Ip): string {
  return `peer-${ip.toString().replace(/[.:]+/g, "-")}`.replace(/-$/, "");
}

function isGlobal({ node, nodeSelector }: BgpPeerFact): boolean {
  return node === undefined && nodeSelector === undefined;
}

/** The nodes, by what BGPPeers say of them. */
class Nodes {
  readonly #all: readonly HostDraft[];
  readonly #byName: ReadonlyMap<string, HostDraft>;
  readonly #byAddress: ReadonlyMap<string, HostDraft>;
  readonly #facts: Facts;
  readonly #findings: Findings;

  constructor(hosts: readonly HostDraft[], facts: Facts, findings: Findings) {
    this.#all = hosts;
    this.#byName = new Map(hosts.map((host) => [host.name, host]));
    this.#byAddress = new Map(hosts.flatMap((host) => host.addresses.map((ip) => [ip.toString(), host] as const)));
    this.#facts = facts;
    this.#findings = findings;
  }

  at(ip: Ip): HostDraft | undefined {
    return this.#byAddress.get(ip.toString());
  }

  /** Those that a BGPPeer speaks of. */
  locals(peer: BgpPeerFact): readonly HostDraft[] {
    const { node, nodeSelector } = peer;
    if (node !== undefined) return [this.#byName.get(node)].filter((host) => host !== undefined);
    return nodeSelector === undefined ? this.#all : this.#selected(nodeSelector, peer);
  }

  /** Those that they peer with. */
  remotes(peer: BgpPeerFact): readonly HostDraft[] {
    const { peerSelector, peerIP } = peer;
    if (peerSelector !== undefined) return this.#selected(peerSelector, peer);
    return [peerIP && this.at(peerIP)].filter((host) => host !== undefined);
  }

  #selected(text: string, { name }: BgpPeerFact): readonly HostDraft[] {
    const selector = parseSelector(text);
    if (!selector) this.#findings.against(`BGPPeer ${name} has a selector that makes no sense: ${text}`);
    const labels = (host: HostDraft) => new Map(Object.entries(this.#facts.nodes.get(host.name)?.labels ?? {}));
    return selector ? this.#all.filter((host) => selector(labels(host))) : [];
  }
}

/** What of a BGPPeer is left out: fields that nothing models, and filters that are not among the objects. */
function noteUnmodelled({ name, filters, others, port }: BgpPeerFact, calico: CalicoFacts, findings: Findings): void {
  const lost = filters.filter((filter) => !calico.filters.has(filter));
  if (lost.length > 0) {
    findings.assume(
      `BGPPeer ${name} filters nothing by ${lost.join(", ")}`,
      "kubectl get bgpfilters.crd.projectcalico.org -o yaml",
    );
  }
  const all = [...others, ...(port === undefined || port === 179 ? [] : [`port ${port}`])];
  if (all.length > 0) findings.assume(`BGPPeer ${name} has no ${all.join(", no ")}`, "not modelled");
}

/** Whether an overlay says which routers there are. */
function hasRouters({ overlays }: Facts): boolean {
  return overlays.some(({ tree }) => isMap(tree) && Object.hasOwn(tree, "routers"));
}

/** The routers of overlays by their addresses. */
function routersByAddress({ overlays }: Facts): Map<string, { readonly name: string; readonly as?: number }> {
  const found = new Map<string, { name: string; as?: number }>();
  for (const { tree } of overlays) {
    const routers: unknown = isMap(tree) ? tree.routers : undefined;
    for (const [name, entry] of isMap(routers) ? Object.entries(routers) : []) {
      const texts: unknown = isMap(entry) ? (entry.addresses ?? entry.address) : entry;
      const as: unknown = isMap(entry) && isMap(entry.bgp) ? entry.bgp.as : undefined;
      for (const text of [texts].flat()) {
        const ip = typeof text === "string" ? Ip.parse(text) : undefined;
        if (ip) found.set(ip.toString(), { name, ...(typeof as === "number" && { as }) });
      }
    }
  }
  return found;
}
