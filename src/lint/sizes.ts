import { hasEthernet, type Link } from "../kernel/link.ts";
import type { Netns } from "../kernel/netns.ts";
import { placeName } from "../trace/project.ts";
import type { Sighting } from "./finding.ts";
import { machinePath } from "./paths.ts";
import type { Scope } from "./scope.ts";

/** MTUs along the way down from a pod: its device, the tunnel, the card, the fabric. */
export function* sizes(scope: Scope): Generator<Sighting> {
  const machines = [...scope.kinds, ...scope.routers.map((netns) => ({ netns, hosts: [netns] }))];
  for (const { netns, hosts } of machines) {
    for (const link of netns.links.values()) {
      const found = aboveFabric(scope, netns, link) ?? aboveCard(netns, link) ?? aboveTunnel(netns, link);
      if (found) yield { ...found, count: hosts.length };
    }
  }
  yield* narrowCards(scope);
  yield* podEnds(scope);
}

type Found = Omit<Sighting, "count">;

function inconsistent(netns: Netns, severity: Sighting["severity"], text: string, fix?: string): Found {
  return {
    code: "MTU_INCONSISTENT",
    severity,
    at: placeName(netns.name),
    path: machinePath(netns.name, "mtu"),
    text,
    ...(fix !== undefined && { fix }),
  };
}

/** A card that sends longer frames than its segment carries: they are lost without a word. */
function aboveFabric({ network }: Scope, netns: Netns, link: Link): Found | undefined {
  const segment = link.kind === "nic" ? network.segments.get(link.segment) : undefined;
  if (!segment || link.mtu <= segment.mtu) return undefined;
  const at = placeName(netns.name);
  const text = `${link.name} of ${at} has MTU ${link.mtu}, and ${segment.name} carries ${segment.mtu}: longer frames are lost there, and nobody is told.`;
  return inconsistent(netns, "error", text, `ip link set ${link.name} mtu ${segment.mtu}, or raise the fabric's MTU.`);
}

/** A tunnel whose packets, once wrapped, are longer than its card takes. */
function aboveCard(netns: Netns, link: Link): Found | undefined {
  const header = headerOf(link);
  const card = header === undefined ? undefined : cardBelow(netns, link);
  if (header === undefined || !card || link.mtu + header <= card.mtu) return undefined;
  const at = placeName(netns.name);
  const text = `${link.name} of ${at} has MTU ${link.mtu}; with ${header} bytes of headers that is ${link.mtu + header}, and ${card.name} takes ${card.mtu}.`;
  const fix = `Leave the CNI's MTU to its agent, or set it to ${card.mtu - header}.`;
  return inconsistent(netns, "error", text, fix);
}

/** Bytes that a tunnel puts around a packet (kernel-side: vxlan_headroom, ipip's t_hlen, wireguard's MESSAGE_MINIMUM_LENGTH). */
function headerOf(link: Link): number | undefined {
  switch (link.kind) {
    case "vxlan":
      return link.local.family === 4 ? 50 : 70;
    case "ipip":
      return 20;
    case "wireguard":
      return 60;
    case "tun":
      return 28;
    default:
      return undefined;
  }
}

/** The card that a tunnel's own packets leave by: the one it names, or that of its local address, or the narrowest. */
function cardBelow(netns: Netns, link: Link): Link | undefined {
  if (link.kind === "vxlan" && link.lower !== undefined) return netns.links.get(link.lower);
  const local = link.kind === "ipip" ? link.local : netns.forwarders.find(({ tun }) => tun === link.name)?.ip;
  const holder = netns.addresses.find(({ ip }) => local !== undefined && ip.equals(local));
  const cards = [...netns.links.values()].filter(({ kind }) => kind === "nic");
  return cards.find(({ name }) => name === holder?.dev) ?? cards.sort((a, b) => a.mtu - b.mtu)[0];
}

/** A device towards pods that is wider than the tunnel their packets for other nodes go into. */
function aboveTunnel(netns: Netns, link: Link): Found | undefined {
  if (link.kind !== "veth" && link.kind !== "bridge") return undefined;
  const tunnel = [...netns.links.values()].find((other) => headerOf(other) !== undefined && other.mtu < link.mtu);
  if (!tunnel) return undefined;
  const at = placeName(netns.name);
  const text = `${link.name} of ${at} has MTU ${link.mtu}, and ${tunnel.name}, which its packets for other nodes go into, ${tunnel.mtu}: pods must learn that from ICMP each time.`;
  return inconsistent(netns, "warning", text, `Give pods the tunnel's MTU, ${tunnel.mtu}.`);
}

/** Cards that take less than the others on their segment: what those send at full length does not get in. */
function* narrowCards({ kinds, routers, network }: Scope): Generator<Sighting> {
  const machines = [...kinds, ...routers.map((netns) => ({ netns, hosts: [netns] }))];
  for (const segment of network.segments.values()) {
    const cards = machines.flatMap(({ netns, hosts }) =>
      [...netns.links.values()]
        .filter((link) => link.kind === "nic" && link.segment === segment.name)
        .map((link) => ({ netns, link, count: hosts.length })),
    );
    const widest = Math.min(segment.mtu, Math.max(0, ...cards.map(({ link }) => link.mtu)));
    for (const { netns, link, count } of cards) {
      if (link.mtu >= widest) continue;
      const at = placeName(netns.name);
      const text = `${link.name} of ${at} takes ${link.mtu} bytes, and others on ${segment.name} send up to ${widest}: frames in between do not get in, and nobody is told.`;
      yield { ...inconsistent(netns, "warning", text, `Set one MTU on all cards of ${segment.name}.`), count };
    }
  }
}

/** The two ends of a pod's veth, where a fault has touched the inner one. */
function* podEnds({ network, faults }: Scope): Generator<Sighting> {
  for (const { target, place } of faults) {
    const netns = target.kind === "pod" ? network.netns(`pod/${target.name}`) : undefined;
    for (const link of netns?.links.values() ?? []) {
      const outer = link.kind === "veth" ? network.netns(link.peer.netns)?.links.get(link.peer.dev) : undefined;
      if (!netns || !outer || !hasEthernet(link) || link.mtu === outer.mtu) continue;
      const at = placeName(netns.name);
      const text = `${link.name} of ${at} has MTU ${link.mtu}, its other end ${outer.name} ${outer.mtu}: what is longer than the smaller does not cross.`;
      yield {
        code: "MTU_INCONSISTENT",
        severity: link.mtu > outer.mtu ? "error" : "warning",
        at,
        path: ["pods", at],
        text,
        ...(place && { place }),
      };
    }
  }
}
