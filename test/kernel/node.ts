import { Ip } from "../../src/addr/ip.ts";
import { type Mac, parseMac } from "../../src/addr/mac.ts";
import { Prefix } from "../../src/addr/prefix.ts";
import { Netlink } from "../../src/kernel/netlink.ts";
import type { Peers } from "../../src/kernel/table.ts";

export function ip(text: string): Ip {
  const parsed = Ip.parse(text);
  if (!parsed) throw new Error(`${text} is no address`);
  return parsed;
}

export function prefix(text: string): Prefix {
  const parsed = Prefix.parse(text);
  if (!parsed) throw new Error(`${text} is no prefix`);
  return parsed;
}

export function mac(text: string): Mac {
  const parsed = parseMac(text);
  if (!parsed) throw new Error(`${text} is no MAC address`);
  return parsed;
}

/** Another node as a flannel node knows it. */
export interface Lessee {
  readonly name: string;
  readonly ip: Ip;
  readonly pods: Prefix;
  readonly vtep: Mac;
}

function lessee(k: number): Lessee {
  const pods = prefix(`10.244.${k}.0/24`);
  return { name: `node-${k}`, ip: ip(`192.168.0.1${k}`), pods, vtep: mac(`5e:00:00:00:00:0${k}`) };
}

const LESSEES = [lessee(2), lessee(3)];

const PEERS: Peers = {
  all: () => LESSEES,
  byIp: (key) => LESSEES.filter((peer) => peer.ip.equals(key) || peer.pods.contains(key)),
  byMac: (key) => LESSEES.filter((peer) => peer.vtep === key),
};

/** A namespace with a card on a segment: eth0 with these addresses, or 192.168.0.11/24. */
export function host(...addresses: readonly string[]): Netlink<Lessee> {
  const netlink = new Netlink<Lessee>("host/node-1", "host", PEERS);
  if (addresses.some((text) => text.includes(":"))) netlink.sysctl("net.ipv6.conf.all.disable_ipv6", 0);
  nic(netlink, "eth0", ...(addresses.length > 0 ? addresses : ["192.168.0.11/24"]));
  return netlink;
}

/** One more card. */
export function nic(netlink: Netlink<Lessee>, name: string, ...addresses: readonly string[]): void {
  const last = name.charCodeAt(name.length - 1).toString(16);
  const address = mac(`02:00:00:00:00:${last}`);
  netlink.link({ kind: "nic", name, mac: address, mtu: 1500, segment: "lan", by: "operator" });
  for (const text of addresses) {
    const [address = "", length = ""] = text.split("/");
    netlink.address(name, ip(address), Number(length), { by: "operator" });
  }
}

/** A flannel node over vxlan: node-1 of three, with one pod. */
export function vxlanNode(): Netlink<Lessee> {
  const netlink = host();
  netlink.route({ dst: Prefix.all(4), via: ip("192.168.0.1"), by: "operator" });
  netlink.link({
    kind: "vxlan",
    name: "flannel.1",
    mac: mac("5e:00:00:00:00:01"),
    mtu: 1450,
    vni: 1,
    port: 8472,
    local: ip("192.168.0.11"),
    lower: "eth0",
    learning: false,
    ttl: "auto",
    by: "flanneld",
  });
  netlink.address("flannel.1", ip("10.244.1.0"), 32, { by: "flanneld" });
  netlink.link({ kind: "bridge", name: "cni0", mac: mac("02:00:00:00:01:00"), mtu: 1500, by: "cni" });
  netlink.address("cni0", ip("10.244.1.1"), 24, { by: "cni" });
  netlink.link({
    kind: "veth",
    name: "vethe0c1a5b2",
    mac: mac("02:00:00:00:01:01"),
    mtu: 1450,
    master: "cni0",
    hairpin: true,
    peer: { netns: "pod/default/pod-a", dev: "eth0" },
    by: "cni",
  });
  netlink.perPeer("flanneld", "one vxlan route per lease", (peer) => ({
    routes: [{ dst: peer.pods, via: peer.pods.ip, dev: "flannel.1", onlink: true }],
    neighbours: [{ dev: "flannel.1", ip: peer.pods.ip, lladdr: peer.vtep, state: "permanent" }],
    fdb: [{ dev: "flannel.1", mac: peer.vtep, dst: peer.ip }],
  }));
  netlink.chain("filter", "FORWARD", "kernel", "ACCEPT");
  netlink.chain("filter", "FLANNEL-FWD", "flanneld");
  const jump = { match: {}, target: { kind: "jump", chain: "FLANNEL-FWD" }, comment: "flanneld forward" } as const;
  netlink.filter("filter", "FORWARD", { ...jump, by: "flanneld" });
  for (const side of ["src", "dst"] as const) {
    const match = { [side]: { prefix: prefix("10.244.0.0/16") } };
    netlink.filter("filter", "FLANNEL-FWD", {
      match,
      target: { kind: "ACCEPT" },
      comment: "flanneld forward",
      by: "flanneld",
    });
  }
  return netlink;
}

/** A flannel node over udp: the tun device, the forwarder and its leases. */
export function udpNode(): Netlink<Lessee> {
  const netlink = host();
  netlink.link({ kind: "tun", name: "flannel0", mtu: 1472, process: "flanneld", by: "flanneld" });
  netlink.address("flannel0", ip("10.244.1.0"), 32, { by: "flanneld" });
  netlink.forwarder({
    process: "flanneld",
    tun: "flannel0",
    ip: ip("192.168.0.11"),
    port: 8285,
    buffer: 1472,
    by: "flanneld",
  });
  netlink.route({ dst: prefix("10.244.0.0/16"), dev: "flannel0", scope: "global", by: "flanneld" });
  netlink.perPeer("flanneld", "one lease per node", (peer) => ({
    leases: [{ process: "flanneld", dst: peer.pods, to: peer.ip, port: 8285 }],
  }));
  return netlink;
}
