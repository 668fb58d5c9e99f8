import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Written } from "./row.ts";

/**
 * A process that forwards packets: it reads a tun device, looks up a lease, and sends the packet in a datagram from
 * its own socket; what comes in on the socket it writes into the device.
 */
export interface Forwarder extends Written {
  readonly process: string;
  readonly tun: string;
  readonly ip: Ip;
  readonly port: number;
  /** Bytes of its one buffer; a longer packet is cut off. */
  readonly buffer: number;
}

/** A row of a forwarder's own table. The first match wins, not the longest. */
export interface Lease extends Written {
  readonly process: string;
  readonly dst: Prefix;
  readonly to: Ip;
  readonly port: number;
}

export function leaseKey(row: Lease): string {
  return `${row.process} ${row.dst}`;
}

/** One side of a routing daemon's session, as `birdc show protocols` lists it. */
export interface RoutingSession {
  /** The machine at its other end, by its plain name. */
  readonly peer: string;
  readonly state: string;
  /** Why routes are not exchanged. */
  readonly why?: string;
}
