import type { Netns } from "../kernel/netns.ts";
import type { Network } from "../kernel/network.ts";
import { MAIN_TABLE } from "../kernel/route.ts";
import type { Writer } from "../kernel/row.ts";
import { type AnyRow, rowsOf, type TableName } from "../kernel/row-change.ts";

/** What a node's tables hold, counted from the tables. */
export interface Holds {
  /** By its plain name. */
  readonly node: string;
  /** Routes of the main table, as `ip route` lists them; those the kernel makes itself included. */
  readonly routes: number;
  /** What one further node adds, by table; refused rows are asked for all the same. */
  readonly each: readonly { readonly table: TableName; readonly rows: number }[];
  /** Who writes what leads to other nodes and to pods. */
  readonly writers: readonly Writer[];
  /** Rules of its firewall that agents wrote. */
  readonly rules: number;
  /** Whether what a pod sends or is sent passes a chain of its own: there a policy would stand. */
  readonly policed: boolean;
}

/** Rows that say where packets go. */
const LEADING: ReadonlySet<TableName> = new Set(["route", "neigh", "fdb", "lease", "wireguard", "refused"]);

/** Who sets machines up, whatever agents run on them. */
const NOT_AGENTS: ReadonlySet<Writer> = new Set(["kernel", "operator", "arp", "fault", "fix"]);

/** What one host holds, and what it holds for a peer. `undefined` when there is no such host. */
export function holdsOf(network: Network, host: string, peer: string | undefined): Holds | undefined {
  const netns = network.netns(`host/${host}`);
  if (!netns) return undefined;
  const own = [...rowsOf(netns, [])];
  const near = [...netns.peers.all()].filter(({ name }) => name === peer);
  const more = near.length === 0 ? [] : added(own, rowsOf(netns, near));
  const writers = [...own, ...more].filter(({ table }) => LEADING.has(table)).map(({ row }) => row.by);
  const each = new Map<TableName, number>();
  for (const { table } of more) each.set(table, (each.get(table) ?? 0) + 1);
  return {
    node: host,
    routes: routesOf(netns),
    each: [...each].map(([table, rows]) => ({ table, rows })),
    writers: [...new Set(writers)].filter((by) => !NOT_AGENTS.has(by)).sort(),
    rules: own.filter(({ table, row }) => table === "filter" && !NOT_AGENTS.has(row.by)).length,
    policed: polices(netns),
  };
}

function added(own: readonly AnyRow[], all: Iterable<AnyRow>): readonly AnyRow[] {
  const known = new Set(own.map(({ row }) => row));
  return [...all].filter(({ table, row }) => !known.has(row) && table !== "filter" && table !== "sysctl");
}

function routesOf(netns: Netns): number {
  let routes = 0;
  for (const { table, dst } of netns.routes.rows()) if (table === MAIN_TABLE && dst.family === 4) routes++;
  return routes;
}

function polices(netns: Netns): boolean {
  const pods = new Set([...netns.links.values()].filter((link) => link.kind === "veth").map(({ name }) => name));
  const chains = [...(netns.chains.get("filter")?.values() ?? [])];
  return chains.some(({ rules }) =>
    rules.some(
      ({ match, target }) =>
        target.kind === "jump" && (pods.has(match.in?.dev ?? "") || pods.has(match.out?.dev ?? "")),
    ),
  );
}
