import type { Explained, Reason } from "./diff-causes.ts";
import type { RowChange, TableName } from "./row-change.ts";

/** Where changes are: in namespaces of hosts, routers and pods, and in what segments do by themselves. */
export type PlaceKind = "host" | "router" | "pod" | "segment";

/** A reason, and the changes that it explains. */
export interface Cause {
  readonly reason: Reason;
  /** Of the reasons that it stands for: several, where it has put them together. */
  readonly keys: readonly string[];
  readonly rows: number;
  /** The tables that those rows are in. */
  readonly tables: ReadonlySet<TableName>;
  /** How many namespaces and segments they are in, by kind. */
  readonly places: ReadonlyMap<PlaceKind, number>;
  /** All of them, or where there are too many some of the first place of each kind. */
  readonly changes: readonly RowChange[];
}

/** So many rows are held to be listed under their causes; more are told one by one, for whoever asks for all. */
export const MOST_LISTED = 20_000;

/** Says of a change which of some causes explain it, by their places. */
export function explaining(causes: readonly Cause[]): (found: Explained) => readonly number[] {
  const places = new Map(causes.flatMap(({ keys }, place) => keys.map((key) => [key, place])));
  return ({ reasons }) => [...new Set(reasons.flatMap((reason) => places.get(keyOf(reason)) ?? []))];
}

function keyOf(reason: Reason): string {
  return JSON.stringify(reason);
}

/** In what order causes are told: what moves packets first. */
const ORDER: readonly Reason["kind"][] = ["next-hop", "device", "rename", "field", "rows"];

interface Group {
  readonly reason: Reason;
  readonly keys: readonly string[];
  rows: number;
  readonly tables: Set<TableName>;
  readonly places: Map<PlaceKind, number>;
  readonly changes: RowChange[];
}

/** Changes that every place of a group has, as often as it has peers of a kind. */
export interface Part {
  readonly found: readonly Explained[];
  readonly times: number;
}

/** Counts changes by what they have in common, each standing for as many as are alike. */
export class Tally {
  rows = 0;
  readonly #groups = new Map<string, Group>();
  readonly #keeps: (group: Group, change: RowChange) => boolean;

  /** `keep`: whether all changes are kept, or some for an example. */
  constructor(keep: "all" | "some") {
    this.#keeps = keep === "all" ? () => true : isExample;
  }

  /** Adds what `count` places of a kind have alike. */
  add(kind: PlaceKind, count: number, parts: readonly Part[]): void {
    const met = new Set<Group>();
    for (const { found, times } of parts) {
      if (times === 0) continue;
      this.rows += found.length * times * count;
      for (const { change, reasons } of found) {
        for (const reason of reasons) {
          const group = this.#group(reason);
          met.add(group);
          group.rows += times * count;
          group.tables.add(change.table);
          if (this.#keeps(group, change)) group.changes.push(change);
        }
      }
    }
    for (const { places } of met) places.set(kind, (places.get(kind) ?? 0) + count);
  }

  /** What is behind it all. */
  causes(): readonly Cause[] {
    return merged([...this.#groups.values()]).toSorted(
      (a, b) => ORDER.indexOf(a.reason.kind) - ORDER.indexOf(b.reason.kind),
    );
  }

  #group(reason: Reason): Group {
    const key = keyOf(reason);
    const known = this.#groups.get(key);
    if (known) return known;
    const group: Group = { reason, keys: [key], rows: 0, tables: new Set(), places: new Map(), changes: [] };
    this.#groups.set(key, group);
    return group;
  }
}

/** Rows of one table that stand for the rest, in the first place of a kind. */
const MOST_EXAMPLES = 4;

function isExample({ changes }: Group, change: RowChange): boolean {
  const { netns, table } = change;
  if (changes.includes(change)) return false;
  const kind = netns.slice(0, netns.indexOf("/") + 1);
  const first = changes.find((other) => other.netns.startsWith(kind));
  if (first && first.netns !== netns) return false;
  return changes.filter((other) => other.netns === netns && other.table === table).length < MOST_EXAMPLES;
}

/** A field that changes from one value to another in one row each (every node's own MTU) is one cause, not one a row. */
function merged(groups: readonly Group[]): readonly Group[] {
  const kinds = new Map<string, Group[]>();
  for (const group of groups) {
    const { reason, rows } = group;
    const single = reason.kind === "field" && rows === 1;
    const key = single ? `${reason.table} ${reason.field}` : keyOf(reason);
    kinds.set(key, [...(kinds.get(key) ?? []), group]);
  }
  return [...kinds.values()].map((alike) => {
    const [first] = alike as [Group];
    if (first.reason.kind !== "field" || first.rows > 1) return first;
    if (alike.length === 1) return { ...first, reason: valued(first.reason, first.changes) };
    const { table, field } = first.reason;
    const changes = alike.flatMap((group) => group.changes);
    const places = new Map<PlaceKind, number>();
    const names = new Map(
      alike.flatMap((group) => group.changes.map(({ netns }) => [netns, [...group.places.keys()]])),
    );
    for (const [kind] of names.values()) if (kind) places.set(kind, (places.get(kind) ?? 0) + 1);
    const keys = alike.flatMap((group) => group.keys);
    return { reason: { kind: "field", table, field }, keys, rows: alike.length, tables: first.tables, places, changes };
  });
}

/** A single row is told with its values, whosever they are. */
function valued(reason: Extract<Reason, { kind: "field" }>, [change]: readonly RowChange[]): Reason {
  const field = change?.fields.find((each) => each.field === reason.field);
  const { before, after } = field ?? {};
  return { ...reason, ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
}
