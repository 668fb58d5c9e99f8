import type { Netns } from "./netns.ts";

/** A numeric setting of a namespace, or the kernel's default. */
function number(netns: Netns, key: string, fallback: number): number {
  const text = netns.sysctls.get(key);
  return text === undefined ? fallback : Number(text);
}

function family(v: 4 | 6): string {
  return v === 4 ? "net.ipv4" : "net.ipv6";
}

/**
 * Whether packets that come in on `dev` may be forwarded: `ip_forward` (which is `conf.all.forwarding`) sets every
 * device, a device's own value wins (`IN_DEV_FORWARD`).
 */
export function forwards(netns: Netns, dev: string, v: 4 | 6): boolean {
  const all = number(netns, v === 4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding", 0);
  return number(netns, `${family(v)}.conf.${dev}.forwarding`, all) !== 0;
}

/** 0 off, 1 strict, 2 loose: the larger of `all` and the device's own (`IN_DEV_RPFILTER`); IPv6 has none. */
export function rpFilter(netns: Netns, dev: string): number {
  const byDefault = number(netns, "net.ipv4.conf.default.rp_filter", 0);
  return Math.max(
    number(netns, "net.ipv4.conf.all.rp_filter", 0),
    number(netns, `net.ipv4.conf.${dev}.rp_filter`, byDefault),
  );
}

/** Whether a packet from one of the namespace's own addresses may come in on `dev`. */
export function acceptsLocal(netns: Netns, dev: string): boolean {
  return (
    number(netns, "net.ipv4.conf.all.accept_local", 0) !== 0 ||
    number(netns, `net.ipv4.conf.${dev}.accept_local`, 0) !== 0
  );
}

/** Whether `dev` answers ARP or NDP for addresses that the namespace would forward elsewhere. */
export function proxies(netns: Netns, dev: string, v: 4 | 6): boolean {
  const key = v === 4 ? "proxy_arp" : "proxy_ndp";
  return (
    number(netns, `${family(v)}.conf.all.${key}`, 0) !== 0 || number(netns, `${family(v)}.conf.${dev}.${key}`, 0) !== 0
  );
}

/** Whether 127.0.0.0/8 may be routed through `dev`. */
export function routesLocalnet(netns: Netns, dev: string): boolean {
  return (
    number(netns, "net.ipv4.conf.all.route_localnet", 0) !== 0 ||
    number(netns, `net.ipv4.conf.${dev}.route_localnet`, 0) !== 0
  );
}

/** Whether a forwarder tells a sender on `dev` of a better way: either setting is enough, and both are on at first (`IN_DEV_TX_REDIRECTS`). */
export function sendsRedirects(netns: Netns, dev: string): boolean {
  const byDefault = number(netns, "net.ipv4.conf.default.send_redirects", 1);
  return (
    number(netns, "net.ipv4.conf.all.send_redirects", 1) !== 0 ||
    number(netns, `net.ipv4.conf.${dev}.send_redirects`, byDefault) !== 0
  );
}

/**
 * Whether a namespace lets itself be told: a forwarder only where both settings say so, and turning forwarding on turns
 * the one for `all` off; anyone else where either does (`IN_DEV_RX_REDIRECTS`, `inet_forward_change`).
 */
export function acceptsRedirects(netns: Netns, dev: string): boolean {
  const forwarder = number(netns, "net.ipv4.ip_forward", 0) !== 0;
  const all = number(netns, "net.ipv4.conf.all.accept_redirects", forwarder ? 0 : 1) !== 0;
  const byDefault = number(netns, "net.ipv4.conf.default.accept_redirects", 1);
  const own = number(netns, `net.ipv4.conf.${dev}.accept_redirects`, byDefault) !== 0;
  return forwards(netns, dev, 4) ? all && own : all || own;
}

/** Whether bridged frames pass iptables; on once br_netfilter is loaded. */
export function bridgeCallsIptables(netns: Netns): boolean {
  return number(netns, "net.bridge.bridge-nf-call-iptables", 0) !== 0;
}

/** TTL or hop limit of what the namespace itself sends. */
export function defaultTtl(netns: Netns): number {
  return number(netns, "net.ipv4.ip_default_ttl", 64);
}
