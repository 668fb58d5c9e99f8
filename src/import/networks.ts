import type { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";

/** The longest prefix that holds all of some addresses of one family. */
export function cover(ips: readonly Ip[]): Prefix | undefined {
  const [first, ...more] = ips;
  if (!first) return undefined;
  let length: number = first.bits;
  for (const ip of more) while (length > 0 && !Prefix.of(first, length).contains(ip)) length--;
  return Prefix.of(first, length);
}

/** The longest prefix that holds all of some prefixes of one family. */
export function coverAll(prefixes: readonly Prefix[]): Prefix | undefined {
  const [first, ...more] = prefixes;
  if (!first) return undefined;
  let whole = first;
  for (const prefix of more) {
    while (!whole.containsPrefix(prefix)) whole = Prefix.of(whole.ip, whole.length - 1);
  }
  return whole;
}

/** Whether an address can be a machine's in a network: not the network's own, nor its broadcast address. */
export function isUsable(ip: Ip, network: Prefix): boolean {
  if (ip.family === 6 || network.length >= 31) return true;
  return !ip.equals(network.ip) && !ip.equals(network.broadcast);
}
