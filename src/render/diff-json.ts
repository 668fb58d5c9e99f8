import { type Cause, explaining } from "../kernel/diff-tally.ts";
import type { AnyRow, RowChange } from "../kernel/row-change.ts";
import type { Direction } from "../trace/answer.ts";
import type { PathDiff } from "../trace/path-diff.ts";
import type { Comparison } from "./diff-text.ts";
import { reasonWords, rowWords } from "./diff-words.ts";
import { fields, type Json, plainOf, SCHEMA_VERSION } from "./json.ts";

/** The answer to `diff` as plain data; `schemas.ts` has its schema. A cause names its rows by their place in `changes`. */
export function diffJson(comparison: Comparison): { readonly [key: string]: Json } {
  return documentOf(comparison, comparison.diff.changes);
}

/** The same with every row, however many, a row a line; each names its causes, and causes name no rows. */
export function* diffJsonLines(comparison: Comparison): Generator<string> {
  const { changes: _, ...head } = documentOf(comparison, []);
  yield `${JSON.stringify({ ...head, omitted: 0 }).slice(0, -1)},"changes":[`;
  const causes = explaining(comparison.diff.causes);
  let before: string | undefined;
  for (const found of comparison.diff.all()) {
    if (before !== undefined) yield `${before},`;
    before = JSON.stringify({ ...changeJson(found.change), causes: causes(found) });
  }
  if (before !== undefined) yield before;
  yield "]}";
}

function documentOf({ left, right, diff, path }: Comparison, changes: readonly RowChange[]) {
  const index = new Map(changes.map((change, i) => [change, i]));
  return fields({
    schemaVersion: SCHEMA_VERSION,
    kind: "diff",
    left: { mode: left.mode, topology: left.topology },
    right: { mode: right.mode, topology: right.topology },
    only: { left: diff.only.left, right: diff.only.right },
    rows: diff.rows,
    omitted: diff.rows - changes.length,
    causes: diff.causes.map((cause) => causeJson(cause, index)),
    changes: changes.map(changeJson),
    path: path && { src: path.src, dst: path.dst, ...pathJson(path.diff) },
  });
}

function causeJson(cause: Cause, index: ReadonlyMap<RowChange, number>): Json {
  const listed = cause.changes.filter((change) => index.has(change));
  return {
    reason: plainOf(cause.reason),
    text: reasonWords(cause),
    rows: cause.rows,
    places: Object.fromEntries(cause.places),
    namespaces: [...new Set(listed.map(({ netns }) => netns))],
    changes: listed.flatMap((change) => index.get(change) ?? []),
  };
}

function changeJson({ netns, table, before, after, fields: changed }: RowChange): { readonly [key: string]: Json } {
  return fields({
    netns,
    table,
    op: before && after ? "change" : before ? "del" : "add",
    before: before && sideJson(before),
    after: after && sideJson(after),
    fields: before && after ? changed.map((field) => plainOf(field)) : undefined,
  });
}

function sideJson(row: AnyRow): Json {
  return { text: rowWords(row), by: row.row.by };
}

function pathJson({ stations, left, right, fabric }: PathDiff): { readonly [key: string]: Json } {
  return {
    stations: stations.map(({ op, station }) => fields({ op, ...record(station) })),
    left: endJson(left),
    right: endJson(right),
    fabric: { left: fabric.left, right: fabric.right },
  };
}

function record(station: PathDiff["stations"][number]["station"]): { readonly [key: string]: Json } {
  const { kind, place, dev } = station;
  if (station.kind === "wire") return { kind, place, dev, segment: station.segment, to: station.to };
  return { kind, place, dev, bytes: station.bytes };
}

function endJson({ diagnosis, ttl, headerBytes, pathMtu, crossings }: Direction): Json {
  const { verdict, code, at } = diagnosis;
  return fields({ verdict, code, at, ttl, headerBytes, pathMtu, crossings: plainOf(crossings) });
}
