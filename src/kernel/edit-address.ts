import type { Ip } from "../addr/ip.ts";
import { parseWithLength } from "../addr/prefix.ts";
import { type Applied, changed, settled } from "./applied.ts";
import type { AnyNetlink } from "./netlink.ts";
import type { Writer } from "./row.ts";
import { quoted, type Words } from "./words.ts";

/** `ip addr add` and `ip addr del`; a deletion without a length takes any. */
export interface AddressEdit {
  readonly kind: "address";
  readonly op: "add" | "replace" | "del";
  readonly dev: string;
  readonly ip: Ip;
  readonly length?: number;
}

/** `ip addr flush dev D`. */
export interface AddressFlush {
  readonly kind: "address-flush";
  readonly dev: string;
  readonly family?: 4 | 6;
}

/** The words after `ip addr add`. */
export function readAddress(words: Words, op: AddressEdit["op"], family: 4 | 6 | undefined): AddressEdit {
  let dev: string | undefined;
  let address: { readonly ip: Ip; readonly length?: number } | undefined;
  while (!words.done) {
    if (words.take("dev")) dev = words.device();
    // Addresses here need no duplicate detection, and their broadcast address follows from the prefix.
    else if (words.take("brd", "broadcast")) {
      if (!words.take("+", "-")) words.ip(4);
    } else if (words.take("scope")) words.keyword("address scope", ["global"], []);
    else if (!words.take("nodad")) {
      if (address) words.refuseAhead(`unknown word ${quoted(words.ahead)} in an address`);
      words.take("local");
      address = readLocal(words, family);
    }
  }
  if (!address) words.refuseAhead(`ip addr ${op} needs an address`, "192.168.0.11/24");
  if (dev === undefined) words.refuseAhead(`ip addr ${op} needs a device`, "dev eth0");
  return { kind: "address", op, dev, ...address };
}

function readLocal(words: Words, family: 4 | 6 | undefined): { readonly ip: Ip; readonly length?: number } {
  const text = words.next("an address");
  const parsed = parseWithLength(text) ?? words.refuse(`${quoted(text)} is no address`, "192.168.0.11/24");
  if (family !== undefined && parsed.ip.family !== family) words.refuse(`${text} is not an IPv${family} address`);
  return text.includes("/") ? parsed : { ip: parsed.ip };
}

/** The words after `ip addr flush`. */
export function readAddressFlush(words: Words, family: 4 | 6 | undefined): AddressFlush {
  if (words.done) words.refuseAhead("ip addr flush needs a device", "dev eth0");
  words.take("dev");
  return { kind: "address-flush", dev: words.device(), ...(family && { family }) };
}

export function applyAddress(netlink: AnyNetlink, { op, dev, ip, length }: AddressEdit, by: Writer): Applied {
  const { links, addresses, refusals } = netlink.netns;
  if (!links.has(dev)) return settled({ errno: "ENODEV", text: `Cannot find device "${dev}"` });
  const standing = addresses.some(
    (row) => row.dev === dev && row.ip.equals(ip) && (length ?? row.length) === row.length,
  );
  if (op === "del") return standing ? settled(netlink.delAddress(dev, ip, length)) : changed(0);
  if (op === "replace" && standing) return changed(1);
  const refused = netlink.address(dev, ip, length ?? ip.bits, { by });
  // What the operator is told at once is no row of the agents' doing.
  if (refused) refusals.pop();
  return settled(refused);
}

export function flushAddresses(netlink: AnyNetlink, { dev, family }: AddressFlush): Applied {
  const { links, addresses } = netlink.netns;
  if (!links.has(dev)) return settled({ errno: "ENODEV", text: `Cannot find device "${dev}"` });
  const gone = addresses.filter((row) => row.dev === dev && (family ?? row.ip.family) === row.ip.family);
  for (const row of gone) netlink.delAddress(dev, row.ip, row.length);
  return changed(gone.length);
}
