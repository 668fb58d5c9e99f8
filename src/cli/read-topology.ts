import "../modes/registry.ts";
import { type Locate, loadTopology } from "../topology/load.ts";
import type { Outcome } from "../topology/problem.ts";
import type { Topology } from "../topology/topology.ts";
import { note } from "./complain.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { openSource } from "./source.ts";

/** A topology, and what is known of pods that it does not have. */
export interface Read {
  readonly topology: Topology;
  /** The file that it is, in our own format. */
  readonly document: () => string;
  /** Where a path of it stands, in whatever it was read from. */
  readonly locate: Locate;
  readonly absent?: ReadonlyMap<string, string>;
}

/** Reads a topology: a file of ours, or Kubernetes objects; what was concluded from objects is noted. */
export async function readTopology(
  words: readonly [string, ...string[]],
  { set = [], mode, quiet }: Pick<Flags, "set" | "mode" | "quiet">,
  io: Io,
): Promise<Outcome<Read>> {
  const source = openSource(words, io);
  if (!source.ok) return source;
  if ("own" in source.value) {
    const { own } = source.value;
    const loaded = await loadTopology({ ...own, set });
    if (!loaded.ok) return loaded;
    return { ok: true, value: { topology: loaded.value, document: () => own.text, locate: loaded.locate } };
  }
  const { importTopology } = await import("../import/import.ts");
  const { inputs, name } = source.value;
  const imported = await importTopology(inputs, { name, set, mode: mode === undefined ? "needed" : "asked" });
  if (!imported.ok) return imported;
  const { topology, document, locate, findings, absent } = imported.value;
  if (!quiet) for (const line of findings?.summary() ?? []) note(line, io);
  return { ok: true, value: { topology, document: () => JSON.stringify(document), locate, absent } };
}
