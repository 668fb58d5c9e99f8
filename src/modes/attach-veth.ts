import { sha1 } from "@noble/hashes/legacy.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { Ip } from "../addr/ip.ts";
import type { Mac } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import { linkLocalOf } from "../kernel/derived.ts";
import type { NodeDraft, PodDraft } from "./node.ts";
import { isModern } from "./version.ts";

/** What every Calico host end has, so that the pod's neighbour entry survives a move to another node. */
const HOST_MAC = "ee:ee:ee:ee:ee:ee" as Mac;
/** Nobody has it; the host end answers for it by proxy ARP. */
const GATEWAY = Ip.of(0xa9fe0101);

/** A pod on its node, as the rules that police it see it. */
export interface Attached {
  readonly dev: string;
  readonly namespace: string;
}

/**
 * Gives each pod a point-to-point link to its node and a host route to each of its addresses, with no bridge, as
 * Calico's CNI plugin and Felix do (projectcalico/calico cni-plugin/pkg/dataplane/linux/dataplane_linux.go;
 * felix/dataplane/linux/endpoint_mgr.go `calculateRoutes`, `configureInterface`).
 */
export function attachVeth(node: NodeDraft, mtu: number): readonly Attached[] {
  const felix = node.agent("felix");
  felix.sysctl("net.ipv4.ip_forward", 1);
  if (node.self.stack(6)) felix.sysctl("net.ipv6.conf.all.forwarding", 1);
  // A pod that IPAM has no address for is never attached.
  return node.pods.filter((pod) => pod.addresses.length > 0).map((pod) => attach(node, pod, mtu));
}

function attach(node: NodeDraft, draft: PodDraft, mtu: number): Attached {
  const { pod, netns, addresses } = draft;
  const [namespace = "", name = ""] = pod.name.split("/");
  const dev = pod.device ?? vethName(namespace, name);
  node.agent("cni").link({ kind: "veth", name: dev, mac: HOST_MAC, mtu, peer: { netns, dev: "eth0" } });
  const felix = node.agent("felix");
  for (const ip of addresses) {
    const v4 = ip.family === 4;
    for (const [key, value] of v4 ? IPV4_SETTINGS : IPV6_SETTINGS) felix.sysctl(key.replace("DEV", dev), value);
    felix.route({ dst: Prefix.of(ip), dev, ...podMetric(node, v4) });
  }
  draft.inside("cni", (cni) => {
    cni.link({ kind: "veth", name: "eth0", mac: draft.mac("eth0"), mtu, peer: { netns: node.self.netns, dev } });
    for (const ip of addresses) {
      const via = ip.family === 4 ? GATEWAY : linkLocalOf(HOST_MAC);
      if (ip.family === 4) cni.route({ dst: Prefix.of(GATEWAY), dev: "eth0" });
      cni.route({ dst: Prefix.all(ip.family), via, dev: "eth0" });
      cni.address("eth0", ip, ip.bits);
    }
  });
  return { dev, namespace };
}

const IPV4_SETTINGS = [
  ["net.ipv4.conf.DEV.route_localnet", 1],
  ["net.ipv4.neigh.DEV.proxy_delay", 0],
  ["net.ipv4.conf.DEV.proxy_arp", 1],
  ["net.ipv4.conf.DEV.forwarding", 1],
] as const;

const IPV6_SETTINGS = [
  ["net.ipv6.conf.DEV.accept_dad", 0],
  ["net.ipv6.conf.DEV.proxy_ndp", 1],
  ["net.ipv6.conf.DEV.forwarding", 1],
  ["net.ipv6.conf.DEV.accept_ra", 0],
] as const;

/** From v3.32 on pod routes carry Felix's IPv4NormalRoutePriority; IPv6 routes always have 1024. */
function podMetric(node: NodeDraft, v4: boolean): { readonly metric?: number } {
  return v4 && isModern(node.self.calico.version) ? { metric: 1024 } : {};
}

/** `cali` and eleven hex digits (libcalico-go/lib/backend/k8s/conversion `VethNameForWorkload`). */
function vethName(namespace: string, name: string): string {
  const start = sha1(utf8ToBytes(`${namespace}.${name}`)).subarray(0, 6);
  const digest = Array.from(start, (byte) => byte.toString(16).padStart(2, "0"));
  return `cali${digest.join("").slice(0, 11)}`;
}
