import { type Cause, causesOf } from "./diff-causes.ts";
import type { Link } from "./link.ts";
import type { Netns } from "./netns.ts";
import type { Network } from "./network.ts";
import { type AnyRow, changedFields, keyOf, type RowChange, rowsOf, withNames } from "./row-change.ts";

/** What makes two networks different: every row, and the few causes behind them. */
export interface Diff {
  readonly changes: readonly RowChange[];
  readonly causes: readonly Cause[];
  /** Namespaces that one side has alone; their rows are not listed. */
  readonly only: { readonly left: readonly string[]; readonly right: readonly string[] };
}

/**
 * Compares the tables of two networks, namespace by namespace. `names` are the namespaces to look at; default: all of
 * both, those of the left first. Expands every table it looks at.
 */
export function diffNetworks(left: Network, right: Network, names?: Iterable<string>): Diff {
  const changes: RowChange[] = [];
  const only = { left: [] as string[], right: [] as string[] };
  for (const name of names ? new Set(names) : new Set([...left.names(), ...right.names()])) {
    const [a, b] = [left.netns(name), right.netns(name)];
    if (a && b) changes.push(...diffNetns(a, b));
    else if (a) only.left.push(name);
    else if (b) only.right.push(name);
  }
  return { changes, causes: causesOf(changes), only };
}

/**
 * The rows of one namespace that differ. A veth whose other end is the same device of the same namespace is the same
 * device, whatever its name: rows on it are compared as if it had not been renamed.
 */
export function diffNetns(before: Netns, after: Netns): readonly RowChange[] {
  const names = renames(before, after);
  const left = keyed(rowsOf(before), (row) => (names.size > 0 ? withNames(row, names) : row));
  const right = keyed(rowsOf(after), (row) => row);
  const changes: RowChange[] = [];
  for (const [key, { was, row }] of left) {
    const is = right.get(key)?.row;
    const base = { netns: before.name, table: row.table, key, before: was };
    const fields = is ? [...renaming(was, is), ...changedFields(row, is)] : [];
    if (!is) changes.push({ ...base, fields });
    else if (fields.length > 0) changes.push({ ...base, after: is, fields });
  }
  for (const [key, { row }] of right) {
    if (!left.has(key)) changes.push({ netns: after.name, table: row.table, key, after: row, fields: [] });
  }
  return changes;
}

interface Keyed {
  readonly was: AnyRow;
  /** As the other side calls its devices. */
  readonly row: AnyRow;
}

/** Rows by their keys; of several with the same key each is its own. */
function keyed(rows: Iterable<AnyRow>, rename: (row: AnyRow) => AnyRow): ReadonlyMap<string, Keyed> {
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
