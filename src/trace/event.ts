import type { Ip } from "../addr/ip.ts";
import type { Mac } from "../addr/mac.ts";
import type { FdbEntry } from "../kernel/fdb.ts";
import type { FibResult } from "../kernel/fib.ts";
import type { Neighbour } from "../kernel/neighbour.ts";
import type { Chain, FilterRule, FilterTable, Hook } from "../kernel/netfilter.ts";
import type { FabricRow } from "../kernel/network.ts";
import type { Forwarder, Lease } from "../kernel/process.ts";
import type { Route } from "../kernel/route.ts";
import type { Port } from "../kernel/row.ts";
import type { Socket } from "../kernel/socket.ts";
import type { WireguardPeer } from "../kernel/wireguard.ts";
import type { Header, Packet } from "../wire/header.ts";
import type { DropReason } from "./reason.ts";

/** One packet of a walk: where it came from, and why there is one. */
export interface PacketInfo {
  readonly id: number;
  readonly parent?: number;
  readonly cause:
    | "sent"
    | "fragment"
    | "reassembled"
    | "flood"
    | "branch"
    | "icmp-error"
    | "redirect"
    | "arp"
    | "handshake"
    | "reply";
}

/** One thing that happened to one packet, at one device, with the row that decided it. */
export interface Event {
  readonly packet: number;
  readonly at: Port;
  readonly action: Action;
  /** The packet as it is afterwards, as a capture on that device would show it. */
  readonly headers: Packet;
}

export type Action =
  /** An application's send: user → kernel. */
  | { readonly kind: "send"; readonly process: string }
  /** Into a socket and out to its owner: kernel → user. */
  | { readonly kind: "deliver"; readonly socket: Socket | "kernel" | "assumed" }
  /** Taken in by a device, as a capture on it sees: direction in. */
  | { readonly kind: "receive" }
  /** Handed to a device for sending, as a capture on it sees: direction out. */
  | { readonly kind: "transmit" }
  /** Over a segment; `frame` is in bytes, Ethernet header included, FCS not. */
  | { readonly kind: "wire"; readonly segment: string; readonly to: Port; readonly frame: number }
  | { readonly kind: "route"; readonly direction: "input" | "output"; readonly found: FibResult; readonly src?: Ip }
  | { readonly kind: "neighbour"; readonly entry: Neighbour }
  /** A device's forwarding entry: of a tunnel, or of a bridge. */
  | { readonly kind: "fdb"; readonly entry: FdbEntry }
  /** The peer that a WireGuard device sends the packet to. */
  | { readonly kind: "peer"; readonly peer: WireguardPeer }
  /** A WireGuard device asks a peer for a session, or answers one that asks. */
  | { readonly kind: "handshake"; readonly message: "initiation" | "response"; readonly peer: WireguardPeer }
  /** A group frame, or one for a MAC nobody has learned: who took it in, and how many ignored it. */
  | { readonly kind: "flood"; readonly accepted: readonly Port[]; readonly ignored: number }
  | {
      readonly kind: "arp";
      readonly op: "request" | "reply";
      readonly ip: Ip;
      readonly mac?: Mac;
      readonly proxy?: Route;
    }
  /** TTL down by one on the way through. */
  | { readonly kind: "forward"; readonly ttl: number }
  | {
      readonly kind: "filter";
      readonly hook: Hook;
      readonly table: FilterTable;
      readonly chain: Chain;
      /** The rule that decided; absent when the chain's policy did. */
      readonly rule?: FilterRule;
      readonly verdict: "ACCEPT" | "DROP" | "REJECT";
    }
  | {
      readonly kind: "translate";
      readonly rule?: FilterRule;
      readonly field: "src" | "dst";
      readonly before: Ip;
      readonly after: Ip;
    }
  | { readonly kind: "encapsulate"; readonly pushed: readonly Header[]; readonly by: string }
  | { readonly kind: "decapsulate"; readonly popped: readonly Header[]; readonly socket?: Socket; readonly by: string }
  /** A process takes a packet off its tun device: kernel → user. */
  | { readonly kind: "read"; readonly forwarder: Forwarder }
  | { readonly kind: "lease"; readonly lease: Lease }
  /** A process sends it on from its socket: user → kernel. */
  | { readonly kind: "sendto"; readonly forwarder: Forwarder }
  /** A process receives a datagram: kernel → user. */
  | { readonly kind: "recvfrom"; readonly forwarder: Forwarder }
  /** A process puts a packet into its tun device: user → kernel. */
  | { readonly kind: "write"; readonly forwarder: Forwarder }
  | { readonly kind: "fragment"; readonly mtu: number; readonly count: number }
  | { readonly kind: "reassemble"; readonly count: number }
  /** A smaller path MTU learned, for `ip`. */
  | { readonly kind: "pmtu"; readonly ip: Ip; readonly mtu: number }
  /** The packet leaves by the device it came in by, and its sender is told of the shorter way; or why not. */
  | { readonly kind: "redirect"; readonly gateway: Ip; readonly sent?: number; readonly why?: IcmpSilence }
  /** A sender believes a redirect: from now on `ip` goes by `gateway`. */
  | { readonly kind: "redirected"; readonly ip: Ip; readonly gateway: Ip }
  /** An ICMP error about this packet: sent as another packet, or why not. */
  | { readonly kind: "icmp"; readonly error: IcmpError; readonly sent?: number; readonly why?: IcmpSilence }
  /** What the sending socket is told, at once or by an ICMP error. */
  | { readonly kind: "error"; readonly error: SocketError }
  | { readonly kind: "drop"; readonly reason: DropReason; readonly because?: Because }
  /** A step that did not happen, and why: no masquerade, no encapsulation. */
  | { readonly kind: "skip"; readonly what: SkipReason; readonly rule?: FilterRule };

export type ActionKind = Action["kind"];
export type ActionOf<K extends ActionKind> = Extract<Action, { kind: K }>;

/** The facts and rows behind a drop, for whoever has to explain it. */
export interface Because {
  readonly route?: FibResult;
  readonly fabric?: FabricRow | "not-allowed" | "source-dest-check";
  readonly mtu?: number;
  readonly size?: number;
  readonly ip?: Ip;
  readonly dev?: string;
  /** What the receiving side has instead: VNIs on the port, MAC of the device, port numbers. */
  readonly expected?: readonly string[];
}

export interface IcmpError {
  readonly type: number;
  readonly code: number;
  readonly mtu?: number;
}

/** Why an ICMP error was never sent. */
export type IcmpSilence =
  | "no-route-back"
  | "about-an-error"
  | "not-first-fragment"
  | "group-address"
  | "blackhole"
  | "rate-limited";

/** What a socket's error queue would hold. */
export interface SocketError {
  readonly errno: string;
  /** `local`: the kernel refused to send; `icmp`: somebody reported. */
  readonly origin: "local" | "icmp" | "tcp";
  readonly from?: Ip;
  readonly icmp?: IcmpError;
  readonly mtu?: number;
  /** Seconds until it comes, when the kernel first tries for a while. */
  readonly after?: number;
}

export type SkipReason = "SKIP_SNAT_DST_IN_CLUSTER_CIDR" | "SKIP_SNAT_DST_IN_POOL" | "SKIP_SNAT_REPLY";
