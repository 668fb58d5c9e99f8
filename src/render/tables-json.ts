import type { Ip } from "../addr/ip.ts";
import type { FibResult } from "../kernel/fib.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Refused } from "../kernel/refused.ts";
import { linkText } from "./iproute-link.ts";
import { fields, type Json, plainOf, SCHEMA_VERSION } from "./json.ts";
import { filterRuleJson, foundJson, record, refusedJson, routeJson } from "./row-json.ts";

/** The network that tables were read from. */
export interface Source {
  readonly mode: string;
  readonly topology: string;
}

/** What `tables` answers as plain data, every table expanded; for a large cluster write `netnsJson` a line each. */
export function tablesJson({ mode, topology }: Source, namespaces: Iterable<Netns>): { readonly [key: string]: Json } {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: "tables",
    mode,
    topology,
    namespaces: Array.from(namespaces, netnsJson),
  };
}

/** Everything one namespace knows, and what its kernel refused to know. */
export function netnsJson(netns: Netns): { readonly [key: string]: Json } {
  const chains = [...netns.chains.values()].flatMap((table) => [...table.values()]);
  return {
    netns: netns.name,
    links: Array.from(netns.links.values(), (link) => ({ ...record(link), text: linkText(link) })),
    addresses: netns.addresses.map(record),
    rules: netns.rules.map(record),
    routes: Array.from(netns.routes.rows(), routeJson),
    neighbours: Array.from(netns.neighbours.rows(), record),
    fdb: Array.from(netns.fdb.rows(), record),
    sets: Array.from(netns.sets.rows(), record),
    leases: Array.from(netns.leases.rows(), record),
    wireguardPeers: Array.from(netns.wireguardPeers.rows(), record),
    forwarders: netns.forwarders.map(record),
    sockets: netns.sockets.map(record),
    chains: chains.map((chain) =>
      fields({
        table: chain.table,
        name: chain.name,
        policy: chain.policy,
        policy6: chain.policy6,
        rules: chain.rules.map((rule) => filterRuleJson(chain.name, rule)),
      }),
    ),
    sysctls: plainOf(netns.sysctls),
    refused: Array.from(netns.refused(), refusedJson),
  };
}

/** A route that was asked for: what a namespace's tables say about an address. */
export interface Lookup extends Source {
  readonly netns: string;
  readonly dst: Ip;
  readonly found?: FibResult | undefined;
  /** The address a packet sent that way would come from. */
  readonly src?: Ip | undefined;
  /** Rows for the address that the kernel refused. */
  readonly refused: readonly Refused[];
}

/** What `route` answers as plain data. */
export function routeLookupJson({ mode, topology, netns, dst, found, src, refused }: Lookup): {
  readonly [key: string]: Json;
} {
  return fields({
    schemaVersion: SCHEMA_VERSION,
    kind: "route",
    mode,
    topology,
    netns,
    dst: `${dst}`,
    src: src && `${src}`,
    found: found && foundJson(found),
    refused: refused.map(refusedJson),
  });
}
