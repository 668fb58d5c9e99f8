import { type Applied, changed, refused, settled } from "./applied.ts";
import type { AnyNetlink } from "./netlink.ts";
import { nearest, quoted, type Words } from "./words.ts";

/** `sysctl -w key=value`. */
export interface SysctlEdit {
  readonly kind: "sysctl";
  /** With dots, and a device's name as it is: `net.ipv4.conf.flannel.1.rp_filter`. */
  readonly key: string;
  readonly value: string;
}

/** Settings a walk reads, where `DEV` is a device, `all` or `default`. */
const KEYS = [
  "net.ipv4.ip_forward",
  "net.ipv4.ip_default_ttl",
  "net.ipv4.conf.DEV.forwarding",
  "net.ipv4.conf.DEV.rp_filter",
  "net.ipv4.conf.DEV.accept_local",
  "net.ipv4.conf.DEV.proxy_arp",
  "net.ipv4.conf.DEV.route_localnet",
  "net.ipv4.conf.DEV.send_redirects",
  "net.ipv4.conf.DEV.accept_redirects",
  "net.ipv6.conf.DEV.forwarding",
  "net.ipv6.conf.DEV.proxy_ndp",
  "net.bridge.bridge-nf-call-iptables",
] as const;

const DEVICE_KEY = /^(net\.ipv[46]\.conf)\.(.+)\.([a-z_0-9]+)$/;

/** The words after `sysctl`. */
export function readSysctl(words: Words): SysctlEdit {
  words.take("-w", "--write");
  const text = words.next("a setting");
  const [name = "", inline] = text.includes("=") ? splitOnce(text) : [text];
  const key = canonical(name);
  if (!isKnown(key)) {
    words.refuse(`${quoted(name)} is no setting a trace depends on`, nearestKey(key));
  }
  if (inline === undefined) words.take("=");
  const value = inline === undefined || inline === "" ? words.next("a value") : inline;
  if (!/^[0-9]{1,9}$/.test(value)) words.refuse(`${key} must be a number, not ${quoted(value)}`);
  return { kind: "sysctl", key: key === "net.ipv4.conf.all.forwarding" ? "net.ipv4.ip_forward" : key, value };
}

function splitOnce(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Dots for slashes; where slashes separate, a dot belongs to a name, and the other way round. */
function canonical(name: string): string {
  return name.replaceAll("/", ".");
}

function isKnown(key: string): boolean {
  return KEYS.some((known) => known === generic(key));
}

function generic(key: string): string {
  return key.replace(DEVICE_KEY, "$1.DEV.$3");
}

function nearestKey(key: string): string | undefined {
  const found = nearest(generic(key), KEYS);
  const dev = DEVICE_KEY.exec(key)?.[2];
  return found?.replace("DEV", dev ?? "eth0");
}

/**
 * Sets it. What `default` says reaches only devices that are made later, so those that stand keep what it said until
 * now (`devinet_conf_proc`).
 */
export function applySysctl(netlink: AnyNetlink, { key, value }: SysctlEdit): Applied {
  const { links, sysctls } = netlink.netns;
  const [, family, dev, leaf] = DEVICE_KEY.exec(key) ?? [];
  if (dev === undefined) {
    netlink.sysctl(key, value);
    return changed(1);
  }
  if (dev === "default") {
    const until = sysctls.get(key);
    for (const link of links.keys()) {
      const own = `${family}.${link}.${leaf}`;
      if (leaf === "rp_filter" && !sysctls.has(own)) sysctls.set(own, until ?? "0");
    }
  } else if (dev !== "all" && !links.has(dev)) {
    return refused({ errno: "ENOENT", text: "No such file or directory" });
  }
  netlink.sysctl(key, value);
  return settled(undefined);
}
