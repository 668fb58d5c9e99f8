import { hash32 } from "../addr/mac.ts";
import type { VxlanLink } from "../kernel/link.ts";
import type { Netns } from "../kernel/netns.ts";
import { defaultTtl } from "../kernel/sysctl.ts";
import type { Header } from "../wire/header.ts";
import { learnMtu } from "./icmp.ts";
import { originate, pathMtu } from "./originate.ts";
import type { Run } from "./run.ts";
import { ethernetOf, ipLength, ipOf, type Skb, type Step, withoutEthernet } from "./skb.ts";
import { arrive } from "./xmit.ts";

/** Tunnels inside tunnels of one namespace end here (XMIT_RECURSION_LIMIT). */
const RECURSION_LIMIT = 8;

/** `net.ipv4.ip_local_port_range` by default; the upper end is not used. */
const PORTS = { first: 32768, count: 28231 } as const;

/** `vxlan_xmit`: the forwarding entry of the inner destination MAC says which machine; then a datagram as any other. */
export function vxlanXmit(run: Run, skb: Skb): readonly Step[] {
  const netns = run.netns(skb.netns);
  const link = netns.links.get(skb.dev ?? "") as VxlanLink;
  const mac = ethernetOf(skb)?.dst;
  const entry =
    mac && netns.fdb.near(netns.peers.byMac(mac)).find((row) => row.dev === link.name && row.mac === mac && row.dst);
  if (!entry?.dst) return run.drop(skb, "NO_TX_TARGET", { dev: link.name, ...(mac && { expected: [mac] }) });
  run.note(skb, { kind: "fdb", entry });
  if (skb.depth >= RECURSION_LIMIT) return run.drop(skb, "RECURSION_LIMIT", { dev: link.name, ip: entry.dst });
  const own = netns.addresses.some((address) => address.ip.equals(entry.dst));
  // A tunnel to oneself is short-circuited (`vxlan_encap_bypass`).
  if (own) return [{ stage: "netif_receive_skb", skb: arrive(skb, skb.netns, link.name) }];
  const pushed: readonly Header[] = [
    { kind: "udp", sport: sourcePort(skb), dport: link.port },
    { kind: "vxlan", vni: link.vni },
  ];
  const outer = originate(run, {
    id: skb.id,
    netns: skb.netns,
    src: link.local,
    dst: entry.dst,
    ttl: link.ttl === "auto" ? defaultTtl(netns) : link.ttl,
    tos: ipTos(skb) & 3,
    df: false,
    payload: [...pushed, ...skb.packet],
    depth: skb.depth + 1,
  });
  if (!outer?.route) return run.drop(skb, "IP_OUTNOROUTES", { dev: link.name, ip: entry.dst });
  tellPathMtu(run, netns, skb, pathMtu(run, netns, outer.route, entry.dst) - HEADROOM[entry.dst.family]);
  run.note(
    { ...outer, dev: link.name },
    { kind: "encapsulate", pushed: [outer.packet[0] as Header, ...pushed, skb.packet[0] as Header], by: link.name },
  );
  return [{ stage: "ip_local_out", skb: { ...outer, uncut: true } }];
}

/** Over Ethernet, IP, UDP and VXLAN (`vxlan_headroom`). */
const HEADROOM = { 4: 50, 6: 70 } as const;

/**
 * `skb_tunnel_check_pmtu`: what the path below carries less is kept for the destination above, where somebody heeds it:
 * a forwarder does in IPv6 only.
 */
function tellPathMtu(run: Run, netns: Netns, skb: Skb, mtu: number): void {
  const [ip] = withoutEthernet(skb.packet);
  const heeds = ip?.kind === "ipv6" || (ip?.kind === "ipv4" && skb.local);
  if (!skb.route || !heeds || ipLength(skb.packet) <= mtu) return;
  learnMtu(run, skb, netns, ip.dst, mtu);
}

function ipTos(skb: Skb): number {
  const inner = withoutEthernet(skb.packet)[0];
  return inner?.kind === "ipv4" || inner?.kind === "ipv6" ? inner.tos : 0;
}

/** `udp_flow_src_port`: a hash of the inner flow. The kernel's is keyed at random; ours follows from the flow alone. */
function sourcePort(skb: Skb): number {
  const [ip, transport] = withoutEthernet(skb.packet);
  const addresses = ip?.kind === "ipv4" || ip?.kind === "ipv6" ? `${ip.src} ${ip.dst}` : "";
  const ports = transport && "sport" in transport ? `${transport.sport} ${transport.dport}` : "";
  return PORTS.first + (hash32(`${addresses} ${ports}`) % PORTS.count);
}

/** `vxlan_rcv`: port and VNI together choose the device; whatever the outer source, the frame inside comes in by it. */
export function vxlanReceive(run: Run, skb: Skb): readonly Step[] {
  const [ip, udp, vxlan, ethernet] = skb.packet;
  if (udp?.kind !== "udp" || vxlan?.kind !== "vxlan" || ethernet?.kind !== "ethernet" || !ip) {
    return run.drop(skb, "VXLAN_INVALID_HDR");
  }
  const netns = run.netns(skb.netns);
  const here = [...netns.links.values()].filter(
    (link): link is VxlanLink => link.kind === "vxlan" && link.port === udp.dport,
  );
  const link = here.find((candidate) => candidate.vni === vxlan.vni && candidate.local.family === ipOf(skb).src.family);
  if (!link?.up) return run.drop(skb, "VXLAN_VNI_NOT_FOUND", { expected: here.map(({ vni }) => `vni ${vni}`) });
  if (ethernet.src === link.mac) return run.drop(skb, "LOCAL_MAC", { dev: link.name, expected: [link.mac] });
  const socket = netns.sockets.find(
    (row) => row.owner.kind === "link" && row.protocol === "udp" && row.port === udp.dport,
  );
  const inner: Skb = { ...arrive(skb, skb.netns, link.name), packet: skb.packet.slice(3) };
  run.note(inner, {
    kind: "decapsulate",
    popped: [ip, udp, vxlan, ethernet],
    by: link.name,
    ...(socket && { socket }),
  });
  return [{ stage: "netif_receive_skb", skb: inner }];
}
