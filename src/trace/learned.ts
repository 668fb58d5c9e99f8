import type { Ip } from "../addr/ip.ts";
import type { FdbEntry } from "../kernel/fdb.ts";
import type { Neighbour } from "../kernel/neighbour.ts";

/** What a connection is told apart by; ICMP errors are looked up by the packet they quote. */
export interface Tuple {
  readonly src: Ip;
  readonly dst: Ip;
  readonly protocol: number;
  readonly sport: number;
  readonly dport: number;
}

/** Seconds that a redirect is believed (`net.ipv4.route.gc_timeout`). */
export const REDIRECT_SECONDS = 300;

/** Seconds that a learned path MTU is kept (`net.ipv4.route.mtu_expires`). */
export const PMTU_SECONDS = 600;

/** A row that a packet, or what followed from it, left in the memory of a namespace. */
export type Learned = { readonly netns: string } & (
  | { readonly kind: "pmtu"; readonly ip: Ip; readonly mtu: number }
  | { readonly kind: "redirect"; readonly ip: Ip; readonly gateway: Ip }
  | { readonly kind: "neighbour"; readonly entry: Neighbour }
  | { readonly kind: "fdb"; readonly bridge: string; readonly entry: FdbEntry }
  /** A connection that is tracked: how its first packet looked when it came, and how its replies will look. */
  | { readonly kind: "connection"; readonly original: Tuple; readonly reply: Tuple }
  /** A session with a WireGuard peer. */
  | { readonly kind: "session"; readonly dev: string; readonly publicKey: string }
);
