import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import { fibLookup } from "../kernel/fib.ts";
import type { Problem } from "../topology/problem.ts";
import type { Topology } from "../topology/topology.ts";
import { attachBridge } from "./attach-bridge.ts";
import { attachVeth } from "./attach-veth.ts";
import { dockerRules, flannelRules } from "./flannel-rules.ts";
import type { NodeDraft } from "./node.ts";
import type { Family, HostPeer } from "./peer.ts";

/** What every flannel backend shares: learned leases, no policy, IPv4 and the pods on a bridge. */
export const FLANNEL = {
  family: "flannel",
  learns: "etcd or the API",
  bgp: () => false,
  networks: ({ cluster }: Topology) => cluster.podCIDRs,
  unfit: leasesOutside,
  enforcesPolicy: false,
} as const;

/** What a node's lease tells the others: its subnet, and where it says to be. */
export function leaseOf(
  peer: HostPeer,
  family: Family,
): { readonly subnet: Prefix; readonly publicIP: Ip } | undefined {
  const stack = peer.stack(family);
  const publicIP = peer.leasedIP(family);
  return stack && publicIP && { subnet: stack.share, publicIP };
}

/** Shares outside flannel's network: flanneld does not start with such a lease (pkg/subnet/kube/kube.go). */
function leasesOutside({ cluster, hosts }: Topology): readonly Problem[] {
  const { podCIDRs, podNetworks } = cluster;
  if (podNetworks.every((network) => podCIDRs.some((whole) => whole.containsPrefix(network)))) return [];
  return [...hosts.values()].flatMap(({ name, podCIDRs: shares, place }) =>
    shares
      .filter((share) => !podCIDRs.some((whole) => whole.containsPrefix(share)))
      .map((share) => ({
        code: "UNSUPPORTED",
        message: `flannel leases inside ${podCIDRs.join(", ")}, and ${name} has ${share}`,
        hint: "a cluster.podCIDR around all IP pools, or a Calico mode",
        ...(place && { place }),
      })),
  );
}

/**
 * Finishes a node once its backend stands: flanneld's rules, then the runtime with its bridge and the pods. `mtu` is
 * what flanneld writes into subnet.env as FLANNEL_MTU (flannel pkg/subnet/subnet.go `WriteSubnetFile`).
 *
 * With Canal the runtime calls Calico's plugin instead, on addresses of the same share (projectcalico/calico
 * manifests/canal.yaml: `host-local` with `usePodCidr`); Felix's chains accept all that no policy is about, and are not drawn.
 */
export function flannelNode(node: NodeDraft, mtu: number): void {
  // Without a family flanneld does not start, and without its subnet.env the CNI plugin fails every pod.
  if (node.self.stacks.length === 0) return;
  flannelRules(node);
  if (node.self.flannel.attach === "calico") {
    attachVeth(node, mtu);
    return;
  }
  if (node.self.flannel.bridge === "docker0") dockerRules(node);
  attachBridge(node, mtu);
}

/**
 * flannel's `DirectRouting`: whether a node reaches an address without a gateway, by the routes it has before flanneld
 * writes any (flannel pkg/ip/iface.go `DirectRouting`). Each side decides alone.
 */
export function directRouting(node: NodeDraft): (ip: Ip) => boolean {
  const before = node.netlink.netns.snapshot();
  return (ip) => {
    const nexthop = fibLookup(before, { dst: ip })?.nexthop;
    return nexthop !== undefined && nexthop.via === undefined;
  };
}
