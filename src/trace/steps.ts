import type { Ip } from "../addr/ip.ts";
import type { Packet } from "../wire/header.ts";
import type { Event } from "./event.ts";
import type { Exchange } from "./exchange.ts";

/** A row of the path: what decided or changed something, and how the packet leaves it. */
export interface Step {
  /** What decided; its `headers` are the packet as it was then, `headers` here as it leaves the row. */
  readonly event: Event;
  /** One copy of the packet over the border between a process and the kernel: `down` is user → kernel. */
  readonly crossing?: "down" | "up";
  readonly headers: Packet;
  /** TTLs or hop limits as the packet leaves the row, outermost first. */
  readonly ttl: readonly number[];
  /** Length of the outermost IP packet, in bytes. */
  readonly length: number;
  /** Bytes this row pushed (positive) or popped (negative). */
  readonly bytes: number;
  /** How many tunnels are around the packet as it leaves the row. */
  readonly depth: number;
  /** The process that did it, where one did. */
  readonly process?: string;
  /** A question on the link and what came back, when this row is one. */
  readonly exchange?: Exchange;
  /** For an ICMP error that was sent: where it went. */
  readonly error?: ErrorWay;
  /** Fragments that did just the same, when the packet is one of several. */
  readonly likewise: number;
  /** What belongs to the row and matters only to who looks closely: filters passed, rows learned, steps skipped. */
  readonly under: readonly Event[];
}

/** One visit of a packet to a namespace. */
export interface Place {
  readonly number: number;
  readonly netns: string;
  readonly name: string;
  /** Devices it came in by, the port before its bridge. */
  readonly in: readonly string[];
  readonly steps: readonly Step[];
}

/** What became of an ICMP error. */
export interface ErrorWay {
  readonly from: Ip | undefined;
  readonly to: Ip | undefined;
  /** Plain names, in order. */
  readonly places: readonly string[];
  readonly arrived: boolean;
  /** The event that ended it, when it did not arrive. */
  readonly end?: Event;
}

/** The way of one packet, place by place. */
export interface Path {
  readonly packet: number;
  readonly places: readonly Place[];
  /** Copies and fragments that went another way. */
  readonly others: readonly Path[];
}
