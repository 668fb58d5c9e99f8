import type { Address } from "./address.ts";
import { type FdbEntry, fdbKey } from "./fdb.ts";
import type { Link } from "./link.ts";
import { type Neighbour, neighbourKey } from "./neighbour.ts";
import { type Chain, type FilterRule, type SetMember, setKey } from "./netfilter.ts";
import type { Netns } from "./netns.ts";
import type { FabricRow, Segment } from "./network.ts";
import { type Forwarder, type Lease, leaseKey } from "./process.ts";
import type { Refused } from "./refused.ts";
import { type Route, routeKey } from "./route.ts";
import type { Rule } from "./rule.ts";
import type { Socket } from "./socket.ts";
import type { Peer, Table } from "./table.ts";
import { type WireguardPeer, wireguardPeerKey } from "./wireguard.ts";

/** A row of any table, by the table it stands in; `filter` rules by the chain they stand in, `fabric` rows by their segment. */
export type AnyRow =
  | { readonly table: "link"; readonly row: Link }
  | { readonly table: "addr"; readonly row: Address }
  | { readonly table: "route"; readonly row: Route }
  | { readonly table: "rule"; readonly row: Rule }
  | { readonly table: "neigh"; readonly row: Neighbour }
  | { readonly table: "fdb"; readonly row: FdbEntry }
  | { readonly table: "set"; readonly row: SetMember }
  | { readonly table: "lease"; readonly row: Lease }
  | { readonly table: "wireguard"; readonly row: WireguardPeer }
  | { readonly table: "forwarder"; readonly row: Forwarder }
  | { readonly table: "socket"; readonly row: Socket }
  | { readonly table: "chain"; readonly row: Chain }
  | {
      readonly table: "filter";
      readonly row: { readonly chain: Chain; readonly rule: FilterRule; readonly by: FilterRule["by"] };
    }
  | {
      readonly table: "sysctl";
      readonly row: { readonly key: string; readonly value: string; readonly by: "operator" };
    }
  | { readonly table: "refused"; readonly row: Refused }
  | {
      readonly table: "segment";
      readonly row: { readonly mtu: number; readonly sourceDestCheck: boolean; readonly by: "operator" };
    }
  | { readonly table: "fabric"; readonly row: FabricRow };

export type TableName = AnyRow["table"];

/** A field of a row that is not the same on both sides, as text; absent where the field is. */
export interface FieldChange {
  readonly field: string;
  readonly before?: string;
  readonly after?: string;
}

/** A row that one side has and the other has not, or has otherwise. */
export interface RowChange {
  /** The namespace that holds the row; of what a segment does by itself, `segment/lan`. */
  readonly netns: string;
  readonly table: TableName;
  /** What makes it the same row on both sides. */
  readonly key: string;
  readonly before?: AnyRow;
  readonly after?: AnyRow;
  /** Those that differ, when both sides have the row. */
  readonly fields: readonly FieldChange[];
}

/**
 * Every row somebody wrote. What the kernel derives by itself (local, connected and broadcast routes, link-local
 * addresses, a tunnel device's socket) follows from other rows and is left out, and so is what is taken for granted.
 * Of what agents write for every peer alike, `near` are those to look at; default: all.
 */
export function* rowsOf(netns: Netns, near?: readonly Peer[]): Generator<AnyRow> {
  const every = <Row>(table: Table<Row>): Iterable<Row> => (near ? table.near(near) : table.rows());
  for (const row of netns.links.values()) if (row.kind !== "loopback") yield { table: "link", row };
  for (const row of netns.addresses) if (row.by !== "kernel") yield { table: "addr", row };
  for (const row of every(netns.routes)) if (row.by !== "kernel") yield { table: "route", row };
  for (const row of netns.rules) if (row.by !== "kernel") yield { table: "rule", row };
  for (const row of every(netns.neighbours)) yield { table: "neigh", row };
  for (const row of every(netns.fdb)) yield { table: "fdb", row };
  for (const row of every(netns.sets)) yield { table: "set", row };
  for (const row of every(netns.leases)) yield { table: "lease", row };
  for (const row of every(netns.wireguardPeers)) yield { table: "wireguard", row };
  for (const row of netns.forwarders) yield { table: "forwarder", row };
  for (const row of netns.sockets) if (row.by !== "kernel" && !row.assumed) yield { table: "socket", row };
  for (const [key, value] of netns.sysctls) yield { table: "sysctl", row: { key, value, by: "operator" } };
  for (const chains of netns.chains.values()) {
    for (const chain of chains.values()) {
      yield { table: "chain", row: chain };
      for (const rule of chain.rules) yield { table: "filter", row: { chain, rule, by: rule.by } };
    }
  }
  for (const row of netns.refused(near)) yield { table: "refused", row };
}

/** Every row of a segment: what it carries at most, and what its fabric eats. */
export function* segmentRowsOf({ mtu, sourceDestCheck, fabric }: Segment): Generator<AnyRow> {
  yield { table: "segment", row: { mtu, sourceDestCheck, by: "operator" } };
  for (const row of fabric) yield { table: "fabric", row };
}

/** What makes a row the same one on both sides; several rows of a chain can have the same words. */
export function keyOf({ table, row }: AnyRow): string {
  switch (table) {
    case "link":
      return `link ${row.name}`;
    case "addr":
      return `addr ${row.dev} ${row.ip}/${row.length}`;
    case "route":
      return `route ${routeKey(row)}`;
    case "neigh":
      return `neigh ${neighbourKey(row)}`;
    case "fdb":
      return `fdb ${fdbKey(row)}`;
    case "set":
      return `set ${setKey(row)}`;
    case "lease":
      return `lease ${leaseKey(row)}`;
    case "wireguard":
      return `wireguard ${wireguardPeerKey(row)}`;
    case "forwarder":
      return `forwarder ${row.process} ${row.tun}`;
    case "socket":
      return `socket ${row.protocol} ${row.ip ?? "*"} ${row.port}`;
    case "sysctl":
      return `sysctl ${row.key}`;
    case "chain":
      return `chain ${row.table} ${row.name}`;
    case "filter":
      return `filter ${row.chain.table} ${row.chain.name} ${textOf(row.rule)}`;
    case "rule":
      return `rule ${textOf(row)}`;
    case "refused":
      return `refused ${textOf(row.asked)}`;
    case "segment":
      return "segment";
    case "fabric":
      return `fabric ${textOf(row)}`;
  }
}

/** A row with devices called otherwise. */
export function withNames(any: AnyRow, names: ReadonlyMap<string, string>): AnyRow {
  const called = (dev: string) => names.get(dev) ?? dev;
  switch (any.table) {
    case "link":
      return { table: "link", row: { ...any.row, name: called(any.row.name) } };
    case "addr":
      return { table: "addr", row: { ...any.row, dev: called(any.row.dev) } };
    case "neigh":
      return { table: "neigh", row: { ...any.row, dev: called(any.row.dev) } };
    case "fdb":
      return { table: "fdb", row: { ...any.row, dev: called(any.row.dev) } };
    case "wireguard":
      return { table: "wireguard", row: { ...any.row, dev: called(any.row.dev) } };
    case "route":
      return any.row.dev === undefined ? any : { table: "route", row: { ...any.row, dev: called(any.row.dev) } };
    case "sysctl":
      return {
        table: "sysctl",
        row: { ...any.row, key: any.row.key.replace(DEVICE_KEY, (_, a, dev, z) => a + called(dev) + z) },
      };
    default:
      return any;
  }
}

const DEVICE_KEY = /^(net\.ipv[46]\.(?:conf|neigh)\.)(.+)(\.[^.]+)$/;

/** What says nothing of where a packet goes, or follows from the order in which rows were written. */
const NO_FIELDS: ReadonlySet<string> = new Set(["by", "source", "comment", "assumed"]);
const SILENT: Readonly<Record<TableName, ReadonlySet<string>>> = {
  link: new Set([...NO_FIELDS, "ifindex", "name", "peer"]),
  addr: NO_FIELDS,
  route: NO_FIELDS,
  rule: NO_FIELDS,
  neigh: NO_FIELDS,
  fdb: NO_FIELDS,
  set: NO_FIELDS,
  lease: NO_FIELDS,
  wireguard: NO_FIELDS,
  forwarder: NO_FIELDS,
  socket: NO_FIELDS,
  chain: new Set([...NO_FIELDS, "rules"]),
  filter: new Set([...NO_FIELDS, "chain", "rule"]),
  sysctl: NO_FIELDS,
  refused: new Set([...NO_FIELDS, "asked"]),
  segment: NO_FIELDS,
  fabric: NO_FIELDS,
};

/** The fields in which two rows with the same key differ. */
export function changedFields(before: AnyRow, after: AnyRow): readonly FieldChange[] {
  const silent = SILENT[before.table];
  const left = new Map(Object.entries(before.row));
  const right = new Map(Object.entries(after.row));
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((field): readonly FieldChange[] => {
    if (silent.has(field)) return [];
    const [a, b] = [left.get(field), right.get(field)].map((value) =>
      value === undefined ? undefined : textOf(value),
    );
    return a === b ? [] : [{ field, ...(a !== undefined && { before: a }), ...(b !== undefined && { after: b }) }];
  });
}

/** A value as one line of text: addresses as they are written, fields in the order of their names. */
function textOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  if ("toJSON" in value) return String(value);
  if (Array.isArray(value)) return value.map((item) => textOf(item)).join(",");
  return Object.entries(value)
    .filter(([name, item]) => item !== undefined && !NO_FIELDS.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => `${name} ${textOf(item)}`)
    .join(" ");
}

/** The device a row stands on, when it stands on one. */
export function deviceOf({ table, row }: AnyRow): string | undefined {
  switch (table) {
    case "link":
      return row.name;
    case "addr":
    case "route":
    case "neigh":
    case "fdb":
    case "wireguard":
      return row.dev;
    case "forwarder":
      return row.tun;
    case "sysctl":
      return DEVICE_KEY.exec(row.key)?.[2];
    case "filter":
      return row.rule.match.in?.dev ?? row.rule.match.out?.dev;
    case "refused":
      return "row" in row.asked && "dev" in row.asked.row ? row.asked.row.dev : undefined;
    case "rule":
      return row.iif ?? row.oif;
    case "set":
    case "lease":
    case "socket":
    case "chain":
    case "segment":
    case "fabric":
      return undefined;
  }
}
