import type { NetnsDiff } from "./diff.ts";
import type { Netns } from "./netns.ts";
import type { Nexthop } from "./route.ts";
import { type AnyRow, deviceOf, type RowChange, type TableName } from "./row-change.ts";

/** What a group of changes has in common, found in the rows alone. */
export type Reason =
  /** The same prefix by another device; veths, of which every machine has its own, under one name. */
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

/** A change, and what it is part of; a row that changed in two ways is part of both. */
export interface Explained {
  readonly change: RowChange;
  readonly reasons: readonly Reason[];
}

/** Explains the changes of one namespace, or of a segment; `own` are all that say which devices come and go. */
export function explainer(own: readonly RowChange[], diff?: NetnsDiff): (change: RowChange) => Explained {
  const solo = soloDevices(own);
  const called = (netns: Netns | undefined) => (dev: string) => (netns?.links.get(dev)?.kind === "veth" ? "veth" : dev);
  const names = { solo, before: called(diff?.before), after: called(diff?.after) };
  return (change) => ({ change, reasons: reasonsOf(change, names) });
}

/** What devices are called where it must be the same on all machines. */
interface Names {
  /** Those that one side has alone. */
  readonly solo: ReadonlyMap<string, string>;
  readonly before: (dev: string) => string;
  readonly after: (dev: string) => string;
}

function soloDevices(changes: readonly RowChange[]): ReadonlyMap<string, string> {
  const solo = new Map<string, string>();
  for (const { before, after } of changes) {
    const row = before && after ? undefined : (before ?? after);
    // Veths are called as many names as there are pods: they are told together.
    if (row?.table === "link") solo.set(row.row.name, row.row.kind === "veth" ? "veth" : row.row.name);
  }
  return solo;
}

function reasonsOf(change: RowChange, names: Names): readonly Reason[] {
  const { before, after, fields } = change;
  if (before && after) {
    const moves = fields.some(({ field }) => MOVES.has(field)) ? nextHop(before, after, names) : undefined;
    const renamed = fields.some(({ field }) => field === "name");
    // A device under another name has another MAC where that follows from the name.
    const rest = fields.filter(({ field }) => !(moves && NEXT_HOP_FIELDS.has(field)) && !(renamed && field === "mac"));
    return [...(moves ? [moves] : []), ...rest.map((field) => fieldReason(change.table, field))];
  }
  const row = before ?? after;
  if (!row) return [];
  const op = before ? "del" : "add";
  const device = names.solo.get(deviceOf(row) ?? "");
  if (device !== undefined) return [{ kind: "device", op, device }];
  return [{ kind: "rows", op, table: row.table, by: row.row.by }];
}

const MOVES: ReadonlySet<string> = new Set(["dev", "nexthops", "type"]);
const NEXT_HOP_FIELDS: ReadonlySet<string> = new Set(["dev", "via", "onlink", "nexthops", "scope"]);

function nextHop(before: AnyRow, after: AnyRow, names: Names): Reason | undefined {
  if (before.table !== "route" || after.table !== "route") return undefined;
  const [was, is] = [devices(before.row), devices(after.row)];
  if (was.join() === is.join()) return undefined;
  const words = (devs: readonly string[], called: Names["before"]) => [...new Set(devs.map(called))].join(", ");
  return { kind: "next-hop", before: words(was, names.before), after: words(is, names.after) };
}

function devices(route: {
  readonly type: string;
  readonly dev?: string;
  readonly nexthops?: readonly Nexthop[];
}): readonly string[] {
  const all = route.nexthops?.map(({ dev }) => dev ?? "") ?? (route.dev === undefined ? [] : [route.dev]);
  return all.length > 0 ? [...new Set(all)] : [route.type];
}

function fieldReason(table: TableName, { field, before, after }: RowChange["fields"][number]): Reason {
  if (field === "name") return { kind: "rename" };
  if (INDIVIDUAL.has(field) || isIndividual(before) || isIndividual(after)) return { kind: "field", table, field };
  return {
    kind: "field",
    table,
    field,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  };
}

/** Fields whose values are one machine's alone. */
const INDIVIDUAL: ReadonlySet<string> = new Set(["segment", "owner", "publicKey"]);

/** Whether a value has an address in it, which other machines have otherwise. */
function isIndividual(value = ""): boolean {
  return /\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:]*:/i.test(value);
}
