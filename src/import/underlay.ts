import type { Ip } from "../addr/ip.ts";
import { Prefix, parseWithLength } from "../addr/prefix.ts";
import { isMap } from "../topology/read.ts";
import type { Outsider } from "./calico-peers.ts";
import type { Facts } from "./facts.ts";
import type { Findings } from "./findings.ts";
import { cover, isUsable } from "./networks.ts";
import { type DrawnSubnet, writeRouters } from "./routers.ts";

/** What a node is known to stand on: its addresses, and networks where an agent has recorded a prefix length. */
export interface Standing {
  readonly name: string;
  readonly addresses: readonly Ip[];
  readonly networks: readonly Prefix[];
}

/** What a guess may be: no wider than /16, no longer than /24; a /64 in IPv6. */
const WIDEST = 16;
const LONGEST = 24;

/** Who stands on the underlay, and which networks are the pods'. */
export interface Ground {
  readonly standings: readonly Standing[];
  readonly outsiders: readonly Outsider[];
  readonly pods: readonly Prefix[];
}

/**
 * Draws the subnets that the nodes stand on, and routers that join them. The API knows neither prefix lengths nor
 * routers: what an overlay says comes first, then what agents have recorded, and the rest is assumed and listed. Answers
 * all networks that there are.
 */
export function drawUnderlay(
  { standings, outsiders, pods }: Ground,
  facts: Facts,
  findings: Findings,
): readonly Prefix[] {
  const given = overlaySubnets(facts);
  const said = standings.flatMap(({ networks }) => networks.filter(({ length, ip }) => length < ip.bits));
  const isGiven = (ip: Ip) => given.some(({ cidrs }) => cidrs.some((cidr) => cidr.contains(ip)));
  const known = distinct(said).filter(
    (network) => !given.some(({ cidrs }) => cidrs.some((cidr) => cidr.overlaps(network))),
  );
  const all = standings.flatMap(({ addresses }) => addresses);
  const loose = all.filter((ip) => !isGiven(ip) && !known.some((network) => network.contains(ip)));
  const guessed = ([4, 6] as const).flatMap((family) =>
    guess(
      loose.filter((ip) => ip.family === family),
      pods,
    ),
  );
  for (const network of guessed) {
    findings.assume(
      `the nodes' network is ${network}`,
      "`ip -br addr` on a node; subnets: { nodes: CIDR } in an overlay",
    );
  }
  const foreign = outsiders
    .flatMap(({ ips }) => ips)
    .filter((ip) => !isGiven(ip) && ![...known, ...guessed].some((network) => network.contains(ip)));
  const outside = distinct(foreign.flatMap((ip) => guess([ip], pods)));
  const groups = groupByNodes([...known, ...guessed], standings);
  const drawn: DrawnSubnet[] = [
    ...groups.map((cidrs, i) => ({ name: groups.length === 1 ? "nodes" : `nodes-${i + 1}`, cidrs, hasNodes: true })),
    ...outside.map((cidr, i) => ({ name: `peers-${i + 1}`, cidrs: [cidr], hasNodes: false })),
  ];
  for (const { name, cidrs } of drawn) {
    const [only, ...more] = cidrs.map(String);
    const isSaid = cidrs.every((cidr) => known.includes(cidr));
    const origin = isSaid ? "the prefix length that calico-node has recorded" : "assumed";
    findings.put(["subnets", name], more.length === 0 ? only : cidrs.map(String), findings.mark, origin);
  }
  const isToldOfRouters = facts.overlays.some(({ tree }) => isMap(tree) && Object.hasOwn(tree, "routers"));
  if (!isToldOfRouters) writeRouters([...drawn, ...given], outsiders, { taken: all, pods }, findings);
  return [...drawn, ...given].flatMap(({ cidrs }) => cidrs);
}

/** The subnets that overlays describe. */
function overlaySubnets(facts: Facts): readonly DrawnSubnet[] {
  return facts.overlays.flatMap(({ tree }) => {
    const subnets: unknown = isMap(tree) ? tree.subnets : undefined;
    if (!isMap(subnets)) return [];
    return Object.entries(subnets).map(([name, entry]) => ({ name, cidrs: cidrsOf(entry), hasNodes: true }));
  });
}

function cidrsOf(entry: unknown): readonly Prefix[] {
  const texts: unknown = isMap(entry) ? entry.cidr : entry;
  return [texts].flat().flatMap((text: unknown) => {
    const parsed = typeof text === "string" ? parseWithLength(text) : undefined;
    return parsed ? [Prefix.of(parsed.ip, parsed.length)] : [];
  });
}

/** One flat network over all addresses where /16 is wide enough and no pods are in it; else one a /24. */
function guess(ips: readonly Ip[], pods: readonly Prefix[]): readonly Prefix[] {
  const whole = cover(ips);
  if (!whole) return [];
  if (whole.ip.family === 6) return distinct(ips.map((ip) => Prefix.of(ip, 64)));
  const flat = widened(Prefix.of(whole.ip, Math.min(whole.length, LONGEST)), ips);
  if (flat.length >= WIDEST && !pods.some((network) => network.overlaps(flat))) return [flat];
  return distinct(ips.map((ip) => widened(Prefix.of(ip, LONGEST), [ip])));
}

/** So wide that no machine has the network's own address, or its broadcast address. */
function widened(network: Prefix, ips: readonly Ip[]): Prefix {
  let wide = network;
  while (wide.length > 8 && ips.some((ip) => wide.contains(ip) && !isUsable(ip, wide)))
    wide = Prefix.of(wide.ip, wide.length - 1);
  return wide;
}

/** An IPv4 and an IPv6 network that the same nodes stand on are one subnet. */
function groupByNodes(networks: readonly Prefix[], standings: readonly Standing[]): readonly (readonly Prefix[])[] {
  const dwellers = (network: Prefix) =>
    standings
      .filter(({ addresses }) => addresses.some((ip) => network.contains(ip)))
      .map(({ name }) => name)
      .join("\0");
  const v6 = new Map(networks.filter(({ family }) => family === 6).map((network) => [dwellers(network), network]));
  const groups: Prefix[][] = [];
  for (const network of networks.filter(({ family }) => family === 4)) {
    const here = dwellers(network);
    const other = v6.get(here);
    if (other) v6.delete(here);
    groups.push(other ? [network, other] : [network]);
  }
  return [...groups, ...[...v6.values()].map((network) => [network])];
}

function distinct(prefixes: readonly Prefix[]): readonly Prefix[] {
  const all = new Map(prefixes.map((prefix) => [prefix.toString(), prefix]));
  // Of two networks one of which holds the other, agents agree on the wider.
  return [...all.values()].filter(
    (one) => ![...all.values()].some((other) => other !== one && other.containsPrefix(one)),
  );
}
