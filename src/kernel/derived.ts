import { Ip } from "../addr/ip.ts";
import { type Mac, macBytes } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Address } from "./address.ts";
import type { Link } from "./link.ts";
import { LOCAL_TABLE, MAIN_TABLE, type Route } from "./route.ts";

/** The earlier IPv4 address of the same network on the device, to which a later one is secondary. */
export function primaryOf(address: Address, addresses: readonly Address[]): Address | undefined {
  const first = addresses.find(
    (row) =>
      row.dev === address.dev &&
      row.length === address.length &&
      row.ip.family === 4 &&
      row.ip.masked(row.length).equals(address.ip.masked(address.length)),
  );
  return first === address ? undefined : first;
}

/** What the kernel makes of an address (`fib_add_ifaddr`): its local row, and on an up device the connected and broadcast ones. */
export function derived({ dev, ip, length }: Address, link: Link, primary: Address | undefined): Route[] {
  const v4 = ip.family === 4;
  const common = { dev, metric: 0, proto: "kernel", by: "kernel" } as const;
  const own: Omit<Route, "dst"> = v4
    ? { ...common, table: LOCAL_TABLE, type: "local", scope: "host", src: primary?.ip ?? ip }
    : { ...common, table: LOCAL_TABLE, type: "local", scope: "global" };
  const local: Route = { ...own, dst: Prefix.of(ip) };
  if (ip.isLoopback) {
    if (!v4) return [local];
    const network = Prefix.of(ip, length);
    return [{ ...own, dst: network }, local, ...(length < 31 ? [broadcastOf(own, network)] : [])];
  }
  if (primary || !link.up || (length === 32 && v4)) return [local];
  const network = Prefix.of(ip, length);
  const connected: Route = v4
    ? { ...common, table: MAIN_TABLE, type: "unicast", scope: "link", src: ip, dst: network }
    : { ...common, table: MAIN_TABLE, type: "unicast", scope: "global", metric: 256, dst: network };
  return v4 && length <= 30 ? [local, connected, broadcastOf(own, network)] : [local, connected];
}

function broadcastOf(own: Omit<Route, "dst">, network: Prefix): Route {
  return { ...own, type: "broadcast", scope: "link", dst: Prefix.of(network.broadcast) };
}

/** fe80::/64 with the interface identifier that follows from a MAC (modified EUI-64). */
export function linkLocalOf(mac: Mac): Ip {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = macBytes(mac);
  return Ip.of(0xfe800000, 0, ((a ^ 2) << 24) | (b << 16) | (c << 8) | 0xff, (0xfe << 24) | (d << 16) | (e << 8) | f);
}
