import { readFileSync } from "node:fs";
import type { Network } from "../../src/kernel/network.ts";
import type { Agreement } from "../../src/lab/agree.ts";
import { agreementText, disagreementsOf } from "../../src/lab/report.ts";
import { networkOf } from "../../src/modes/build.ts";
import { modes } from "../../src/modes/registry.ts";
import { loadTopology } from "../../src/topology/load.ts";

/** The packaged topologies that every mode is compared on in every kernel: those that a lab builds whole. */
export const EVERYWHERE = ["one-node", "two-nodes", "two-subnets", "bgp-routers", "blocked"] as const;

/** And those on which a guest, which is slow, has only the modes for which it is there. */
export const TOPOLOGIES = [...EVERYWHERE, "vpc"] as const;

/** Those that are about one mode, in that mode; and two hosts of `huge`, which is no lab as a whole. */
export const OWN: readonly { readonly topology: string; readonly mode: string; readonly set?: readonly string[] }[] = [
  { topology: "seed-udp", mode: "flannel-udp" },
  { topology: "seed-vxlan", mode: "flannel-vxlan" },
  { topology: "seed-host-gw", mode: "flannel-host-gw" },
  { topology: "seed-calico", mode: "calico-bgp" },
  { topology: "seed-calico", mode: "calico-ipip" },
  { topology: "seed-calico-routers", mode: "calico-bgp" },
  {
    topology: "huge",
    mode: "calico-bgp",
    set: ["generate.racks=2", "generate.hostsPerRack=1", "generate.podsPerHost=1"],
  },
];

/** Of both families, for the modes that carry both. */
export const DUAL = "dual-stack";

/** A mode on a topology: what is built in a kernel. */
export interface Cell {
  readonly mode: string;
  readonly topology: string;
  /** The topology file. */
  readonly text: string;
  readonly network: Network;
}

/** Every mode on every one of them, those of one mode, and those of both families. */
export function cells(): Promise<readonly Cell[]> {
  const every = TOPOLOGIES.flatMap((topology) => modes.map(({ name }) => ({ topology, mode: name })));
  const dual = modes.flatMap(({ name, families }) => (families.includes(6) ? [{ topology: DUAL, mode: name }] : []));
  return Promise.all([...every, ...OWN, ...dual].map(cell));
}

async function cell({ topology, mode, set = [] }: (typeof OWN)[number]): Promise<Cell> {
  const text = readFileSync(new URL(`../../topologies/${topology}.yaml`, import.meta.url), "utf8");
  const loaded = await loadTopology({ text, file: `${topology}.yaml`, set });
  const built = loaded.ok ? networkOf(loaded.value, mode) : loaded;
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  return { mode, topology, text, network: built.value };
}

/** What the README says of a cell. */
export interface Result {
  readonly mode: string;
  readonly topology: string;
  readonly frames: number;
  readonly disagreements: number;
}

export function resultOf(agreement: Agreement): Result {
  const { mode, topology, pairs } = agreement;
  const frames = pairs.reduce((sum, pair) => sum + pair.frames, 0);
  return { mode, topology, frames, disagreements: disagreementsOf(agreement).length };
}

/** Where a cell does not agree, its whole report; nothing where it does. */
export function complaint(agreement: Agreement): string {
  return disagreementsOf(agreement).length === 0 ? "" : agreementText(agreement);
}

/** `6.1` of `6.1.0-56-cloud-amd64`: how the README calls a kernel. */
export function kernelOf({ kernel }: Agreement): string {
  return kernel.split(".").slice(0, 2).join(".");
}
