import type { Mac } from "../addr/mac.ts";
import { deviceTowards } from "./admit.ts";
import type { FdbEntry } from "./fdb.ts";
import type { LinkKind, LinkOf, PortState } from "./link.ts";
import type { Neighbour } from "./neighbour.ts";
import type { SetMember } from "./netfilter.ts";
import type { Netns } from "./netns.ts";
import type { Lease } from "./process.ts";
import type { Row } from "./refused.ts";
import { MAIN_TABLE, type Route } from "./route.ts";
import type { Writer } from "./row.ts";
import type { WireguardPeer } from "./wireguard.ts";

/** A link as it is asked for: the kernel numbers it, brings it up unless told otherwise, and bounds its MTU. */
export type LinkRequest = { [K in LinkKind]: Omit<LinkOf<K>, "ifindex" | "up"> & { readonly up?: boolean } }[LinkKind];

/** What may be changed of a device; a master that is present but undefined is taken away. */
export interface LinkChange {
  readonly mtu?: number;
  readonly up?: boolean;
  readonly mac?: Mac;
  readonly master?: string | undefined;
  readonly hairpin?: boolean;
  /** Of a bridge port; `forwarding` is what it is when nobody says otherwise, and what `blocking` comes to. */
  readonly state?: PortState | "forwarding" | "blocking";
}

/** A route as it is asked for; what iproute2 fills in may be left out. */
export type RouteRequest = Omit<Route, "table" | "type" | "metric" | "proto" | "scope" | "by"> &
  Partial<Pick<Route, "table" | "type" | "metric" | "proto" | "scope" | "by">>;

/** What a family holds for one peer; absent tables hold nothing. */
export interface PeerRows {
  readonly routes?: readonly RouteRequest[];
  readonly neighbours?: readonly Omit<Neighbour, "by">[];
  readonly fdb?: readonly Omit<FdbEntry, "by">[];
  readonly leases?: readonly Omit<Lease, "by">[];
  readonly sets?: readonly Omit<SetMember, "by">[];
  readonly wireguardPeers?: readonly Omit<WireguardPeer, "by">[];
}

/** Fills in what iproute2 fills in: table main, type unicast, scope by whether there is a gateway. */
export function complete(netns: Netns, request: RouteRequest, by: Writer): Route {
  const nexthops = request.nexthops?.map((hop) => {
    const towards = deviceTowards(netns, hop);
    return towards === undefined ? hop : { ...hop, dev: towards };
  });
  const isNarrow =
    request.dst.family === 4 &&
    request.via === undefined &&
    request.nexthops === undefined &&
    (request.type ?? "unicast") === "unicast";
  const dev = request.dev ?? deviceTowards(netns, request);
  return {
    table: MAIN_TABLE,
    type: "unicast",
    metric: request.dst.family === 6 ? 1024 : 0,
    proto: "boot",
    by,
    // iproute2 gives unicast routes without a gateway link scope; agents that speak netlink say what they mean.
    scope: isNarrow ? "link" : "global",
    ...request,
    ...(dev !== request.dev && dev !== undefined && { dev }),
    ...(nexthops && { nexthops }),
  };
}

/** The rows a family asks for about one peer, in the order in which agents write them. */
export function* requests(netns: Netns, rows: PeerRows, by: Writer): Generator<Row> {
  for (const row of rows.neighbours ?? []) yield { table: "neigh", row: { by, ...row } };
  for (const row of rows.fdb ?? []) yield { table: "fdb", row: { by, ...row } };
  for (const row of rows.routes ?? []) yield { table: "route", row: complete(netns, row, row.by ?? by) };
  for (const row of rows.leases ?? []) yield { table: "lease", row: { by, ...row } };
  for (const row of rows.sets ?? []) yield { table: "set", row: { by, ...row } };
  for (const row of rows.wireguardPeers ?? []) yield { table: "wireguard", row: { by, ...row } };
}
