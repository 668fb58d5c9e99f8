import type { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Address } from "./address.ts";
import { derived, derivedRows, primaryOf } from "./derived.ts";
import type { MutableNetns } from "./netns.ts";
import type { Refusal } from "./refused.ts";
import { retain } from "./retain.ts";

/** Adds an address, and with it the local, connected and broadcast routes the kernel derives. */
export function addAddress(
  netns: MutableNetns,
  { dev, ip, length, ...written }: Omit<Address, "scope">,
): Refusal | undefined {
  if (!netns.links.has(dev)) return { errno: "ENODEV", text: `Cannot find device "${dev}"` };
  if (netns.addresses.some((row) => row.dev === dev && row.ip.equals(ip) && row.length === length)) {
    return { errno: "EEXIST", text: "Address already assigned" };
  }
  const scope = ip.isLoopback ? "host" : ip.isLinkLocal && ip.family === 6 ? "link" : "global";
  const address: Address = { dev, ip, length, scope, ...written };
  netns.addresses.push(address);
  derive(netns, address);
  return undefined;
}

/**
 * Removes an address; its secondaries, the routes that speak from it, and with a device's last IPv4 address all its
 * routes go too (`__inet_del_ifa`, `fib_sync_down_addr`, `fib_inetaddr_event`).
 */
export function delAddress(netns: MutableNetns, dev: string, ip: Ip, length?: number): Refusal | undefined {
  const { addresses, routes } = netns;
  const address = addresses.find(
    (row) => row.dev === dev && row.ip.equals(ip) && (length === undefined || row.length === length),
  );
  if (!address) return { errno: "EADDRNOTAVAIL", text: "Address not found" };
  const gone = addresses.filter((row) => row === address || primaryOf(row, addresses) === address);
  retain(addresses, (row) => !gone.includes(row));
  const isGone = (lost: Ip | undefined) => lost !== undefined && gone.some((row) => row.ip.equals(lost));
  const networks = gone.map((row) => Prefix.of(row.ip, row.length));
  routes.drop((row) => {
    if (row.by === "kernel" && row.dev === dev) {
      return isGone(row.src) || isGone(row.dst.ip) || (ip.family === 6 && networks.some((net) => net.equals(row.dst)));
    }
    return ip.family === 4 && isGone(row.src) && !addresses.some((left) => left.ip.equals(row.src));
  });
  if (ip.family === 4 && !addresses.some((row) => row.dev === dev && row.ip.family === 4)) {
    routes.drop((row) => row.dev === dev && row.dst.family === 4);
  }
  deriveAll(netns);
  return undefined;
}

/** Puts every row that follows from some address and does not stand. */
export function deriveAll(netns: MutableNetns): void {
  for (const route of derivedRows(netns)) netns.routes.putNew(route);
}

/** Puts the rows that follow from an address and do not stand yet; what was deleted by hand stays away. */
function derive({ addresses, links, routes }: MutableNetns, address: Address): void {
  const link = links.get(address.dev);
  if (!link) return;
  for (const route of derived(address, link, primaryOf(address, addresses))) routes.putNew(route);
}
