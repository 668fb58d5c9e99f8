import { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import { type Applied, changed, refused } from "./applied.ts";
import type { AnyNetlink } from "./netlink.ts";
import type { Writer } from "./row.ts";
import type { WireguardPeer } from "./wireguard.ts";
import { parseNumber, quoted, type Words } from "./words.ts";

/** `wg set DEV peer KEY …`: a peer is given, changed or taken away. */
export interface WireguardEdit {
  readonly kind: "wireguard";
  readonly op: "set" | "remove";
  readonly dev: string;
  readonly publicKey: string;
  readonly change: Partial<Pick<WireguardPeer, "endpoint" | "port" | "allowedIps" | "keepalive">>;
}

/** The words after `wg`. */
export function readWg(words: Words): WireguardEdit {
  words.keyword("command of wg", ["set"]);
  const dev = words.device();
  words.keyword("word of wg set", ["peer"]);
  const publicKey = words.next("a public key");
  if (!/^[A-Za-z0-9+/]{43}=$/.test(publicKey))
    words.refuse(`${quoted(publicKey)} is no public key: 32 bytes in base64`);
  let op: WireguardEdit["op"] = "set";
  let change: WireguardEdit["change"] = {};
  if (words.done) words.refuseAhead("wg set needs to know what of the peer", "remove, endpoint or allowed-ips");
  while (!words.done) {
    const word = words.keyword("word of a peer", ["remove", "endpoint", "allowed-ips", "persistent-keepalive"], []);
    if (word === "remove") op = "remove";
    if (word === "endpoint") change = { ...change, ...readEndpoint(words) };
    if (word === "allowed-ips") change = { ...change, allowedIps: readAllowed(words) };
    if (word === "persistent-keepalive") change = { ...change, keepalive: words.number("seconds", 0, 65535) };
  }
  return { kind: "wireguard", op, dev, publicKey, change };
}

function readEndpoint(words: Words): { readonly endpoint: Ip; readonly port: number } {
  const text = words.next("an endpoint");
  const [, bracketed, plain, number = ""] = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]+)$/.exec(text) ?? [];
  const endpoint = Ip.parse(bracketed ?? plain ?? "");
  const port = parseNumber(number, 1, 65535);
  const shaped = endpoint?.family === (bracketed === undefined ? 4 : 6);
  if (!endpoint || !shaped || port === undefined) {
    return words.refuse(`${quoted(text)} is no address with a port`, "192.168.0.12:51820");
  }
  return { endpoint, port };
}

/** Prefixes with commas between them; host bits are cut off, as the kernel does. */
function readAllowed(words: Words): readonly Prefix[] {
  return words
    .next("prefixes")
    .split(",")
    .filter((text) => text !== "")
    .map((text) => {
      const [address = "", length] = text.split("/");
      const ip = Ip.parse(address);
      const bits = length === undefined ? ip?.bits : parseNumber(length, 0, ip?.bits ?? 0);
      return ip && bits !== undefined
        ? Prefix.of(ip, bits)
        : words.refuse(`${quoted(text)} is no prefix`, "10.244.2.0/24");
    });
}

/** Does it (`set_peer`). A peer that is new needs an endpoint here: one that waits to be spoken to says nothing. */
export function applyWireguard(netlink: AnyNetlink, edit: WireguardEdit, by: Writer): Applied {
  const { op, dev, publicKey, change } = edit;
  const { links, wireguardPeers } = netlink.netns;
  if (links.get(dev)?.kind !== "wireguard") return refused({ errno: "ENODEV", text: "No such device" });
  const standing = [...wireguardPeers.rows()].find((row) => row.dev === dev && row.publicKey === publicKey);
  if (op === "remove") {
    if (!standing) return changed(0);
    wireguardPeers.except("del", standing);
    return changed(1);
  }
  const { endpoint = standing?.endpoint, port = standing?.port, allowedIps = standing?.allowedIps ?? [] } = change;
  if (!endpoint || port === undefined) return changed(0);
  const keepalive = change.keepalive ?? standing?.keepalive ?? 0;
  const row = { dev, publicKey, endpoint, port, allowedIps, by };
  wireguardPeers.except("add", keepalive > 0 ? { ...row, keepalive } : row);
  return changed(1);
}
