import type { Scope } from "./address.ts";
import { parseNumber } from "./words.ts";

/*
 * The numbers that iproute2 shows by name: /etc/iproute2/rt_protos, rt_tables and rt_scopes as it ships them.
 */

const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [0, "unspec"],
  [1, "redirect"],
  [2, "kernel"],
  [3, "boot"],
  [4, "static"],
  [8, "gated"],
  [9, "ra"],
  [10, "mrt"],
  [11, "zebra"],
  [12, "bird"],
  [13, "dnrouted"],
  [14, "xorp"],
  [15, "ntk"],
  [16, "dhcp"],
  [18, "keepalived"],
  [42, "babel"],
  [186, "bgp"],
  [187, "isis"],
  [188, "ospf"],
  [189, "rip"],
  [192, "eigrp"],
]);

export const PROTOCOL_NAMES: readonly string[] = [...PROTOCOLS.values()];

/** A routing protocol as iproute2 prints it: its name, or the number of one without. `undefined` when there is none such. */
export function protocolName(text: string): string | undefined {
  if (PROTOCOL_NAMES.includes(text)) return text;
  const number = parseNumber(text, 0, 255);
  return number === undefined ? undefined : (PROTOCOLS.get(number) ?? String(number));
}

const TABLES: ReadonlyMap<string, number> = new Map([
  ["default", 253],
  ["main", 254],
  ["local", 255],
]);

export const TABLE_NAMES: readonly string[] = [...TABLES.keys()];

/** The number of a routing table; `undefined` when there is none such. */
export function tableNumber(text: string): number | undefined {
  return TABLES.get(text) ?? parseNumber(text, 1, 0xffffffff);
}

/** A routing table as iproute2 prints it. */
export function tableName(table: number): string {
  return [...TABLES].find(([, number]) => number === table)?.[0] ?? String(table);
}

const SCOPES: ReadonlyMap<string, Scope> = new Map([
  ["global", "global"],
  ["universe", "global"],
  ["0", "global"],
  ["link", "link"],
  ["253", "link"],
  ["host", "host"],
  ["254", "host"],
]);

/** The scope a word names; `undefined` when it names none that a row here can have. */
export function scopeOf(text: string): Scope | undefined {
  return SCOPES.get(text);
}
