import { readFileSync } from "node:fs";
import type { Network } from "../../src/kernel/network.ts";
import type { Agreement } from "../../src/lab/agree.ts";
import { agreementText, disagreementsOf } from "../../src/lab/report.ts";
import { networkOf } from "../../src/modes/build.ts";
import { modes } from "../../src/modes/registry.ts";
import { loadTopology } from "../../src/topology/load.ts";

/** The packaged topologies that every mode is compared on: those that a lab builds whole. */
export const TOPOLOGIES = ["one-node", "two-nodes", "two-subnets", "bgp-routers", "blocked"] as const;

/** A mode on a topology: what is built in a kernel. */
export interface Cell {
  readonly mode: string;
  readonly topology: string;
  /** The topology file. */
  readonly text: string;
  readonly network: Network;
}

/** Every mode on every one of them. */
export async function cells(): Promise<readonly Cell[]> {
  const all: Cell[] = [];
  for (const topology of TOPOLOGIES) {
    const text = readFileSync(new URL(`../../topologies/${topology}.yaml`, import.meta.url), "utf8");
    const loaded = await loadTopology({ text, file: `${topology}.yaml` });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    for (const { name: mode } of modes) {
      const built = networkOf(loaded.value, mode);
      if (!built.ok) throw new Error(JSON.stringify(built.problems));
      all.push({ mode, topology, text, network: built.value });
    }
  }
  return all;
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
