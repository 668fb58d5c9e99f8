import type { Ip } from "../addr/ip.ts";
import { Prefix, parseWithLength } from "../addr/prefix.ts";
import { isMap } from "../topology/read.ts";
import type { Facts } from "./facts.ts";
import type { Findings } from "./findings.ts";
import { cover, isUsable } from "./networks.ts";

/** What a node is known to stand on: its addresses, and networks where an agent has recorded a prefix length. */
export interface Standing {
  readonly name: string;
  readonly addresses: readonly Ip[];
  readonly networks: readonly Prefix[];
}

/** A stranger with an address that nodes talk to: a BGP peer that is no node. */
export interface Stranger {
  readonly name: string;
  readonly ip: Ip;
}

const GATEWAY = "gateway";
/** What a guess may be: no wider than /16, no longer than /24; a /64 in IPv6. */
const WIDEST = 16;
const LONGEST = 24;

/**
 * Draws the subnets that the nodes stand on, and a router that joins them. The API knows neither prefix lengths nor
 * routers: what an overlay says comes first, then what agents have recorded, and the rest is assumed and listed.
 */
export function drawUnderlay(
  {
    standings,
    strangers,
    pods,
  }: {
    readonly standings: readonly Standing[];
    readonly strangers: readonly Stranger[];
    readonly pods: readonly Prefix[];
  },
  facts: Facts,
  findings: Findings,
): void {
  const given = overlayNetworks(facts);
  const said = standings.flatMap(({ networks }) => networks.filter(({ length, ip }) => length < ip.bits));
  const known = distinct(said).filter((network) => !given.some((other) => other.overlaps(network)));
  const all = standings.flatMap(({ addresses }) => addresses);
  const loose = all.filter((ip) => ![...given, ...known].some((network) => network.contains(ip)));
  const guessed = ([4, 6] as const).flatMap((family) =>
    guess(
      loose.filter((ip) => ip.family === family),
      pods,
    ),
  );
  for (const network of guessed) {
    findings.assume(
      `the nodes' network is ${network}`,
      `\`ip -br addr\` on a node; subnets: { nodes: CIDR } in an overlay`,
    );
  }
  const foreign = strangers.filter(
    ({ ip }) => ![...given, ...known, ...guessed].some((network) => network.contains(ip)),
  );
  const outside = foreign.flatMap(({ ip }) => guess([ip], pods));
  const groups = groupByNodes([...known, ...guessed], standings);
  const names = new Map<string, readonly Prefix[]>();
  for (const [i, cidrs] of groups.entries()) {
    const name = groups.length === 1 ? "nodes" : `nodes-${i + 1}`;
    names.set(name, cidrs);
  }
  for (const [i, cidr] of distinct(outside).entries()) names.set(`peers-${i + 1}`, [cidr]);
  for (const [name, cidrs] of names) {
    const [only, ...more] = cidrs.map(String);
    const value = more.length === 0 ? only : cidrs.map(String);
    const isSaid = cidrs.every((cidr) => known.includes(cidr));
    findings.put(
      ["subnets", name],
      value,
      findings.mark,
      isSaid ? "the prefix length that calico-node has recorded" : "assumed",
    );
  }
  if (!facts.overlays.some((overlay) => isMap(overlay.tree) && Object.hasOwn(overlay.tree, "routers"))) {
    addGateway(
      [...names.values(), ...given.map((cidr) => [cidr])],
      [...all, ...strangers.map(({ ip }) => ip)],
      findings,
    );
  }
}

/** One router in every subnet, at the first address that nobody has. */
function addGateway(subnets: readonly (readonly Prefix[])[], taken: readonly Ip[], findings: Findings): void {
  const addresses = subnets.flat().flatMap((cidr) => {
    for (let n = 1; n < Math.min(cidr.size - 1, 1024); n++) {
      const ip = cidr.host(n);
      if (!taken.some((other) => other.equals(ip))) return [ip.toString()];
    }
    return [];
  });
  if (addresses.length === 0) return;
  const [only, ...more] = addresses;
  findings.put(["routers", GATEWAY], more.length === 0 ? only : addresses, findings.mark, "assumed");
  const joins = subnets.length > 1 ? ", and joins their subnets" : "";
  findings.assume(
    `the nodes' default gateway is ${addresses.join(", ")}${joins}`,
    "`ip route` on a node; routers: in an overlay",
  );
}

/** The networks of the subnets that overlays describe. */
function overlayNetworks(facts: Facts): readonly Prefix[] {
  return facts.overlays.flatMap(({ tree }) => {
    const subnets: unknown = isMap(tree) ? tree.subnets : undefined;
    return isMap(subnets) ? Object.values(subnets).flatMap(cidrsOf) : [];
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
