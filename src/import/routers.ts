import type { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Outsider } from "./calico-peers.ts";
import type { Findings } from "./findings.ts";

/** A subnet that was drawn, and whether nodes stand on it. */
export interface DrawnSubnet {
  readonly name: string;
  readonly cidrs: readonly Prefix[];
  readonly hasNodes: boolean;
}

const GATEWAY = "gateway";
/** A network between routers that is nobody's (RFC 6598). */
const CORE = ["100.64.0.0/24", "100.127.255.0/24"];

/**
 * Puts routers into the subnets: a BGP peer that stands among the nodes is their router, elsewhere one router with the
 * first free address in every subnet is assumed. Routers that share no subnet meet on a core.
 */
export function writeRouters(
  subnets: readonly DrawnSubnet[],
  outsiders: readonly Outsider[],
  { taken, pods }: { readonly taken: readonly Ip[]; readonly pods: readonly Prefix[] },
  findings: Findings,
): void {
  const isIn = (ip: Ip, { cidrs }: DrawnSubnet) => cidrs.some((cidr) => cidr.contains(ip));
  const headed = subnets.filter(
    (subnet) => subnet.hasNodes && outsiders.some(({ ips }) => ips.some((ip) => isIn(ip, subnet))),
  );
  const rest = subnets.filter((subnet) => !headed.includes(subnet));
  const busy = [...taken, ...outsiders.flatMap(({ ips }) => ips)];
  const gateway = rest.flatMap(({ cidrs }) => cidrs).flatMap((cidr) => firstFree(cidr, busy) ?? []);
  const cards = new Map<string, string[]>(outsiders.map(({ name, ips }) => [name, ips.map(String)]));
  if (gateway.length > 0) cards.set(GATEWAY, gateway.map(String));
  const heads = headed.flatMap((subnet) => outsiders.find(({ ips }) => ips.some((ip) => isIn(ip, subnet)))?.name ?? []);
  const meeting = [...new Set([...(gateway.length > 0 ? [GATEWAY] : []), ...heads])];
  if (heads.length > 0 && meeting.length > 1) {
    const core = CORE.flatMap((text) => Prefix.parse(text) ?? []).find(
      (net) =>
        !pods.some((pod) => pod.overlaps(net)) &&
        !subnets.some(({ cidrs }) => cidrs.some((cidr) => cidr.overlaps(net))),
    );
    if (core) {
      findings.put(["subnets", "core"], core.toString(), findings.mark, "assumed");
      for (const [i, name] of meeting.entries()) cards.get(name)?.push(core.host(i + 1).toString());
    }
  }
  for (const subnet of headed) {
    const inside = outsiders.filter(({ ips }) => ips.some((ip) => isIn(ip, subnet)));
    const [first, ...more] = inside;
    if (!first || more.length === 0) continue;
    const [only, ...others] = subnet.cidrs.map(String);
    const value = { cidr: others.length === 0 ? only : subnet.cidrs.map(String), gateway: first.ips[0]?.toString() };
    findings.put(
      ["subnets", subnet.name],
      value,
      findings.mark,
      `${inside.length} BGP peers stand here; the first is taken for the gateway`,
    );
  }
  for (const [name, addresses] of cards) {
    const [only, ...more] = addresses;
    const outsider = outsiders.find((each) => each.name === name);
    const short = more.length === 0 ? only : addresses;
    const place = more.length === 0 ? { address: only } : { addresses };
    const value = outsider ? { ...place, bgp: { as: outsider.as, peers: outsider.nodes } } : short;
    findings.put(["routers", name], value, findings.mark, outsider ? `BGPPeer ${outsider.ips.join(", ")}` : "assumed");
  }
  if (gateway.length > 0) {
    const joins = rest.length > 1 ? ", and joins their subnets" : "";
    findings.assume(
      `the nodes' default gateway is ${gateway.join(", ")}${joins}`,
      "`ip route` on a node; routers: in an overlay",
    );
  }
}

function firstFree(cidr: Prefix, taken: readonly Ip[]): Ip | undefined {
  const here = taken.filter((ip) => cidr.contains(ip));
  for (let n = 1; n < Math.min(cidr.size - 1, here.length + 2); n++) {
    const ip = cidr.host(n);
    if (!here.some((other) => other.equals(ip))) return ip;
  }
  return undefined;
}
