import type { Refusal } from "../kernel/refused.ts";

/** One thing to do in the kernel, and what the kernel is expected to say. */
export type Step = Command | Setting | Bare | Carried | Forward;

interface Placed {
  /** The namespace by its generated name; absent: outside any of ours. */
  readonly netns?: string;
  /** What the network calls it. */
  readonly place: string;
}

/** A program to run. */
export interface Command extends Placed {
  readonly kind: "run";
  readonly argv: readonly string[];
  readonly input?: string;
  /** A row the model says the kernel refuses, and how. */
  readonly refused?: Refusal;
}

/** A value to write below /proc/sys; `key` has slashes, because a device's name may have dots. */
export interface Setting extends Placed {
  readonly kind: "sysctl";
  readonly netns: string;
  readonly key: string;
  readonly value: string;
}

/** Offloads off on every device, so that what is captured is what a wire would carry. */
export interface Bare extends Placed {
  readonly kind: "bare";
  readonly netns: string;
}

/** Until every device that has a carrier is known to have it, which a bridge opens its ports upon. */
export interface Carried extends Placed {
  readonly kind: "carried";
  readonly netns: string;
}

/** A process that forwards between a tun device and a socket. */
export interface Forward extends Placed {
  readonly kind: "forward";
  readonly netns: string;
  /** How it is refused its port. */
  readonly refused?: Refusal;
  readonly config: ForwardConfig;
}

/** What the twin of flanneld reads. */
export interface ForwardConfig {
  readonly netns: string;
  readonly tun: string;
  readonly ip: string;
  readonly port: number;
  readonly buffer: number;
  /** The tun device's own address. */
  readonly own: string | null;
  readonly leases: readonly (readonly [dst: string, to: string, port: number])[];
}

/** `net.ipv4.conf.flannel.1.rp_filter` as a path: only the separators become slashes. */
export function sysctlPath(key: string): string {
  const device = /^(net)\.(ipv4|ipv6)\.(conf|neigh)\.(.+)\.([a-z0-9_]+)$/.exec(key);
  return device ? device.slice(1).join("/") : key.replaceAll(".", "/");
}
