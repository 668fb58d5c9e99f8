import type { Ip } from "../addr/ip.ts";
import { refusal } from "./admit.ts";
import { type Applied, changed, refused } from "./applied.ts";
import type { RouteEdit, RouteFlush } from "./edit-route.ts";
import type { AnyNetlink } from "./netlink.ts";
import type { MutableNetns } from "./netns.ts";
import { complete, type RouteRequest } from "./request.ts";
import { byPreference, MAIN_TABLE, type Nexthop, nexthopsOf, type Route, routeKey } from "./route.ts";
import type { Writer } from "./row.ts";

/** Does `ip route add` and its kin to a table (`fib_table_insert`, `fib_table_delete`, and their IPv6 kin). */
export function applyRoute({ netns }: AnyNetlink, { op, route: request }: RouteEdit, by: Writer): Applied {
  if (op === "del") return deleteRoute(netns, request);
  const route = { ...complete(netns, request, by), by };
  const why = refusal(netns, { table: "route", row: route });
  if (why) return refused(why);
  const [standing] = sameRoutes(netns, route);
  if (standing && op === "add") return refused({ errno: "EEXIST", text: "File exists" });
  if (!standing && op === "change") return refused({ errno: "ENOENT", text: "No such file or directory" });
  if (standing && op === "append") return append(netns, standing, route);
  if (standing && routeKey(standing) !== routeKey(route)) netns.routes.except("del", standing);
  netns.routes.except("add", route);
  return changed(1);
}

/** The rows with a prefix, those of families included. */
function rowsOf(netns: MutableNetns, dst: Route["dst"]): readonly Route[] {
  return netns.routes.near(netns.peers.byIp(dst.ip), dst.ip).filter((row) => row.dst.equals(dst));
}

function sameRoutes(netns: MutableNetns, route: Route): readonly Route[] {
  return rowsOf(netns, route.dst).filter((row) => row.table === route.table && row.metric === route.metric);
}

/**
 * A second IPv6 route with one metric becomes another branch of the first (`fib6_add_rt2node`); an IPv4 one stands behind
 * the first and is never used while that stands, so nothing changes.
 */
function append(netns: MutableNetns, standing: Route, route: Route): Applied {
  if (route.dst.family === 4) return changed(0);
  const nexthops = [...nexthopsOf(standing), ...nexthopsOf(route)].map(branch);
  const { via: _via, dev: _dev, onlink: _onlink, ...rest } = standing;
  netns.routes.except("add", { ...rest, by: route.by, nexthops });
  return changed(1);
}

function branch({ via, dev, onlink, weight }: Nexthop): Nexthop {
  return {
    ...(via && { via }),
    ...(dev !== undefined && { dev }),
    ...(onlink && { onlink }),
    ...(weight && { weight }),
  };
}

/** The first row that has all that is named goes; of an IPv6 multipath route perhaps just the branch that is named. */
function deleteRoute(netns: MutableNetns, request: RouteRequest): Applied {
  const table = request.table ?? MAIN_TABLE;
  const rows = rowsOf(netns, request.dst)
    .filter((row) => row.table === table)
    .sort(byPreference);
  const row = rows.find((candidate) => isMeant(candidate, request));
  if (row) {
    netns.routes.except("del", row);
    return changed(1);
  }
  const parent = rows.find((candidate) => candidate.dst.family === 6 && holdsBranch(candidate, request));
  if (!parent) return changed(0);
  const left = nexthopsOf(parent).filter((hop) => !isBranch(hop, request));
  const { nexthops: _nexthops, ...rest } = parent;
  netns.routes.except("add", left.length === 1 ? { ...rest, ...left[0] } : { ...rest, nexthops: left });
  return changed(1);
}

function isMeant(row: Route, request: RouteRequest): boolean {
  const { type, metric, proto, scope, src } = request;
  return (
    (type === undefined || row.type === type) &&
    (metric === undefined || row.metric === metric) &&
    (proto === undefined || row.proto === proto) &&
    (scope === undefined || row.scope === scope) &&
    (src === undefined || src.equals(row.src)) &&
    sameWay(row, request)
  );
}

function sameWay(row: Route, request: RouteRequest): boolean {
  if (!request.nexthops) {
    return same(request.via, row.via) && (request.dev === undefined || request.dev === row.dev);
  }
  const hops = nexthopsOf(row);
  return (
    request.nexthops.length === hops.length &&
    request.nexthops.every((hop, i) => same(hop.via, hops[i]?.via) && (hop.dev ?? hops[i]?.dev) === hops[i]?.dev)
  );
}

function same(asked: Ip | undefined, has: Ip | undefined): boolean {
  return asked === undefined || asked.equals(has);
}

function holdsBranch(row: Route, request: RouteRequest): boolean {
  const named = request.via !== undefined || request.dev !== undefined;
  return named && row.nexthops?.some((hop) => isBranch(hop, request)) === true;
}

function isBranch(hop: Nexthop, request: RouteRequest): boolean {
  return same(request.via, hop.via) && (request.dev === undefined || request.dev === hop.dev);
}

/** Does `ip route flush`. */
export function flushRoutes({ netns }: AnyNetlink, flush: RouteFlush): Applied {
  const meant = [...netns.routes.rows()].filter(
    (row) =>
      (flush.table === undefined || row.table === flush.table) &&
      (flush.family === undefined || row.dst.family === flush.family) &&
      (flush.dst === undefined || row.dst.equals(flush.dst)) &&
      (flush.proto === undefined || row.proto === flush.proto) &&
      (flush.type === undefined || row.type === flush.type) &&
      (flush.dev === undefined || nexthopsOf(row).some((hop) => hop.dev === flush.dev)) &&
      (flush.via === undefined || nexthopsOf(row).some((hop) => same(flush.via, hop.via))),
  );
  for (const row of meant) netns.routes.except("del", row);
  return changed(meant.length);
}
