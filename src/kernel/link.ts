import type { Ip } from "../addr/ip.ts";
import type { Mac } from "../addr/mac.ts";
import type { Port, Written } from "./row.ts";

interface Base extends Written {
  readonly name: string;
  /** Order of creation in its namespace, from 1; it decides which address an ICMP error carries. */
  readonly ifindex: number;
  /** Devices without an Ethernet header (tun, ipip, wireguard) have none. */
  readonly mac?: Mac;
  readonly mtu: number;
  readonly up: boolean;
  /** The bridge it is a port of. */
  readonly master?: string;
  /** As a bridge port: may send a frame back out of where it came in. */
  readonly hairpin?: boolean;
  /** As a bridge port: what keeps it from passing frames on; absent: forwarding. */
  readonly state?: PortState;
}

/**
 * States of a bridge port other than forwarding (`BR_STATE_*`, include/uapi/linux/if_bridge.h). A blocking one forwards at
 * once where spanning tree is off, as it is here (`br_make_forwarding`; seen on 6.18).
 */
export const PORT_STATES = ["disabled", "listening", "learning"] as const;

export type PortState = (typeof PORT_STATES)[number];

export interface Loopback extends Base {
  readonly kind: "loopback";
}

/** A network card on a segment. */
export interface NicLink extends Base {
  readonly kind: "nic";
  readonly mac: Mac;
  readonly segment: string;
}

export interface Veth extends Base {
  readonly kind: "veth";
  readonly mac: Mac;
  readonly peer: Port;
}

export interface Bridge extends Base {
  readonly kind: "bridge";
  readonly mac: Mac;
  /**
   * The MTU of the route that br_netfilter pretends it has: what the bridge's MTU was last changed to; absent: never
   * changed since it was made, which leaves 1500 whatever it was made with (`br_dst_default_metrics`, `br_change_mtu`).
   */
  readonly routeMtu?: number;
}

export interface VxlanLink extends Base {
  readonly kind: "vxlan";
  readonly mac: Mac;
  readonly vni: number;
  readonly port: number;
  readonly local: Ip;
  /** The card below, which also bounds the MTU. */
  readonly lower?: string;
  readonly learning: boolean;
  /** Outer TTL; `auto` is the system's default, 64. */
  readonly ttl: "auto" | number;
}

/** An IP-in-IP tunnel. Without `remote` the gateway of the route that leads into it is the outer destination. */
export interface Ipip extends Base {
  readonly kind: "ipip";
  readonly local?: Ip;
  readonly remote?: Ip;
  /** Outer TTL; `inherit` copies the inner one. */
  readonly ttl: "inherit" | number;
  /** Sets DF on every outer packet; when false DF is copied from the inner one. */
  readonly pmtudisc: boolean;
}

/** The kernel's end of a device whose other end is a process. */
export interface Tun extends Base {
  readonly kind: "tun";
  readonly process: string;
}

/** A WireGuard device. It finds the other end by its peers' allowed addresses, which are rows of their own. */
export interface WireguardLink extends Base {
  readonly kind: "wireguard";
  /** Its datagrams come from this port, and to it. */
  readonly port: number;
  /** In base64; peers know the device by it. */
  readonly publicKey: string;
  /** Put on the datagrams it sends, so that rules tell them from what it carries. */
  readonly fwmark?: number;
}

export type Link = Loopback | NicLink | Veth | Bridge | VxlanLink | Ipip | Tun | WireguardLink;
export type LinkKind = Link["kind"];
export type LinkOf<K extends LinkKind> = Extract<Link, { kind: K }>;

/** Whether a bridge has a port that passes frames on; without one it has no carrier (`br_port_state_selection`). */
export function hasLivePort(links: ReadonlyMap<string, Link>, bridge: string): boolean {
  for (const { master, up, state } of links.values()) if (master === bridge && up && state === undefined) return true;
  return false;
}

/** Whether frames on it carry Ethernet, so that a next hop must be resolved first. */
export function hasEthernet(link: Link): link is NicLink | Veth | Bridge | VxlanLink {
  return link.kind === "nic" || link.kind === "veth" || link.kind === "bridge" || link.kind === "vxlan";
}
