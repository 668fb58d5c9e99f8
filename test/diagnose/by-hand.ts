import type { Mac } from "../../src/addr/mac.ts";
import { Prefix } from "../../src/addr/prefix.ts";
import { Netlink } from "../../src/kernel/netlink.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import type { Network, Segment } from "../../src/kernel/network.ts";
import type { Port } from "../../src/kernel/row.ts";
import { ip } from "./ask.ts";

/** Namespaces written one row at a time, with one segment, for tables that no mode programs. */
export function byHand(...machines: readonly Netlink[]): Network {
  const all = new Map<string, Netns>(machines.map(({ netns }) => [netns.name, netns]));
  return {
    mode: "by-hand",
    topology: "by-hand",
    netns: (name) => all.get(name),
    names: () => all.keys(),
    segments: new Map([["lan", lan([...all.values()])]]),
  };
}

/** A host with a card on the segment, with IPv6 or without. */
export function host(name: string, address: string, families: 4 | 46 = 4): Netlink {
  const netlink = new Netlink(`host/${name}`, "host");
  if (families === 46) netlink.sysctl("net.ipv6.conf.all.disable_ipv6", 0);
  netlink.link({ kind: "nic", name: "eth0", mac: mac(name), mtu: 1500, segment: "lan", by: "operator" });
  netlink.address("eth0", ip(address), 24, { by: "operator" });
  return netlink;
}

export function prefix(text: string): Prefix {
  const parsed = Prefix.parse(text);
  if (!parsed) throw new Error(`no prefix: ${text}`);
  return parsed;
}

/** A MAC address that ends in the first character of a name. */
export function mac(name: string): Mac {
  return `02:00:00:00:00:${name.charCodeAt(0).toString(16)}` as Mac;
}

function lan(machines: readonly Netns[]): Segment {
  const ports = (wanted: (netns: Netns) => boolean): readonly Port[] =>
    machines.filter(wanted).flatMap((netns) => (netns.links.has("eth0") ? [{ netns: netns.name, dev: "eth0" }] : []));
  return {
    name: "lan",
    mtu: 1500,
    fabric: [],
    sourceDestCheck: false,
    population: ports(() => true).length,
    owners: (address) => ports((netns) => netns.addresses.some((row) => row.ip.equals(address))),
    withMac: (wanted) => ports((netns) => netns.links.get("eth0")?.mac === wanted),
    ports: () => ports(() => true),
  };
}
