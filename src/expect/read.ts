import type { Complain } from "../topology/complaint.ts";
import { locateWhole } from "../topology/locate.ts";
import type { MarkedTree, SourceText } from "../topology/marks.ts";
import { nearest } from "../topology/nearest.ts";
import type { Path } from "../topology/path.ts";
import type { Outcome } from "../topology/problem.ts";
import type { Topology } from "../topology/topology.ts";
import { CODES, findCode } from "../trace/codes.ts";
import { readDocument } from "./document.ts";
import type { Expectation } from "./expectation.ts";
import { expectationsSchema, type PairsEntry, type RowsEntry } from "./schema.ts";
import { selects } from "./select.ts";

/**
 * Reads a file of expectations about a topology, YAML or JSON. Answers all of them, or every problem at once: wrong
 * keys and values, codes, places and pods that are nobody.
 */
export async function readExpectations(
  source: SourceText,
  topology: Topology,
): Promise<Outcome<readonly Expectation[]>> {
  const document = await readDocument(source, expectationsSchema, "expect");
  if (!document.ok) return document;
  const { data, read, complaints } = document.value;
  const expectations = data.expect.map((entry, i) =>
    "rows" in entry
      ? rowsOf(entry, i, read)
      : pairsOf(entry, { path: ["expect", i], read, topology, complain: complaints.complain }),
  );
  if (complaints.count() > 0) return { ok: false, problems: complaints.problems() };
  return { ok: true, value: expectations };
}

function rowsOf(entry: RowsEntry, i: number, read: MarkedTree): Expectation {
  const place = locateWhole(read, ["expect", i], "value");
  const most = new Map(Object.entries(entry.rows));
  const words = [...most].map(([table, count]) => `${table} ≤ ${count}`).join(", ");
  return { kind: "rows", name: entry.name ?? `rows a node: ${words}`, most, ...(place && { place }) };
}

interface Context {
  readonly path: Path;
  readonly read: MarkedTree;
  readonly topology: Topology;
  readonly complain: Complain;
}

function pairsOf(entry: PairsEntry, { path, read, topology, complain }: Context): Expectation {
  const { from, to, crossings, headerBytes, pathMtu, fabric } = entry;
  const code = entry.code === undefined ? undefined : findCode(entry.code);
  if (entry.code !== undefined && !code) {
    const close = nearest(
      entry.code,
      CODES.map((each) => each.code),
    );
    const hint = close === undefined ? "cni-trace explain knows them" : `did you mean ${close}?`;
    complain({ code: "unknown-code", path: [...path, "code"], message: `there is no code ${entry.code}`, hint });
  }
  for (const side of ["to", "from"] as const) {
    const isMeant = selects(entry[side], topology);
    if (someone(topology, isMeant)) continue;
    complain({
      code: "nobody",
      path: [...path, side],
      message: "no pod is meant by this",
      hint: "see cni-trace tables",
    });
  }
  const machines = [...topology.hosts.keys(), ...topology.routers.keys()];
  for (const side of ["passes", "avoids"] as const) {
    for (const [i, name] of (entry[side] ?? []).entries()) {
      if (machines.includes(name)) continue;
      const close = nearest(name, machines);
      const hint = close === undefined ? "name a host or a router" : `did you mean ${close}?`;
      complain({
        code: "unknown-place",
        path: [...path, side, i],
        message: `there is no host or router ${name}`,
        hint,
      });
    }
  }
  const place = locateWhole(read, path, "value");
  return {
    kind: "pairs",
    name: entry.name ?? `${words(from)} → ${words(to)}`,
    from: selects(from, topology),
    to: selects(to, topology),
    protocol: entry.protocol ?? "udp",
    port: entry.port ?? 9000,
    packet: entry.packet ?? "small",
    reachable: entry.reachable ?? (code === undefined || code.verdict === "delivered"),
    passes: entry.passes ?? [],
    avoids: entry.avoids ?? [],
    ...(place && { place }),
    ...(code && { code: code.code }),
    ...(crossings !== undefined && { crossings }),
    ...(headerBytes !== undefined && { headerBytes }),
    ...(pathMtu !== undefined && { pathMtu }),
    ...(fabric !== undefined && { fabric }),
  };
}

function words(selector: PairsEntry["from"]): string {
  return typeof selector === "string" ? selector : JSON.stringify(selector).replace(/["{}]/g, "").replaceAll(",", " ");
}

function someone({ hosts, pods }: Topology, isMeant: ReturnType<typeof selects>): boolean {
  for (const name of hosts.keys()) if (pods.on(name).some(isMeant)) return true;
  return false;
}
