import { Ip } from "../addr/ip.ts";
import { type Mac, macBytes } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Address } from "./address.ts";
import type { Link } from "./link.ts";
import type { Netns } from "./netns.ts";
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
  const connects = !primary && link.up && !ip.isLoopback;
  const network = Prefix.of(ip, length);
  if (ip.family === 6) {
    const local = row6(dev, "local", Prefix.of(ip));
    return connects ? [local, row6(dev, "unicast", network)] : [local];
  }
  const src = primary?.ip ?? ip;
  const local = row4(dev, "local", Prefix.of(ip), src);
  if (ip.isLoopback) {
    const whole = row4(dev, "local", network, src);
    return length < 31 ? [whole, local, row4(dev, "broadcast", Prefix.of(network.broadcast), src)] : [whole, local];
  }
  if (!connects || length === 32) return [local];
  const connected = row4(dev, "unicast", network, ip);
  return length > 30
    ? [local, connected]
    : [local, connected, row4(dev, "broadcast", Prefix.of(network.broadcast), src)];
}

function row4(dev: string, type: "local" | "broadcast" | "unicast", dst: Prefix, src: Ip): Route {
  const table = type === "unicast" ? MAIN_TABLE : LOCAL_TABLE;
  return {
    dev,
    metric: 0,
    proto: "kernel",
    by: "kernel",
    table,
    type,
    dst,
    scope: type === "local" ? "host" : "link",
    src,
  };
}

function row6(dev: string, type: "local" | "unicast", dst: Prefix): Route {
  const isLocal = type === "local";
  const table = isLocal ? LOCAL_TABLE : MAIN_TABLE;
  return { dev, metric: isLocal ? 0 : 256, proto: "kernel", by: "kernel", table, type, dst, scope: "global" };
}

/** All that the kernel makes of the addresses of a namespace, whether it still stands or was deleted by hand. */
export function derivedRows({ addresses, links }: Pick<Netns, "addresses" | "links">): readonly Route[] {
  return addresses.flatMap((address) => {
    const link = links.get(address.dev);
    return link ? derived(address, link, primaryOf(address, addresses)) : [];
  });
}

/** fe80::/64 with the interface identifier that follows from a MAC (modified EUI-64). */
export function linkLocalOf(mac: Mac): Ip {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = macBytes(mac);
  return Ip.of(0xfe800000, 0, ((a ^ 2) << 24) | (b << 16) | (c << 8) | 0xff, (0xfe << 24) | (d << 16) | (e << 8) | f);
}
