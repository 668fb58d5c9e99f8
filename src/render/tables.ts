import { HOOK_TABLES } from "../kernel/netfilter.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Refused } from "../kernel/refused.ts";
import type { Route } from "../kernel/route.ts";
import type { Written } from "../kernel/row.ts";
import {
  addCommand,
  addressCommand,
  addressText,
  fdbCommand,
  leaseText,
  neighbourCommand,
  routeCommand,
  routeText,
  ruleCommand,
  ruleText,
  setCommand,
  socketText,
  wireguardPeerCommand,
} from "./iproute.ts";
import { linkCommands, linkText } from "./iproute-link.ts";
import { chainCommand, familyOf, filterCommand } from "./iptables.ts";
import { sysctlCommand } from "./sysctl.ts";

/** The tables of a namespace, in the order in which pasting them makes sense. */
export const SECTIONS = [
  "link",
  "sysctl",
  "addr",
  "route",
  "rule",
  "neigh",
  "fdb",
  "set",
  "nat",
  "filter",
  "lease",
  "wg",
  "socket",
] as const;
export type Section = (typeof SECTIONS)[number];

export interface TablesOptions {
  /** Sections to show; absent: all. */
  readonly only?: readonly Section[];
  /** `all` also shows the rows the kernel makes itself. */
  readonly detail: "written" | "all";
  /** Where the writers stand; behind longer commands they stand further out, since commands are never broken. */
  readonly columns: number;
}

/**
 * What a namespace holds, as lines that can be pasted into a root shell: each row by the command that makes it, with
 * its writer as a comment. What no command makes, and what the kernel refused, are comments altogether. Families are
 * expanded, one peer at a time.
 */
export function* tablesLines(netns: Netns, options: TablesOptions): Generator<string> {
  const wanted = SECTIONS.filter((section) => options.only?.includes(section) ?? true);
  yield `# ${netns.name}`;
  for (const section of wanted) {
    let empty = true;
    for (const entry of entries(netns, section)) {
      if (entry.by === "kernel" && options.detail === "written") continue;
      if (empty) yield `## ${section}`;
      empty = false;
      yield entry.by === undefined ? entry.text : `${entry.text.padEnd(options.columns)}  # ${writer(entry)}`;
    }
  }
}

/** `tablesLines` as one text. */
export function renderTables(netns: Netns, options: TablesOptions): string {
  return `${[...tablesLines(netns, options)].join("\n")}\n`;
}

interface Entry extends Partial<Written> {
  readonly text: string;
}

function writer({ by, source }: Entry): string {
  return source ? `${by}, ${source.file}:${source.line}` : `${by}`;
}

function* entries(netns: Netns, section: Section): Generator<Entry> {
  yield* rowsOf(netns, section);
  for (const row of netns.refused()) {
    if ((row.asked.table === "wireguard" ? "wg" : row.asked.table) === section) {
      yield { text: `# refused: ${refusedCommand(row)}: ${row.text} (${row.errno})`, by: row.by };
    }
  }
}

function* rowsOf(netns: Netns, section: Section): Generator<Entry> {
  switch (section) {
    case "sysctl":
      for (const [key, value] of netns.sysctls) yield { text: sysctlCommand(key, value) };
      return;
    case "link":
      for (const link of netns.links.values()) for (const text of linkCommands(link)) yield { ...written(link), text };
      return;
    case "addr":
      for (const row of netns.addresses) yield own(row, addressCommand(row), addressText(row));
      return;
    case "route":
      for (const row of netns.routes.rows()) yield own(row, routeCommand(row), oneLine(row));
      return;
    case "rule":
      for (const row of netns.rules) yield own(row, ruleCommand(row), ruleText(row).replace("\t", " "));
      return;
    case "neigh":
      for (const row of netns.neighbours.rows()) yield { ...written(row), text: neighbourCommand(row) };
      return;
    case "fdb":
      for (const row of netns.fdb.rows()) yield { ...written(row), text: fdbCommand(row) };
      return;
    case "set":
      yield* setEntries(netns);
      return;
    case "nat":
      yield* filterEntries(netns, ["nat"]);
      return;
    case "filter":
      yield* filterEntries(netns, ["raw", "mangle", "filter"]);
      return;
    case "lease":
      for (const row of netns.leases.rows())
        yield { ...written(row), text: `# ${row.process} lease ${leaseText(row)}` };
      return;
    case "wg":
      for (const row of netns.wireguardPeers.rows()) yield { ...written(row), text: wireguardPeerCommand(row) };
      return;
    case "socket":
      for (const row of netns.sockets) yield { ...written(row), text: `# ${socketText(row)}` };
      return;
  }
}

function written({ by, source }: Written): Written {
  return { by, ...(source && { source }) };
}

/** A row somebody wrote, by its command; one the kernel makes itself, as it shows it. */
function own(row: Written, command: string, shown: string): Entry {
  return { ...written(row), text: row.by === "kernel" ? `# ${shown}` : command };
}

function oneLine(row: Route): string {
  return routeText(row).replaceAll("\n\t", " ");
}

function* setEntries(netns: Netns): Generator<Entry> {
  const made = new Set<string>();
  for (const row of netns.sets.rows()) {
    if (!made.has(row.set)) {
      const family = row.prefix.family === 6 ? " family inet6" : "";
      yield { ...written(row), text: `ipset create ${row.set} hash:net${family}` };
    }
    made.add(row.set);
    yield { ...written(row), text: setCommand(row) };
  }
}

/** Chains before rules, since a rule may jump to any; a rule of both families twice where both are alive. */
function* filterEntries(netns: Netns, tables: readonly ("raw" | "mangle" | "nat" | "filter")[]): Generator<Entry> {
  const alive = netns.sysctls.get("net.ipv6.conf.all.disable_ipv6") === "0" ? ([4, 6] as const) : ([4] as const);
  for (const table of tables) {
    const chains = [...(netns.chains.get(table)?.values() ?? [])];
    for (const chain of chains) {
      for (const family of alive) {
        if (!isUntouched(chain, family)) yield { ...written(chain), text: chainCommand(chain, family) };
      }
    }
    for (const { name, rules } of chains) {
      for (const rule of rules) {
        const told = familyOf(rule);
        for (const family of told === undefined ? alive : [told]) {
          yield { ...written(rule), text: filterCommand(table, name, rule, family) };
        }
      }
    }
  }
}

function isUntouched(
  chain: { readonly name: string; readonly policy?: string; readonly policy6?: string },
  family: 4 | 6,
): boolean {
  const policy = family === 6 ? (chain.policy6 ?? chain.policy) : chain.policy;
  return Object.hasOwn(HOOK_TABLES, chain.name) && (policy ?? "ACCEPT") === "ACCEPT";
}

function refusedCommand({ asked }: Refused): string {
  return "words" in asked ? `ip ${asked.table} add ${asked.words}` : addCommand(asked);
}

/** The tables as plain data; addresses and prefixes turn themselves into text. */
export function tablesJson(netns: Netns) {
  return {
    netns: netns.name,
    kind: netns.kind,
    links: [...netns.links.values()].map((link) => ({ ...link, text: linkText(link) })),
    addresses: netns.addresses,
    rules: netns.rules,
    routes: [...netns.routes.rows()],
    neighbours: [...netns.neighbours.rows()],
    fdb: [...netns.fdb.rows()],
    sets: [...netns.sets.rows()],
    chains: [...netns.chains.values()].flatMap((chains) => [...chains.values()]),
    forwarders: netns.forwarders,
    leases: [...netns.leases.rows()],
    wireguardPeers: [...netns.wireguardPeers.rows()],
    sockets: netns.sockets,
    assumeListening: netns.assumeListening,
    sysctls: Object.fromEntries(netns.sysctls),
    refused: [...netns.refused()],
  };
}
