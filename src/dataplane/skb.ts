import type { Ip } from "../addr/ip.ts";
import type { FibResult } from "../kernel/fib.ts";
import type { Ethernet, IpHeader, Packet } from "../wire/header.ts";
import { lengthOf } from "../wire/stack.ts";
import type { Connection } from "./state.ts";

/** A packet on its way through one namespace, with what the kernel keeps beside it. */
export interface Skb {
  readonly id: number;
  readonly netns: string;
  /** Starts at Ethernet between devices, at the IP header inside the IP layer. */
  readonly packet: Packet;
  /** The device it is on or came in by; a packet made here has none until it is routed. */
  readonly dev?: string;
  /** To whom the frame that brought it was addressed. */
  readonly type: "host" | "broadcast" | "multicast" | "otherhost";
  readonly mark: number;
  /** The way that was chosen for it. */
  readonly route?: FibResult;
  /** Made by this namespace itself. */
  readonly local: boolean;
  /** The largest fragment it was put together from; it is taken apart again to that size. */
  readonly largest?: number;
  /**
   * Bytes of each fragment behind its header, kept where `largest` is forgotten: what must be cut again falls into its
   * old pieces when they fit (`ip_do_fragment`, frag_list).
   */
  readonly pieces?: readonly number[];
  readonly connection?: {
    readonly entry: Connection;
    readonly direction: "original" | "reply";
    readonly fresh: boolean;
  };
  /** PREROUTING was run by the bridge already (`ip_sabotage_in`). */
  readonly prerouted?: boolean;
  /** `-j NOTRACK`. */
  readonly untracked?: boolean;
  /** Made here, and not to be cut here either, in IPv6: without a socket that allows it (`ignore_df`). */
  readonly uncut?: true;
  /** Tunnels around it in this namespace, to end a tunnel routed into itself. */
  readonly depth: number;
}

/** Kernel entry points; a stage hands packets on by name and never calls the next one. */
export type StageName =
  | "ip_local_out"
  | "ip_output"
  | "ip_finish_output"
  | "dev_queue_xmit"
  | "br_dev_xmit"
  | "segment_xmit"
  | "vxlan_xmit"
  | "ipip_tunnel_xmit"
  | "tun_net_xmit"
  | "wg_xmit"
  | "netif_receive_skb"
  | "br_handle_frame"
  | "arp_rcv"
  | "ndisc_rcv"
  | "ip_rcv"
  | "ip_forward"
  | "ip_local_deliver"
  | "udp_rcv"
  | "vxlan_rcv"
  | "wg_receive"
  | "ipip_rcv"
  | "process_recvfrom"
  | "icmp_rcv"
  | "icmp_redirect";

/** One packet to go on with, at one stage. */
export interface Step {
  readonly stage: StageName;
  readonly skb: Skb;
}

/** The IP header at the front; a packet inside the IP layer always has one. */
export function ipOf(skb: Skb): IpHeader {
  const header = skb.packet[0];
  if (header?.kind === "ipv4" || header?.kind === "ipv6") return header;
  throw new Error(`packet ${skb.id} in ${skb.netns} has no IP header in front`);
}

/** The Ethernet header at the front of a frame, if it has one. */
export function ethernetOf(skb: Skb): Ethernet | undefined {
  const header = skb.packet[0];
  return header?.kind === "ethernet" ? header : undefined;
}

/** 255.255.255.255, or all of a network: what the frame says, what the route says, or the address itself. */
export function isBroadcast(skb: Skb): boolean {
  const { dst } = ipOf(skb);
  return skb.type === "broadcast" || skb.route?.route.type === "broadcast" || isLimitedBroadcast(dst);
}

/** 255.255.255.255, which no router passes on. */
export function isLimitedBroadcast({ family, words }: Ip): boolean {
  return family === 4 && words[0] === 0xffffffff;
}

/** The packet with its IP header changed. */
export function withIp(skb: Skb, change: Partial<Pick<IpHeader, "ttl" | "src" | "dst">>): Skb {
  return { ...skb, packet: [{ ...ipOf(skb), ...change }, ...skb.packet.slice(1)] };
}

/** The packet without the Ethernet header in front. */
export function withoutEthernet(packet: Packet): Packet {
  return packet[0]?.kind === "ethernet" ? packet.slice(1) : packet;
}

/** The length of the IP packet, in bytes. */
export function ipLength(packet: Packet): number {
  return lengthOf(withoutEthernet(packet));
}

/** Whether routers may not cut it: DF in IPv4, always in IPv6. */
export function unsplittable(ip: IpHeader): boolean {
  return ip.kind === "ipv6" || ip.df;
}
