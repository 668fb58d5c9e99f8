import type { Ip } from "../addr/ip.ts";
import { hash32, type Mac, macBytes, macFromName, macOf } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import type { NodeDraft, PodDraft } from "./node.ts";

/**
 * Puts a node's pods on a bridge, as flannel's CNI chain does: the `bridge` plugin with `host-local`, told to be the
 * default gateway and to hairpin (containernetworking/plugins plugins/main/bridge/bridge.go; flannel-io/cni-plugin
 * flannel_linux.go). A bridge called `docker0` is Docker's own, with `--bip` and `--mtu` from flannel.
 *
 * The bridge is made when the first pod comes, docker0 when dockerd starts. `mtu` is FLANNEL_MTU.
 */
export function attachBridge(node: NodeDraft, mtu: number): void {
  const bridge = node.self.flannel.bridge;
  const docker = bridge === "docker0";
  const cni = node.agent(docker ? "docker" : "cni");
  cni.sysctl("net.ipv4.ip_forward", 1).sysctl("net.bridge.bridge-nf-call-iptables", 1);
  if (node.self.stack(6)) cni.sysctl("net.ipv6.conf.all.forwarding", 1);
  if (!docker && node.pods.length === 0) return;
  const mac = docker ? dockerMac(macBytes(node.self.mac(bridge)).slice(2)) : node.self.mac(bridge);
  cni.link({ kind: "bridge", name: bridge, mac, mtu });
  for (const { share } of node.self.stacks) cni.address(bridge, share.host(1), share.length);
  for (const pod of node.pods) attach(node, pod, bridge, mtu);
}

function attach(node: NodeDraft, pod: PodDraft, bridge: string, mtu: number): void {
  const docker = bridge === "docker0";
  const by = docker ? "docker" : "cni";
  const dev = pod.pod.device ?? vethName(pod);
  const [first] = pod.addresses;
  // A pod that IPAM has no address for is never attached.
  if (!first) return;
  node.agent(by).link({
    kind: "veth",
    name: dev,
    mac: macFromName(`${node.self.netns} ${dev}`),
    mtu,
    master: bridge,
    hairpin: !docker,
    peer: { netns: pod.netns, dev: "eth0" },
  });
  pod.inside(by, (inside) => {
    const mac = docker && first.family === 4 ? dockerMac(first.bytes()) : pod.mac("eth0");
    inside.link({ kind: "veth", name: "eth0", mac, mtu, peer: { netns: node.self.netns, dev } });
    for (const ip of pod.addresses) {
      const share = node.self.stack(ip.family)?.share;
      if (!share) continue;
      const via = share.host(1);
      inside.address("eth0", ip, share.length);
      // The delegate's IPAM routes name flannel's whole network; dockerd knows only its own.
      if (!docker) for (const dst of networks(node, ip)) inside.route({ dst, via, dev: "eth0" });
      inside.route({ dst: Prefix.all(ip.family), via, dev: "eth0" });
    }
  });
}

function networks(node: NodeDraft, ip: Ip): readonly Prefix[] {
  return node.cluster.podCIDRs.filter((network) => network.family === ip.family);
}

/** `veth` and eight hex digits, which the plugin draws at random (`RandomVethName`); here they follow from the name. */
function vethName(pod: PodDraft): string {
  return `veth${hash32(pod.netns).toString(16).padStart(8, "0")}`;
}

/** Docker's classic addresses: 02:42 and four bytes, of the container's IPv4 address (libnetwork netutils `genMAC`). */
function dockerMac(four: readonly number[]): Mac {
  return macOf([0x02, 0x42, ...four]);
}
