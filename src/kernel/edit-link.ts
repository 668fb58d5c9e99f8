import { type Applied, settled } from "./applied.ts";
import type { AnyNetlink } from "./netlink.ts";
import type { LinkChange } from "./request.ts";
import type { Words } from "./words.ts";

/** `ip link set`, or `bridge link set … hairpin`. */
export interface LinkEdit {
  readonly kind: "link";
  readonly dev: string;
  readonly change: LinkChange;
}

/** `ip link del`. */
export interface LinkDeletion {
  readonly kind: "link-del";
  readonly dev: string;
}

/** The words after `ip link set`. */
export function readLinkSet(words: Words): LinkEdit {
  words.take("dev");
  const dev = words.device();
  if (words.done) words.refuseAhead("ip link set needs to know what: up, down, mtu, address, master or nomaster");
  const change: { -readonly [K in keyof LinkChange]: LinkChange[K] } = {};
  while (!words.done) {
    switch (words.keyword("link setting", ["up", "down", "mtu", "address", "master", "nomaster"], ["address"])) {
      case "up":
        change.up = true;
        break;
      case "down":
        change.up = false;
        break;
      case "mtu":
        change.mtu = words.number("an MTU", 0, 0xffffffff);
        break;
      case "address":
        change.mac = words.mac();
        break;
      case "master":
        change.master = words.device();
        break;
      case "nomaster":
        change.master = undefined;
    }
  }
  return { kind: "link", dev, change };
}

/** The words after `ip link del`. */
export function readLinkDel(words: Words): LinkDeletion {
  words.take("dev");
  const dev = words.device();
  if (words.take("type")) words.next("a link type");
  return { kind: "link-del", dev };
}

/** The words after `bridge link set`. */
export function readBridgeLink(words: Words): LinkEdit {
  let dev: string | undefined;
  let hairpin: boolean | undefined;
  while (!words.done) {
    if (words.keyword("word of a bridge port", ["dev", "hairpin"], []) === "dev") dev = words.device();
    else hairpin = words.keyword("value", ["on", "off"], []) === "on";
  }
  if (dev === undefined) words.refuseAhead("bridge link set needs a port", "dev D");
  if (hairpin === undefined) words.refuseAhead("bridge link set needs to know what", "hairpin on");
  return { kind: "link", dev, change: { hairpin } };
}

/** Sets what a command names of a device, one after the other as the kernel does; the first refusal ends it. */
export function applyLink(netlink: AnyNetlink, { dev, change }: LinkEdit): Applied {
  return settled(netlink.setLink(dev, change));
}

export function applyLinkDel(netlink: AnyNetlink, { dev }: LinkDeletion): Applied {
  return settled(netlink.delLink(dev));
}
