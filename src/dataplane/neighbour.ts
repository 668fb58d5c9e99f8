import { Ip } from "../addr/ip.ts";
import { BROADCAST, type Mac, multicastMac, NO_MAC } from "../addr/mac.ts";
import { selectAddress } from "../kernel/fib.ts";
import { hasEthernet, type Link } from "../kernel/link.ts";
import { type Neighbour, neighbourKey } from "../kernel/neighbour.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Header } from "../wire/header.ts";
import { fragmentOut } from "./fragment.ts";
import { icmpSend } from "./icmp.ts";
import type { Run } from "./run.ts";
import { ipLength, ipOf, type Skb, type Step } from "./skb.ts";

type Ethernet = Extract<Link, { readonly mac: Mac }>;

/** Bytes that a device takes beyond its MTU, for a VLAN tag (`is_skb_forwardable`). */
const VLAN_ROOM = 4;

/** 224.0.0.0/4: a route with a shorter prefix is not about groups. */
const GROUPS = 4;

/** ff02::1:ff00:0, RFC 4291 §2.7.1. */
const SOLICITED_NODE = Ip.of(0xff020000, 0, 1, 0xff000000);

/**
 * `ip_finish_output`: cuts what is too long, resolves the next hop and puts the frame together. Devices without
 * Ethernet take the packet as it is.
 */
export function finishOutput(run: Run, skb: Skb): readonly Step[] {
  const netns = run.netns(skb.netns);
  const link = netns.links.get(skb.dev ?? "");
  if (!link) return run.drop(skb, "DEV_READY");
  const pieces = fragmentOut(run, skb, link);
  if (!pieces) return [];
  // A veth says when its other end refuses a frame, and `ip_do_fragment` stops there (measured on 6.18).
  const sent = refuses(run, link, pieces) ? pieces.slice(0, 1) : pieces;
  return sent.flatMap((piece) => resolveAndSend(run, netns, link, piece));
}

/** Whether the first of several fragments is too long for the device at the other end of a veth. */
function refuses(run: Run, link: Link, [first, ...rest]: readonly Skb[]): boolean {
  const peer = link.kind === "veth" ? run.network.netns(link.peer.netns)?.links.get(link.peer.dev) : undefined;
  return peer !== undefined && first !== undefined && rest.length > 0 && ipLength(first.packet) > peer.mtu + VLAN_ROOM;
}

function resolveAndSend(run: Run, netns: Netns, link: Link, skb: Skb): readonly Step[] {
  if (!hasEthernet(link)) return [{ stage: "dev_queue_xmit", skb }];
  const nextHop = gatewayOf(skb) ?? ipOf(skb).dst;
  const mac = groupMac(skb, nextHop) ?? resolve(run, netns, link, skb, nextHop);
  if (mac) {
    const frame = [{ kind: "ethernet", src: link.mac, dst: mac } as const, ...skb.packet];
    return [{ stage: "dev_queue_xmit", skb: { ...skb, packet: frame } }];
  }
  run.note(skb, { kind: "drop", reason: "NEIGH_FAILED", because: { ip: nextHop, dev: link.name } });
  // Three questions later (`neigh_timer_handler`); by then whatever else is on its way has come to its end.
  return icmpSend(run, skb, "host-unreachable", { after: "patience" });
}

/** A group is not sent to the gateway of a default route (`__mkroute_output`). */
function gatewayOf(skb: Skb): Ip | undefined {
  const { dst } = ipOf(skb);
  const { route, nexthop } = skb.route ?? {};
  const toGroup = dst.isMulticast && dst.family === 4 && route !== undefined && route.dst.length < GROUPS;
  return toGroup ? undefined : nexthop?.via;
}

function groupMac(skb: Skb, nextHop: Ip): Mac | undefined {
  if (nextHop.isMulticast) return multicastMac(nextHop.words);
  return skb.route?.route.type === "broadcast" ? BROADCAST : undefined;
}

function resolve(run: Run, netns: Netns, link: Ethernet, skb: Skb, ip: Ip): Mac | undefined {
  const { entry } = findNeighbour(run, netns, link, skb, ip);
  if (entry) run.note(skb, { kind: "neighbour", entry });
  return entry?.lladdr;
}

/** The neighbour table, then what was learned, then a question on the link. */
export function findNeighbour(
  run: Run,
  netns: Netns,
  link: Ethernet,
  skb: Skb,
  ip: Ip,
): { readonly entry: Neighbour | undefined; readonly asked: boolean } {
  const key = neighbourKey({ dev: link.name, ip });
  const written = netns.neighbours.near(netns.peers.byIp(ip)).find((row) => neighbourKey(row) === key);
  const known = written ?? run.state.neighbours.get(`${netns.name} ${key}`);
  return known ? { entry: known, asked: false } : { entry: ask(run, netns, link, skb, ip), asked: true };
}

/**
 * Asks by ARP or neighbour solicitation and runs the exchange to its end. In a warm walk an answered question is not
 * shown: it was asked before.
 */
function ask(run: Run, netns: Netns, link: Ethernet, skb: Skb, ip: Ip): Neighbour | undefined {
  const before = run.events;
  run.events = [];
  run.settle([{ stage: "dev_queue_xmit", skb: question(run, netns, link, skb, ip) }]);
  const answer = run.state.neighbours.get(`${netns.name} ${neighbourKey({ dev: link.name, ip })}`);
  run.events = run.cold || !answer ? [...before, ...run.events] : before;
  return answer;
}

/** `arp_solicit`, `ndisc_solicit`: from the packet's own source when that is ours, else from one of the device's addresses. */
function question(run: Run, netns: Netns, link: Ethernet, skb: Skb, ip: Ip): Skb {
  const wanted = ipOf(skb).src;
  const spa = asker(netns, link, wanted, ip) ?? ip.masked(0);
  const base: Skb = {
    id: run.packet("arp", skb.id),
    netns: netns.name,
    dev: link.name,
    packet: [],
    type: "host",
    mark: 0,
    local: true,
    depth: 0,
  };
  const body: readonly Header[] = ip.family === 4 ? arpRequest(link.mac, spa, ip) : solicitation(link.mac, spa, ip);
  const asked: Skb = { ...base, packet: body };
  run.note(asked, { kind: "arp", op: "request", ip });
  return asked;
}

/**
 * From whom the question comes. ARP takes the packet's source when it is any of ours, else an address of the device;
 * neighbour discovery takes it only when it is this device's, else the device's link-local address.
 */
function asker(netns: Netns, link: Ethernet, wanted: Ip, target: Ip): Ip | undefined {
  const here = netns.addresses.filter((address) => address.dev === link.name);
  const ours = target.family === 4 ? netns.addresses : here;
  if (ours.some((address) => address.ip.equals(wanted))) return wanted;
  if (target.family === 4) return selectAddress(netns, link.name, target, "link")?.ip;
  return here.find((address) => address.ip.isLinkLocal && address.ip.family === 6)?.ip;
}

function arpRequest(mac: Mac, spa: Ip, tpa: Ip): readonly Header[] {
  return [
    { kind: "ethernet", src: mac, dst: BROADCAST },
    { kind: "arp", op: "request", sha: mac, spa, tha: NO_MAC, tpa },
  ];
}

/** To the solicited-node group of the target, RFC 4861 §7.2.2; hop limit 255 shows it crossed no router. */
function solicitation(mac: Mac, src: Ip, target: Ip): readonly Header[] {
  const group = SOLICITED_NODE.plus((target.words[3] as number) & 0xffffff);
  return [
    { kind: "ethernet", src: mac, dst: multicastMac(group.words) },
    { kind: "ipv6", src, dst: group, ttl: 255, tos: 0, flow: 0 },
    { kind: "ndp", op: "solicit", target, lladdr: mac },
  ];
}
