import { type Cause, causesOf } from "./diff-causes.ts";
import type { Link } from "./link.ts";
import type { Netns } from "./netns.ts";
import type { Network } from "./network.ts";
import { type AnyRow, changedFields, keyOf, type RowChange, rowsOf, segmentRowsOf, withNames } from "./row-change.ts";

/** What makes two networks different: every row, and the few causes behind them. */
export interface Diff {
  readonly changes: readonly RowChange[];
  readonly causes: readonly Cause[];
  /** Namespaces and segments that one side has alone; their rows are not listed. */
  readonly only: { readonly left: readonly string[]; readonly right: readonly string[] };
}

/** How much of two networks to compare; default: everything, which grows with the square of a cluster. */
export interface Extent {
  /** Namespaces to look at; default: all of both, those of the left first. */
  readonly names?: Iterable<string>;
  /** Of rows that an agent writes for every peer alike, those for this many peers, spread evenly. */
  readonly peers?: number;
}

/**
 * Compares the tables of two networks, namespace by namespace, and what their segments do to frames. Without `peers` it
 * expands every table it looks at.
 */
export function diffNetworks(left: Network, right: Network, extent: Extent = {}): Diff {
  const changes: RowChange[] = [];
  const only = { left: [] as string[], right: [] as string[] };
  const compare = <Side>(
    name: string,
    a: Side,
    b: Side,
    diff: (a: NonNullable<Side>, b: NonNullable<Side>) => readonly RowChange[],
  ) => {
    if (a && b) changes.push(...diff(a, b));
    else if (a) only.left.push(name);
    else if (b) only.right.push(name);
  };
  for (const name of new Set(extent.names ?? [...left.names(), ...right.names()])) {
    compare(name, left.netns(name), right.netns(name), (a, b) => diffNetns(a, b, sample(a, extent.peers)));
  }
  for (const name of new Set([...left.segments.keys(), ...right.segments.keys()])) {
    const place = `segment/${name}`;
    compare(place, left.segments.get(name), right.segments.get(name), (a, b) => {
      return diffRows(place, keyed(segmentRowsOf(a)), keyed(segmentRowsOf(b)));
    });
  }
  return { changes, causes: causesOf(changes), only };
}

/** The names of some peers, first and last among them; `undefined`: all. */
function sample({ peers }: Netns, most: number | undefined): ReadonlySet<string> | undefined {
  if (most === undefined) return undefined;
  const all = [...peers.all()];
  const step = Math.max(1, (all.length - 1) / Math.max(1, most - 1));
  const chosen = new Set<string>();
  for (let at = 0; at < all.length && chosen.size < most; at += step) chosen.add(all[Math.round(at)]?.name ?? "");
  return chosen;
}

/**
 * The rows of one namespace that differ. A veth whose other end is the same device of the same namespace is the same
 * device, whatever its name: rows on it are compared as if it had not been renamed.
 */
export function diffNetns(before: Netns, after: Netns, peers?: ReadonlySet<string>): readonly RowChange[] {
  const names = renames(before, after);
  const left = keyed(rowsOf(before, peers), (row) => (names.size > 0 ? withNames(row, names) : row));
  return diffRows(before.name, left, keyed(rowsOf(after, peers)));
}

function diffRows(
  netns: string,
  left: ReadonlyMap<string, Keyed>,
  right: ReadonlyMap<string, Keyed>,
): readonly RowChange[] {
  const changes: RowChange[] = [];
  for (const [key, { was, row }] of left) {
    const is = right.get(key)?.row;
    const base = { netns, table: row.table, key, before: was };
    const fields = is ? [...renaming(was, is), ...changedFields(row, is)] : [];
    if (!is) changes.push({ ...base, fields });
    else if (fields.length > 0) changes.push({ ...base, after: is, fields });
  }
  for (const [key, { row }] of right) {
    if (!left.has(key)) changes.push({ netns, table: row.table, key, after: row, fields: [] });
  }
  return changes;
}

interface Keyed {
  readonly was: AnyRow;
  /** As the other side calls its devices. */
  readonly row: AnyRow;
}

/** Rows by their keys; of several with the same key each is its own. */
function keyed(rows: Iterable<AnyRow>, rename = (row: AnyRow): AnyRow => row): ReadonlyMap<string, Keyed> {
  const made = new Map<string, Keyed>();
  const counts = new Map<string, number>();
  for (const was of rows) {
    const row = rename(was);
    const key = keyOf(row);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    made.set(count === 1 ? key : `${key} #${count}`, { was, row });
  }
  return made;
}

function renaming(was: AnyRow, is: AnyRow): RowChange["fields"] {
  if (was.table !== "link" || is.table !== "link" || was.row.name === is.row.name) return [];
  return [{ field: "name", before: was.row.name, after: is.row.name }];
}

/** Old name to new name, for veths with the same far end. */
function renames(before: Netns, after: Netns): ReadonlyMap<string, string> {
  const byPeer = new Map<string, string>();
  for (const link of after.links.values()) {
    if (link.kind === "veth" && !before.links.has(link.name)) byPeer.set(farEnd(link), link.name);
  }
  const renamed = new Map<string, string>();
  for (const link of before.links.values()) {
    const name = link.kind === "veth" && !after.links.has(link.name) ? byPeer.get(farEnd(link)) : undefined;
    if (name !== undefined) renamed.set(link.name, name);
  }
  return renamed;
}

function farEnd(link: Extract<Link, { kind: "veth" }>): string {
  return `${link.peer.netns} ${link.peer.dev}`;
}
