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
  const common = { dev, metric: 0, proto: "kernel", by: "kernel" } as const;
  const local: Route = {
    ...common,
    table: LOCAL_TABLE,
    type: "local",
    dst: Prefix.of(ip),
    scope: ip.family === 4 ? "host" : "global",
    ...(ip.family === 4 && { src: primary?.ip ?? ip }),
  };
  if (ip.isLoopback) {
    if (ip.family === 6) return [local];
    const network = Prefix.of(ip, length);
    const broadcast: Route = { ...local, type: "broadcast", dst: Prefix.of(network.broadcast), scope: "link" };
    return [{ ...local, dst: network }, local, ...(length < 31 ? [broadcast] : [])];
  }
  if (primary) return [local];
  if (!link.up || (length === 32 && ip.family === 4)) return [local];
  const network = Prefix.of(ip, length);
  const connected: Route = {
    ...common,
    table: MAIN_TABLE,
    type: "unicast",
    dst: network,
    ...(ip.family === 4 ? { src: ip, scope: "link" } : { metric: 256, scope: "global" }),
  };
  if (ip.family === 6 || length > 30) return [local, connected];
  const broadcast: Route = { ...local, type: "broadcast", dst: Prefix.of(network.broadcast), scope: "link" };
  return [local, connected, broadcast];
}

/** fe80::/64 with the interface identifier that follows from a MAC (modified EUI-64). */
export function linkLocalOf(mac: Mac): Ip {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = macBytes(mac);
  return Ip.of(0xfe800000, 0, ((a ^ 2) << 24) | (b << 16) | (c << 8) | 0xff, (0xfe << 24) | (d << 16) | (e << 8) | f);
}
