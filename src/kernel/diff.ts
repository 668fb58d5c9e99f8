import type { Link } from "./link.ts";
import type { Netns } from "./netns.ts";
import type { Segment } from "./network.ts";
import { type AnyRow, changedFields, keyOf, type RowChange, rowsOf, segmentRowsOf, withNames } from "./row-change.ts";
import type { Peer } from "./table.ts";

/** Peers as each side knows them; a side need not know those of the other. */
export interface Near {
  readonly before: readonly Peer[];
  readonly after: readonly Peer[];
}

/**
 * One namespace on both sides. A veth whose other end is the same device of the same namespace is the same device,
 * whatever its name: rows on it are compared as if it had not been renamed.
 */
export class NetnsDiff {
  readonly before: Netns;
  readonly after: Netns;
  readonly #names: ReadonlyMap<string, string>;
  #own: Sides | undefined;

  constructor(before: Netns, after: Netns) {
    this.before = before;
    this.after = after;
    this.#names = renames(before, after);
  }

  /** The rows that differ; of what agents write for every peer alike those for some, default all. */
  changes(near?: Near): readonly RowChange[] {
    return diffRows(this.before.name, this.#sides(near));
  }

  /**
   * Those for some peers alone, without what is held for nobody in particular. `undefined` when a row that one side
   * holds for them is on the other one held for nobody: then they cannot be told apart.
   */
  changesFor(near: Near): readonly RowChange[] | undefined {
    this.#own ??= this.#sides({ before: [], after: [] });
    const all = this.#sides(near);
    const left = without(all.left, this.#own.left);
    const right = without(all.right, this.#own.right);
    const meet = meets(left, this.#own.right) || meets(right, this.#own.left);
    return meet ? undefined : diffRows(this.before.name, { left, right });
  }

  #sides(near?: Near): Sides {
    const names = this.#names;
    return {
      left: keyed(rowsOf(this.before, near?.before), (row) => (names.size > 0 ? withNames(row, names) : row)),
      right: keyed(rowsOf(this.after, near?.after)),
    };
  }
}

/** The rows of a segment that differ: what it carries, and what its fabric does to frames. */
export function diffSegments(before: Segment, after: Segment): readonly RowChange[] {
  return diffRows(`segment/${before.name}`, {
    left: keyed(segmentRowsOf(before)),
    right: keyed(segmentRowsOf(after)),
  });
}

interface Sides {
  readonly left: ReadonlyMap<string, Keyed>;
  readonly right: ReadonlyMap<string, Keyed>;
}

function without(all: Sides["left"], known: Sides["left"]): Sides["left"] {
  return new Map([...all].filter(([key]) => !known.has(key)));
}

function meets(some: Sides["left"], others: Sides["left"]): boolean {
  for (const key of some.keys()) if (others.has(key)) return true;
  return false;
}

function diffRows(netns: string, { left, right }: Sides): readonly RowChange[] {
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
