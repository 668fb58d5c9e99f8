import type { Ip } from "../addr/ip.ts";
import type { Mac } from "../addr/mac.ts";
import type { Netns } from "./netns.ts";
import type { Port, Written } from "./row.ts";

/** What the fabric of a segment does to a frame that matches; a row like any other. */
export interface FabricRow extends Written {
  readonly verdict: "drop" | "allow";
  readonly protocol: number;
  readonly port?: number;
}

/** A broadcast domain: which cards hear each other, and what the fabric between them does. */
export interface Segment {
  readonly name: string;
  readonly mtu: number;
  /** In order; when any row allows, everything that no row allows is dropped. */
  readonly fabric: readonly FabricRow[];
  /** Frames whose IP addresses are not their cards' are dropped. */
  readonly sourceDestCheck: boolean;
  /** How many cards are on it. */
  readonly population: number;
  /** Cards whose machine may answer for an address: theirs, or in a prefix the machine can claim. */
  owners(ip: Ip): readonly Port[];
  /** Cards that have a MAC address. */
  withMac(mac: Mac): readonly Port[];
  /** Every card, for the one reader that asks all. */
  ports(): Iterable<Port>;
}

/** A whole network: namespaces are made when they are asked for. It never changes; what is learned is state. */
export interface Network {
  /** The mode whose agents wrote the tables. */
  readonly mode: string;
  /** The topology it was made from. */
  readonly topology: string;
  netns(name: string): Netns | undefined;
  /** Nobody asks for a machine again soon: what all its rows for thousands of others take is given back. */
  forget?(name: string): void;
  /** The names of all namespaces, machines in file order, each host followed by its pods. */
  names(): Iterable<string>;
  readonly segments: ReadonlyMap<string, Segment>;
}
