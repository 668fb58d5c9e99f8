import type { FdbEntry } from "./fdb.ts";
import { fibLookup } from "./fib.ts";
import type { Neighbour } from "./neighbour.ts";
import type { Netns } from "./netns.ts";
import type { Refusal, Row } from "./refused.ts";
import { LOCAL_TABLE, type Nexthop, nexthopsOf, type Route } from "./route.ts";

/** Whether the kernel takes a row as the namespace now stands; `undefined` when it does. */
export function refusal(netns: Netns, { table, row }: Row): Refusal | undefined {
  switch (table) {
    case "route":
      return refuseRoute(netns, row);
    case "neigh":
      return refuseNeighbour(netns, row);
    case "fdb":
      return refuseFdb(netns, row);
    case "lease":
    case "set":
      return undefined;
  }
}

/** `fib_create_info` and `fib_check_nh` (IPv4), `ip6_route_info_create` (IPv6): the checks that a CNI's routes can fail. */
function refuseRoute(netns: Netns, route: Route): Refusal | undefined {
  if (route.src && !netns.addresses.some((address) => address.ip.equals(route.src))) {
    return { errno: "EINVAL", text: route.dst.family === 4 ? "Invalid prefsrc address" : "Invalid source address" };
  }
  for (const hop of nexthopsOf(route)) {
    const refused = refuseNexthop(netns, route, hop);
    if (refused) return refused;
  }
  const needsHop = route.type === "unicast" || route.type === "local" || route.type === "broadcast";
  if (needsHop && nexthopsOf(route).length === 0) return { errno: "ENODEV", text: "No such device" };
  return undefined;
}

function refuseNexthop(netns: Netns, route: Route, hop: Nexthop): Refusal | undefined {
  const link = hop.dev === undefined ? undefined : netns.links.get(hop.dev);
  if (!link) return { errno: "ENODEV", text: `Cannot find device "${hop.dev}"` };
  if (!link.up) return { errno: "ENETDOWN", text: hop.via ? "Nexthop device is not up" : "Device for nexthop is not up" };
  if (!hop.via) return undefined;
  const own = netns.addresses.some((address) => address.ip.equals(hop.via));
  if (own || hop.via.isMulticast || hop.via.isUnspecified) {
    return { errno: "EINVAL", text: "Nexthop has invalid gateway" };
  }
  if (hop.onlink) return undefined;
  const found = fibLookup(netns, { dst: hop.via, oif: hop.dev, scope: "link" });
  if (found && (found.route.type === "unicast" || found.route.type === "local")) return undefined;
  return { errno: found ? "EINVAL" : "ENETUNREACH", text: "Nexthop has invalid gateway" };
}

function refuseNeighbour(netns: Netns, row: Neighbour): Refusal | undefined {
  return netns.links.has(row.dev) ? undefined : { errno: "ENODEV", text: `Cannot find device "${row.dev}"` };
}

/** Only a tunnel device or a bridge port holds forwarding entries (`rtnl_fdb_add`). */
function refuseFdb(netns: Netns, row: FdbEntry): Refusal | undefined {
  const link = netns.links.get(row.dev);
  if (!link) return { errno: "ENODEV", text: `Cannot find device "${row.dev}"` };
  if (row.dst ? link.kind === "vxlan" : link.master !== undefined) return undefined;
  return { errno: "EOPNOTSUPP", text: "Operation not supported" };
}

/** The gateway's device when a route names none: the one that leads to it (`fib_check_nh`). */
export function deviceTowards(netns: Netns, hop: Nexthop): string | undefined {
  if (hop.dev !== undefined || !hop.via) return hop.dev;
  const found = fibLookup(netns, { dst: hop.via, scope: "link", except: (route) => route.table === LOCAL_TABLE });
  return found?.nexthop?.dev;
}
