import type { Ip } from "../addr/ip.ts";
import type { Written } from "./row.ts";

/** Of an ICMP socket the port is the identifier of its echo requests (net/ipv4/ping.c). */
export type SocketProtocol = "udp" | "tcp" | "sctp" | "icmp";

/** Something that takes in what arrives for a port: a process, or a tunnel device. */
export interface Socket extends Written {
  readonly protocol: SocketProtocol;
  /** Absent: bound to every address. */
  readonly ip?: Ip;
  readonly port: number;
  /** Taken to be there, because a question asks about it. */
  readonly assumed?: boolean;
  readonly owner: { readonly kind: "process" | "link"; readonly name: string };
}
