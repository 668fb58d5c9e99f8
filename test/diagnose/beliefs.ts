import { cluster, routed } from "./ask.ts";
import type { Case } from "./modelled.ts";

const three = { n1: "192.168.1.11", n2: "192.168.1.12", n3: "192.168.1.13" };

/** Machines that are wrong about one another, or about their own networks. */
export const beliefs: readonly Case[] = [
  ...(
    ["flannel-vxlan", "flannel-ipip", "flannel-wireguard", "flannel-udp", "calico-vxlan", "calico-ipip"] as const
  ).map(
    (mode): Case => ({
      name: `the agents of ${mode} know a node by an address it does not have`,
      mode,
      document: cluster({ hosts: { n1: "192.168.1.11", n2: { address: "192.168.1.12", nodeIP: "192.168.1.99" } } }),
      code: mode === "flannel-wireguard" ? "WIREGUARD_NO_SESSION at n1" : "ARP_FAILED at n1",
      because: ["NODE_IP_MISDETECTED at n2", ...(mode === "flannel-wireguard" ? ["ARP_FAILED at n1"] : [])],
    }),
  ),
  {
    name: "the address by which a node is known is the router's",
    mode: "calico-ipip",
    document: {
      "cni-trace": 1,
      subnets: { a: "10.99.0.10/31", b: "10.99.0.20/31" },
      routers: { tor: ["10.99.0.10", "10.99.0.20"] },
      hosts: { n1: "10.99.0.11", n2: { address: "10.99.0.21", nodeIP: "10.99.0.20" } },
      pods: { p1: "n1", p2: "n2" },
    },
    code: "ENCAP_DEVICE_MISSING at tor",
    because: ["NODE_IP_MISDETECTED at n2"],
    mended: "n1: ip route replace 10.244.2.0/26 via 10.99.0.21 dev tunl0 proto bird onlink",
  },
  {
    name: "a BGP session that one side alone has configured brings no route",
    mode: "calico-bgp",
    document: cluster({
      cni: { calico: { nodeToNodeMeshEnabled: false } },
      hosts: { n1: { address: "192.168.1.11", bgp: { peers: ["n2"] } }, n2: "192.168.1.12" },
    }),
    code: "NO_ROUTE at r1",
    because: ["BGP_NOT_ESTABLISHED at n1"],
  },
  {
    name: "the router believes another AS of the node that would announce the pods",
    mode: "calico-bgp",
    document: routed({
      routers: { r1: { addresses: ["192.168.1.1", "192.168.2.1"], bgp: { as: 65001, peers: ["n1", { n2: 65009 }] } } },
      hosts: {
        n1: { address: "192.168.1.11", bgp: { as: 64512, peers: ["r1"] } },
        n2: { address: "192.168.2.12", bgp: { as: 64512, peers: ["r1"] } },
      },
      cni: { calico: { nodeToNodeMeshEnabled: false } },
    }),
    code: "NO_ROUTE at r1",
    because: ["BGP_NOT_ESTABLISHED at n2", "BGP_NOT_ESTABLISHED at r1"],
  },
  {
    name: "a bridge kept the address of an older podCIDR",
    mode: "flannel-vxlan",
    document: cluster({
      faults: [{ n2: "ip addr del 10.244.2.1/24 dev cni0" }, { n2: "ip addr add 10.244.7.1/24 dev cni0" }],
    }),
    code: "NO_ROUTE at r1",
    because: ["BRIDGE_ADDR_MISMATCH at n2"],
    mended: "n2: ip addr add 10.244.2.1/24 dev cni0",
  },
  {
    name: "two nodes hold one block, and the pod is on the other one",
    mode: "calico-bgp",
    document: cluster({
      hosts: three,
      faults: [
        { n3: "ip route replace blackhole 10.244.2.0/26 proto bird" },
        { n1: "ip route replace 10.244.2.0/26 via 192.168.1.13 proto bird" },
      ],
    }),
    code: "ROUTE_BLACKHOLE at n3",
    because: ["ROUTE_WRONG_NODE at n1", "BLOCK_MULTI_OWNER at n3"],
  },
  {
    name: "two bridges have one network, and the sender's own is asked",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n1: "ip addr add 10.244.2.1/24 dev cni0" }] }),
    code: "ARP_FAILED at n1",
    because: ["BLOCK_MULTI_OWNER at n1"],
  },
  {
    name: "a card's network covers pods of another node",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n1: "ip addr add 10.244.2.9/25 dev eth0" }] }),
    code: "ARP_FAILED at n1",
    because: ["CIDR_OVERLAP at n1"],
    mended: "n1: ip addr del 10.244.2.9/25 dev eth0",
  },
  {
    name: "a mask that was recorded too wide keeps packets out of the tunnel",
    mode: "calico-ipip-crosssubnet",
    document: routed({
      hosts: {
        n1: { address: "192.168.1.11", cni: { calico: { ipv4Address: "192.168.1.11/16" } } },
        n2: "192.168.2.12",
      },
    }),
    code: "NO_ROUTE at r1",
    because: ["MISSING_ENCAP at n1"],
  },
];
