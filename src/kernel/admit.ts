import type { Ip } from "../addr/ip.ts";
import type { FdbEntry } from "./fdb.ts";
import { fibLookup } from "./fib.ts";
import type { Neighbour } from "./neighbour.ts";
import type { Netns } from "./netns.ts";
import type { Refusal, Row } from "./refused.ts";
import type { Nexthop, Route } from "./route.ts";

/** Whether the kernel takes a row as the namespace now stands; `undefined` when it does. */
export function refusal(netns: Netns, { table, row }: Row): Refusal | undefined {
  switch (table) {
    case "route":
      return refuseRoute(netns, row);
    case "neigh":
      return refuseNeighbour(netns, row);
    case "fdb":
      return refuseFdb(netns, row);
    case "wireguard":
      return netns.links.get(row.dev)?.kind === "wireguard" ? undefined : noDevice(row.dev);
    case "lease":
    case "set":
      return undefined;
  }
}

/** The checks of `fib_create_info` (IPv4) and `ip6_route_info_create` (IPv6) that a CNI's routes can fail. */
function refuseRoute(netns: Netns, route: Route): Refusal | undefined {
  const family = route.dst.family;
  if (route.src && !netns.addresses.some((address) => address.ip.equals(route.src))) {
    return { errno: "EINVAL", text: family === 4 ? "Invalid prefsrc address" : "Invalid source address" };
  }
  const hops = waysOf(route);
  const rejects = !(route.type === "unicast" || route.type === "local" || route.type === "broadcast");
  if (rejects && hops.length > 0 && family === 4) {
    return { errno: "EINVAL", text: "Gateway, device and multipath can not be specified for this route type" };
  }
  if (!rejects && hops.length === 0) return { errno: "ENODEV", text: "No such device" };
  for (const hop of rejects ? [] : hops) {
    const refused =
      hop.dev !== undefined && !netns.links.has(hop.dev) ? noDevice(hop.dev) : refuseHop(netns, route, hop);
    if (refused) return refused;
  }
  return undefined;
}

/** The next hops as they were asked for: a gateway may still be without a device. */
function waysOf(route: Route): readonly Nexthop[] {
  return route.nexthops ?? (route.via || route.dev !== undefined ? [route as Nexthop] : []);
}

function noDevice(name: string): Refusal {
  return { errno: "ENODEV", text: `Cannot find device "${name}"` };
}

function refuseHop(netns: Netns, route: Route, hop: Nexthop): Refusal | undefined {
  if (hop.onlink && hop.dev === undefined) return { errno: "ENODEV", text: "Nexthop device required for onlink" };
  if (!hop.via) return isUp(netns, hop) ? undefined : DOWN[route.dst.family];
  return route.dst.family === 4 ? refuseGateway4(netns, route, hop, hop.via) : refuseGateway6(netns, hop, hop.via);
}

const DOWN = {
  4: { errno: "ENETDOWN", text: "Device for nexthop is not up" },
  6: { errno: "ENETDOWN", text: "Nexthop device is not up" },
} as const;

function isUp(netns: Netns, hop: Nexthop): boolean {
  return hop.dev !== undefined && netns.links.get(hop.dev)?.up === true;
}

function isOwn(netns: Netns, ip: Ip): boolean {
  return netns.addresses.some((address) => address.ip.equals(ip));
}

/**
 * `fib_check_nh_v4_gw`: the gateway must be a unicast neighbour, as rows of a narrower scope say, unless `onlink` says it.
 * An own address of the same device passes without `onlink`, and only then.
 */
function refuseGateway4(netns: Netns, route: Route, hop: Nexthop, via: Ip): Refusal | undefined {
  const text = "Nexthop has invalid gateway";
  if (hop.onlink) {
    if (!isUp(netns, hop)) return DOWN[6];
    const found = fibLookup(netns, { dst: via });
    const group = via.isMulticast || found?.route.type === "broadcast";
    return group || isOwn(netns, via) ? { errno: "EINVAL", text } : undefined;
  }
  const found = fibLookup(netns, { dst: via, oif: hop.dev, scope: route.scope === "global" ? "link" : "host" });
  if (found?.route.type === "unicast" || found?.route.type === "local") return undefined;
  return { errno: found ? "EINVAL" : "ENETUNREACH", text };
}

/** `fib6_nh_init` and `ip6_validate_gw`: the gateway must be reached without another gateway. */
function refuseGateway6(netns: Netns, hop: Nexthop, via: Ip): Refusal | undefined {
  if (via.isMulticast || via.isUnspecified) return { errno: "EINVAL", text: "Invalid gateway address" };
  if (isOwn(netns, via)) return { errno: "EINVAL", text: "Gateway can not be a local address" };
  if (via.isLinkLocal && hop.dev === undefined) return { errno: "EINVAL", text: "Egress device not specified" };
  if (hop.dev !== undefined && !isUp(netns, hop)) return DOWN[6];
  if (via.isLinkLocal) return undefined;
  if (hop.onlink) {
    const elsewhere = fibLookup(netns, { dst: via });
    const misled = elsewhere && elsewhere.route.dst.length > 0 && elsewhere.nexthop?.dev !== hop.dev;
    return misled ? { errno: "EINVAL", text: "Nexthop has invalid gateway or device mismatch" } : undefined;
  }
  const found = fibLookup(netns, { dst: via, oif: hop.dev });
  const direct = found?.route.type === "unicast" && found.nexthop !== undefined && !found.nexthop.via;
  return direct ? undefined : { errno: "EHOSTUNREACH", text: "No route to host" };
}

function refuseNeighbour(netns: Netns, row: Neighbour): Refusal | undefined {
  return netns.links.has(row.dev) ? undefined : noDevice(row.dev);
}

/** Only a tunnel device or a bridge port holds forwarding entries (`rtnl_fdb_add`). */
function refuseFdb(netns: Netns, row: FdbEntry): Refusal | undefined {
  const link = netns.links.get(row.dev);
  if (!link) return noDevice(row.dev);
  if (row.dst ? link.kind === "vxlan" : link.master !== undefined) return undefined;
  return { errno: "EOPNOTSUPP", text: "Operation not supported" };
}

/** The gateway's device when a route names none: the one that leads to it (`fib_check_nh`); a link-local one is on any. */
export function deviceTowards(netns: Netns, hop: Nexthop): string | undefined {
  if (hop.dev !== undefined || !hop.via || (hop.via.family === 6 && hop.via.isLinkLocal)) return hop.dev;
  const found = fibLookup(netns, { dst: hop.via, scope: "link" });
  return found?.nexthop?.via ? undefined : found?.nexthop?.dev;
}
