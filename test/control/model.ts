import type { Writer } from "../../src/kernel/row.ts";
import type { Table } from "../../src/kernel/table.ts";
import { type ModelNetwork, networkOf } from "../../src/modes/build.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Topology } from "../../src/topology/topology.ts";

/** A document as a topology, and the network that a mode makes of it. */
export async function modelOf(
  document: object,
  mode: string,
): Promise<{ readonly topology: Topology; readonly network: ModelNetwork }> {
  const loaded = await loadTopology({ text: JSON.stringify({ "cni-trace": 1, ...document }), file: "control.yaml" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const built = networkOf(loaded.value, mode);
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  return { topology: loaded.value, network: built.value };
}

/** A table into which one writer has not written yet. */
export function unwritten<Row extends { readonly by: Writer }>(table: Table<Row>, writer: Writer): Table<Row> {
  const others = (rows: Iterable<Row>) => [...rows].filter(({ by }) => by !== writer);
  return {
    rows: () => others(table.rows()),
    written: () => others(table.written()),
    near: (peers) => others(table.near(peers)),
    families: table.families.filter(({ by }) => by !== writer),
    exceptions: table.exceptions,
  };
}
