import { type Applied, settled } from "./applied.ts";
import type { AnyNetlink } from "./netlink.ts";
import type { LinkChange } from "./request.ts";
import type { Words } from "./words.ts";

/** `ip link set`, or `bridge link set … hairpin` and `… state`. */
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

/** The states of a bridge port in the order of their numbers, which `bridge link set` takes as well. */
const STATES = ["disabled", "listening", "learning", "forwarding", "blocking"] as const;
const NUMBERS = ["0", "1", "2", "3", "4"] as const;

/** The words after `bridge link set`. */
export function readBridgeLink(words: Words): LinkEdit {
  let dev: string | undefined;
  const change: { -readonly [K in "hairpin" | "state"]?: LinkChange[K] } = {};
  while (!words.done) {
    switch (words.keyword("word of a bridge port", ["dev", "hairpin", "state"], [])) {
      case "dev":
        dev = words.device();
        break;
      case "hairpin":
        change.hairpin = words.keyword("value", ["on", "off"], []) === "on";
        break;
      case "state": {
        const word = words.keyword("state of a bridge port", [...STATES, ...NUMBERS], []);
        change.state = STATES.find((state, i) => word === state || word === NUMBERS[i]) ?? "forwarding";
      }
    }
  }
  if (dev === undefined) words.refuseAhead("bridge link set needs a port", "dev D");
  if (Object.keys(change).length === 0) {
    words.refuseAhead("bridge link set needs to know what", "hairpin on, or state disabled");
  }
  return { kind: "link", dev, change };
}

/** Sets what a command names of a device, one after the other as the kernel does; the first refusal ends it. */
export function applyLink(netlink: AnyNetlink, { dev, change }: LinkEdit): Applied {
  return settled(netlink.setLink(dev, change));
}

export function applyLinkDel(netlink: AnyNetlink, { dev }: LinkDeletion): Applied {
  return settled(netlink.delLink(dev));
}
