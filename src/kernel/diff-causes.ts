import type { Nexthop } from "./route.ts";
import { type AnyRow, deviceOf, type RowChange, type TableName } from "./row-change.ts";

/** What a group of changes has in common, found in the rows alone. */
export type Reason =
  /** The same prefix by another device. */
  | { readonly kind: "next-hop"; readonly before: string; readonly after: string }
  /** A device that one side has alone, and the rows on it; several of one kind under one name. */
  | { readonly kind: "device"; readonly op: "add" | "del"; readonly device: string }
  /** Devices that are called otherwise. */
  | { readonly kind: "rename" }
  /** The same field, changed alike; without values when they differ from row to row. */
  | {
      readonly kind: "field";
      readonly table: TableName;
      readonly field: string;
      readonly before?: string;
      readonly after?: string;
    }
  /** Rows of one table by one writer, that one side has alone. */
  | { readonly kind: "rows"; readonly op: "add" | "del"; readonly table: TableName; readonly by: string };

/** A reason, and the changes that it explains. */
export interface Cause {
  readonly reason: Reason;
  readonly changes: readonly RowChange[];
  /** Namespaces they are in, in the order they were met. */
  readonly namespaces: readonly string[];
}

/** In what order causes are told: what moves packets first. */
const ORDER: readonly Reason["kind"][] = ["next-hop", "device", "rename", "field", "rows"];

/** Groups changes by what they have in common. A row that changed in two ways stands under both. */
export function causesOf(changes: readonly RowChange[]): readonly Cause[] {
  const gone = soloDevices(changes);
  const groups = new Map<string, Group>();
  for (const change of changes) {
    for (const reason of reasonsOf(change, gone)) {
      const key = JSON.stringify(reason);
      const group = groups.get(key);
      if (group) group.changes.push(change);
      else groups.set(key, { reason, changes: [change] });
    }
  }
  return merged([...groups.values()])
    .toSorted((a, b) => ORDER.indexOf(a.reason.kind) - ORDER.indexOf(b.reason.kind))
    .map((group) => ({ ...group, namespaces: [...new Set(group.changes.map(({ netns }) => netns))] }));
}

/** Devices that one side has alone, as `netns device`, with what to call them. */
function soloDevices(changes: readonly RowChange[]): ReadonlyMap<string, string> {
  const solo = new Map<string, string>();
  for (const { netns, before, after } of changes) {
    const row = before && after ? undefined : (before ?? after);
    // Veths are called as many names as there are pods: they are told together.
    if (row?.table === "link") solo.set(`${netns} ${row.row.name}`, row.row.kind === "veth" ? "veth" : row.row.name);
  }
  return solo;
}

function reasonsOf(change: RowChange, solo: ReadonlyMap<string, string>): readonly Reason[] {
  const { before, after, fields } = change;
  if (before && after) {
    const moves = fields.some(({ field }) => MOVES.has(field)) ? nextHop(before, after) : undefined;
    const renamed = fields.some(({ field }) => field === "name");
    // A device under another name has another MAC where that follows from the name.
    const rest = fields.filter(({ field }) => !(moves && NEXT_HOP_FIELDS.has(field)) && !(renamed && field === "mac"));
    return [...(moves ? [moves] : []), ...rest.map((field) => fieldReason(change.table, field))];
  }
  const row = before ?? after;
  if (!row) return [];
  const op = before ? "del" : "add";
  const device = solo.get(`${change.netns} ${deviceOf(row)}`);
  if (device !== undefined) return [{ kind: "device", op, device }];
  return [{ kind: "rows", op, table: row.table, by: row.row.by }];
}

const MOVES: ReadonlySet<string> = new Set(["dev", "nexthops", "type"]);
const NEXT_HOP_FIELDS: ReadonlySet<string> = new Set(["dev", "via", "onlink", "nexthops", "scope"]);

function nextHop(before: AnyRow, after: AnyRow): Reason | undefined {
  if (before.table !== "route" || after.table !== "route") return undefined;
  const [was, is] = [devices(before.row), devices(after.row)];
  return was === is ? undefined : { kind: "next-hop", before: was, after: is };
}

function devices(route: {
  readonly type: string;
  readonly dev?: string;
  readonly nexthops?: readonly Nexthop[];
}): string {
  const all = route.nexthops?.map(({ dev }) => dev ?? "") ?? (route.dev === undefined ? [] : [route.dev]);
  return all.length > 0 ? [...new Set(all)].join(", ") : route.type;
}

function fieldReason(table: TableName, { field, before, after }: RowChange["fields"][number]): Reason {
  if (field === "name") return { kind: "rename" };
  return {
    kind: "field",
    table,
    field,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  };
}

interface Group {
  readonly reason: Reason;
  readonly changes: RowChange[];
}

/** A field whose values differ from row to row (every node's own gateway) is one cause, not one a row. */
function merged(groups: readonly Group[]): readonly Group[] {
  const single = (group: Group) => group.reason.kind === "field" && group.changes.length === 1;
  const kinds = new Map<string, Group[]>();
  for (const group of groups) {
    const { reason } = group;
    const key = reason.kind === "field" && single(group) ? `${reason.table} ${reason.field}` : JSON.stringify(reason);
    kinds.set(key, [...(kinds.get(key) ?? []), group]);
  }
  return [...kinds.values()].flatMap((alike) => {
    const [first] = alike;
    if (first?.reason.kind !== "field" || alike.length < 2) return alike;
    const { table, field } = first.reason;
    return [{ reason: { kind: "field", table, field }, changes: alike.flatMap(({ changes }) => changes) }];
  });
}
