/** A network with something wrong, and the nearest one without. */
export interface Case {
  readonly name: string;
  readonly mode: string;
  readonly text: string;
  /** All that is found, notes on checksums left out. */
  readonly finds: readonly string[];
  /** The code the case is about; default: the first found. */
  readonly about?: string;
  /** What part of the text is replaced by what, so that it is no longer found. */
  readonly near: readonly [string, string];
  /** Another mode in which it goes. */
  readonly nearMode?: string;
}

const LAN = `cni-trace: 1
subnets: { lan: 192.168.0.0/24 }
routers: { gw: 192.168.0.1 }
hosts:
  node-1: 192.168.0.11
  node-2: 192.168.0.12
pods: { pod-a: node-1, pod-b: node-2 }
`;

const RACKS = `cni-trace: 1
subnets: { rack-1: 192.168.1.0/24, rack-2: 192.168.2.0/24 }
routers: { r1: [192.168.1.1, 192.168.2.1] }
hosts:
  node-1: 192.168.1.11
  node-2: 192.168.2.12
pods: { pod-a: node-1, pod-b: node-2 }
`;

const overlaps: readonly Case[] = [
  {
    name: "a subnet in the default network of services",
    mode: "vxlan",
    text: LAN.replaceAll("192.168.0.", "10.100.0."),
    finds: ["warning CIDR_OVERLAP at lan, line 2"],
    near: ["subnets:", "cluster: { serviceCIDR: 172.30.0.0/16 }\nsubnets:"],
  },
  {
    name: "pods in the default network of services",
    mode: "vxlan",
    text: `${LAN}cluster:\n  podCIDR: 10.100.0.0/16\n`,
    finds: ["warning CIDR_OVERLAP at t, line 9"],
    near: ["10.100.0.0/16", "10.100.0.0/16\n  serviceCIDR: 10.200.0.0/16"],
  },
  {
    name: "an IP pool that covers a subnet: what goes there is not masqueraded",
    mode: "calico-vxlan",
    text: `${LAN}cluster: { podCIDR: 192.168.128.0/17 }\ncni: { calico: { ipPools: { wide: 192.168.0.0/16 } } }\n`,
    finds: ["warning CIDR_OVERLAP at wide, line 9"],
    near: ["wide: 192.168.0.0/16", "wide: 192.168.128.0/17"],
  },
  {
    name: "a subnet that is Docker's",
    mode: "vxlan",
    text: LAN.replaceAll("192.168.0.", "172.17.0."),
    finds: ["warning CIDR_OVERLAP at lan, line 2"],
    near: ["172.17.0.", "172.18.0."],
  },
  {
    name: "a second network on another card that holds the first",
    mode: "vxlan",
    text: `${LAN.replace("node-2: 192.168.0.12", "node-2: { addresses: [192.168.0.12, 10.0.0.2] }").replace("lan: 192.168.0.0/24", "lan: 192.168.0.0/24, mgmt: 10.0.0.0/24")}faults:
  - node-2: ip addr add 192.168.0.200/16 dev eth1
`,
    finds: ["error CIDR_OVERLAP at node-2, line 9"],
    near: ["192.168.0.200/16", "10.9.0.200/16"],
  },
];

const sizes: readonly Case[] = [
  {
    name: "a jumbo host on a fabric of 1500",
    mode: "host-gw",
    text: LAN.replace("node-2: 192.168.0.12", "node-2:\n    address: 192.168.0.12\n    mtu: 9000"),
    finds: ["error MTU_INCONSISTENT at node-2, line 8"],
    near: ["{ lan: 192.168.0.0/24 }", "{ lan: { cidr: 192.168.0.0/24, mtu: 9000 } }"],
  },
  {
    name: "a card narrower than the others on its segment",
    mode: "host-gw",
    text: LAN.replace("node-2: 192.168.0.12", "node-2: { address: 192.168.0.12, mtu: 1400 }"),
    finds: ["warning MTU_INCONSISTENT at node-2, line 6"],
    near: ["mtu: 1400", "mtu: 1500"],
  },
  {
    name: "a tunnel as wide as its card",
    mode: "ipip",
    text: `${LAN}cni: { calico-ipip: { mtu: 1500 } }\n`,
    finds: ["error MTU_INCONSISTENT at node-1, line 5"],
    near: ["1500", "1480"],
  },
  {
    name: "a tunnel that the kernel clamps to its card, and pods that do not know",
    mode: "vxlan",
    text: `${LAN}cni: { flannel-vxlan: { MTU: 1550 } }\n`,
    finds: ["warning MTU_INCONSISTENT at node-1, line 5"],
    near: ["1550", "1500"],
  },
  {
    name: "pods that are wider than the tunnel",
    mode: "vxlan",
    text: `${LAN}faults:\n  - node-1: ip link set flannel.1 mtu 1400\n`,
    finds: ["warning MTU_INCONSISTENT at node-1, line 9"],
    near: ["mtu 1400", "mtu 1450"],
  },
  {
    name: "a pod whose end of the veth was widened",
    mode: "calico-vxlan",
    text: `${LAN}faults:\n  - pod-a: ip link set eth0 mtu 9000\n`,
    finds: ["error MTU_INCONSISTENT at pod-a, line 9"],
    near: ["mtu 9000", "mtu 1450"],
  },
  {
    name: "a router in between that carries less",
    mode: "vxlan",
    text: RACKS.replace(
      "r1: [192.168.1.1, 192.168.2.1]",
      "r1: { addresses: [192.168.1.1, 192.168.2.1, 10.0.0.1] }, r2: [10.0.0.2, 192.168.3.1]",
    )
      .replace(
        "rack-2: 192.168.2.0/24",
        "rack-2: 192.168.2.0/24, core: { cidr: 10.0.0.0/30, mtu: 1400 }, rack-3: 192.168.3.0/24",
      )
      .replace("192.168.2.12", "192.168.3.12"),
    finds: ["warning FRAGMENTED at r1, line 3"],
    near: ["mtu: 1400", "mtu: 1500"],
  },
  {
    name: "a router in between that carries less, under plain routes",
    mode: "bgp",
    text: RACKS.replace(
      "r1: [192.168.1.1, 192.168.2.1]",
      `r1:
    addresses: [192.168.1.1, 192.168.2.1]
    mtu: { eth1: 1400 }
    routes: [10.244.1.0/24 via 192.168.1.11, 10.244.2.0/24 via 192.168.2.12]`,
    )
      .replace("routers: { r1", "routers:\n  r1")
      .replace("] }\nhosts", "]\nhosts"),
    finds: ["warning MTU_INCONSISTENT at r1, line 6"],
    near: ["eth1: 1400", "eth1: 1500"],
  },
];

const tunnels: readonly Case[] = [
  {
    name: "a VNI of its own on one node",
    mode: "vxlan",
    text: LAN.replace(
      "node-2: 192.168.0.12",
      "node-2:\n    address: 192.168.0.12\n    cni: { flannel-vxlan: { VNI: 2 } }\n  node-3: 192.168.0.13",
    ),
    finds: ["error ENCAP_VNI_MISMATCH at node-2, line 8"],
    near: ["VNI: 2", "VNI: 1"],
  },
  {
    name: "a VXLAN port of its own on one node",
    mode: "calico-vxlan",
    text: LAN.replace(
      "node-2: 192.168.0.12",
      "node-2:\n    address: 192.168.0.12\n    cni: { calico-vxlan: { vxlanPort: 8472 } }\n  node-3: 192.168.0.13",
    ),
    finds: ["error ENCAP_PORT_MISMATCH at node-2, line 8"],
    near: ["8472", "4789"],
  },
  {
    name: "a port of flanneld's own on one node",
    mode: "udp",
    text: LAN.replace(
      "node-2: 192.168.0.12",
      "node-2:\n    address: 192.168.0.12\n    cni: { flannel-udp: { Port: 9999 } }\n  node-3: 192.168.0.13",
    ),
    finds: ["error ENCAP_PORT_MISMATCH at node-2, line 8", "warning MODE_DEPRECATED at flannel-udp, line 1"],
    near: ["9999", "8285"],
  },
  {
    name: "another overlay on Linux's VXLAN port",
    mode: "vxlan",
    text: `${LAN.replace("pod-b: node-2 }", "pod-b: node-2, agent: { host: node-1, hostNetwork: true, listen: [udp/8472] } }")}`,
    finds: ["error PORT_CLASH at node-1, line 5"],
    near: ["udp/8472", "udp/8473"],
  },
];

const routing: readonly Case[] = [
  {
    name: "host-gw between subnets",
    mode: "host-gw",
    text: RACKS,
    finds: ["error NEXTHOP_NOT_ONLINK at node-1, line 5"],
    near: ["node-2: 192.168.2.12", "node-2: 192.168.1.12"],
  },
  {
    name: "plain routes over a router that knows no pods",
    mode: "bgp",
    text: RACKS,
    finds: ["error UNDERLAY_BLACKHOLE at node-1, line 5"],
    near: [
      "r1: [192.168.1.1, 192.168.2.1]",
      "r1: { addresses: [192.168.1.1, 192.168.2.1], routes: [10.244.1.0/24 via 192.168.1.11, 10.244.2.0/24 via 192.168.2.12] }",
    ],
  },
  {
    name: "a bridge that kept the network of another node",
    mode: "vxlan",
    text: `${LAN}faults:\n  - node-1: ip addr add 10.244.2.1/24 dev cni0\n`,
    finds: [
      "error BLOCK_MULTI_OWNER at node-1, line 9",
      "error BRIDGE_ADDR_MISMATCH at node-1, line 9",
      "warning NODE_IP_DUPLICATE at pod-b, line 7",
    ],
    near: ["10.244.2.1/24", "10.99.2.1/24"],
  },
  {
    name: "a bridge with an address of an older podCIDR",
    mode: "vxlan",
    text: `${LAN}faults:
  - node-2: ip addr del 10.244.2.1/24 dev cni0
  - node-2: ip addr add 10.244.7.1/24 dev cni0
`,
    finds: ["error BRIDGE_ADDR_MISMATCH at node-2, line 9"],
    about: "BRIDGE_ADDR_MISMATCH",
    near: ["10.244.7.1/24", "10.244.2.1/24"],
  },
  {
    name: "a node address that no card has",
    mode: "vxlan",
    text: LAN.replace("node-2: 192.168.0.12", "node-2: { address: 192.168.0.12, nodeIP: 192.168.0.13 }"),
    finds: ["error NODE_IP_MISDETECTED at node-2, line 6"],
    near: ["nodeIP: 192.168.0.13", "nodeIP: 192.168.0.12"],
  },
  {
    name: "two nodes that are known by one address",
    mode: "vxlan",
    text: `${LAN.replace("node-1: 192.168.0.11", "node-1: { address: 192.168.0.11, nodeIP: 10.0.2.15 }").replace("node-2: 192.168.0.12", "node-2: { address: 192.168.0.12, nodeIP: 10.0.2.15 }")}faults:
  - node-1: ip addr add 10.0.2.15/32 dev lo
  - node-2: ip addr add 10.0.2.15/32 dev lo
`,
    finds: ["error NODE_IP_DUPLICATE at node-2, line 6"],
    near: ["nodeIP: 10.0.2.15", "mtu: 1500"],
  },
  {
    name: "two nodes with one block",
    mode: "bgp",
    text: `${LAN}faults:\n  - node-1: ip route replace blackhole 10.244.2.0/26\n`,
    // BIRD asks for its own row again, and the blackhole stands in its place.
    finds: ["error ROUTE_REFUSED at node-1, line 9", "error BLOCK_MULTI_OWNER at node-1, line 9"],
    near: ["10.244.2.0/26", "10.244.9.0/26"],
  },
  {
    name: "an address that was given to two nodes",
    mode: "host-gw",
    text: `${LAN}faults:\n  - node-2: ip addr add 192.168.0.11/24 dev eth0\n`,
    finds: ["error NODE_IP_DUPLICATE at node-2, line 9"],
    near: ["192.168.0.11/24", "192.168.0.13/24"],
  },
  {
    name: "the address of a bridge that only its own machine is on",
    mode: "vxlan",
    text: LAN.replace("lan: 192.168.0.0/24", "lan: 192.168.0.0/24, docker-2: 172.18.0.0/16").replace(
      "node-2: 192.168.0.12",
      "node-2:\n    addresses: [192.168.0.12, 172.18.0.1]\n    nodeIP: 172.18.0.1",
    ),
    finds: ["error NODE_IP_MISDETECTED at node-2, line 8"],
    near: ["nodeIP: 172.18.0.1", "nodeIP: 192.168.0.12"],
  },
  {
    name: "a node address off the default route",
    mode: "vxlan",
    text: LAN.replace("lan: 192.168.0.0/24", "lan: 192.168.0.0/24, storage: 10.0.0.0/24")
      .replace("node-1: 192.168.0.11", "node-1: { addresses: [10.0.0.11, 192.168.0.11] }")
      .replace("node-2: 192.168.0.12", "node-2: { addresses: [10.0.0.12, 192.168.0.12] }"),
    finds: ["note NODE_IP_MISDETECTED at node-1, line 5"],
    near: ["gw: 192.168.0.1", "gw: 10.0.0.1"],
  },
];

const sessions: readonly Case[] = [
  ["two sides that disagree on an AS", "{ router1: 65009 }"],
  ["one side that has no peer", ""],
].map(([name = "", peer = ""]): Case => {
  return {
    name,
    mode: "bgp",
    text: `cni-trace: 1
cni: { calico: { nodeToNodeMeshEnabled: false } }
subnets: { lan: 192.168.0.0/24 }
routers:
  router1: { address: 192.168.0.1, bgp: { as: 65001, peers: [node-1] } }
hosts:
  node-1: { address: 192.168.0.11, bgp: { as: 64512, peers: [${peer}] } }
`,
    finds: [`error BGP_NOT_ESTABLISHED at ${peer === "" ? "router1, line 5" : "node-1, line 7"}`],
    near: [`peers: [${peer}]`, "peers: [router1]"],
  };
});

const filters: readonly Case[] = [
  {
    name: "a fabric that keeps TCP 179 back",
    mode: "bgp",
    text: LAN.replace("lan: 192.168.0.0/24", "lan: { cidr: 192.168.0.0/24, drop: [tcp/179] }"),
    finds: ["error BGP_NOT_ESTABLISHED at node-1, line 5"],
    near: ["tcp/179", "tcp/180"],
  },
  {
    name: "a fabric that eats VXLAN",
    mode: "vxlan",
    text: LAN.replace("lan: 192.168.0.0/24", "lan: { cidr: 192.168.0.0/24, drop: [udp/8472] }"),
    finds: ["error ENCAP_BLOCKED at lan, line 2"],
    near: ["udp/8472", "udp/4789"],
  },
  {
    name: "a fabric that eats IP in IP",
    mode: "ipip",
    text: LAN.replace("lan: 192.168.0.0/24", "lan: { cidr: 192.168.0.0/24, allow: [tcp, udp, icmp, proto/94] }"),
    finds: ["error ENCAP_BLOCKED at lan, line 2"],
    near: ["proto/94", "proto/4"],
  },
  {
    name: "a fabric that passes TCP alone, under plain routes",
    mode: "host-gw",
    text: LAN.replace("lan: 192.168.0.0/24", "lan: { cidr: 192.168.0.0/24, allow: [tcp] }"),
    finds: ["error FABRIC_BLOCKED at lan, line 2"],
    near: ["[tcp]", "[tcp, udp, icmp]"],
  },
  {
    name: "a source check under plain routes",
    mode: "host-gw",
    text: LAN.replace("lan: 192.168.0.0/24", "lan: { cidr: 192.168.0.0/24, sourceDestCheck: true }"),
    finds: ["error SRC_DST_CHECK at lan, line 2"],
    near: ["sourceDestCheck: true", "sourceDestCheck: false"],
  },
  {
    name: "FORWARD that drops, and no rule that accepts",
    mode: "bgp",
    text: `${LAN}faults:\n  - node-2: iptables -F FORWARD\n  - node-2: iptables -P FORWARD DROP\n`,
    finds: ["error HOST_FORWARD_DROP at node-2, line 9"],
    near: ["FORWARD DROP", "FORWARD ACCEPT"],
  },
];

const switches: readonly Case[] = [
  {
    name: "forwarding off on a node",
    mode: "vxlan",
    text: `${LAN}faults:\n  - node-2: sysctl net.ipv4.ip_forward=0\n`,
    finds: ["error FORWARDING_DISABLED at node-2, line 9"],
    near: ["ip_forward=0", "ip_forward=1"],
  },
  {
    name: "forwarding off on a router",
    mode: "vxlan",
    text: `${RACKS}faults:\n  - r1: sysctl net.ipv4.conf.eth1.forwarding=0\n`,
    finds: ["error FORWARDING_DISABLED at r1, line 9"],
    near: ["forwarding=0", "forwarding=1"],
  },
  {
    name: "strict reverse path filtering on two cards",
    mode: "vxlan",
    text: `${LAN.replace("lan: 192.168.0.0/24", "lan: 192.168.0.0/24, mgmt: 10.0.0.0/24").replace("node-2: 192.168.0.12", "node-2: { addresses: [192.168.0.12, 10.0.0.12] }")}faults:\n  - node-2: sysctl net.ipv4.conf.all.rp_filter=1\n`,
    finds: ["warning RP_FILTER_STRICT at node-2, line 9"],
    near: ["rp_filter=1", "rp_filter=2"],
  },
  {
    name: "no default route where pods' gateway is answered for by proxy",
    mode: "bgp",
    text: LAN.replace("routers: { gw: 192.168.0.1 }\n", ""),
    finds: ["error PROXY_ARP_OFF at node-1, line 4"],
    near: ["hosts:", "routers: { gw: 192.168.0.1 }\nhosts:"],
  },
];

const shares: readonly Case[] = [
  {
    name: "a share that is smaller than what kubelet runs",
    mode: "host-gw",
    text: `${LAN}cluster:\n  podCIDR: 10.244.0.0/16\n  nodeMaskSize: 26\n`,
    finds: ["note POD_CIDR_SMALL at node-1, line 10"],
    near: ["26", "24"],
  },
  {
    name: "a network of pods that is nearly used up",
    mode: "host-gw",
    text: `${LAN.replace("  node-2:", "  node-3: 192.168.0.13\n  node-2:")}cluster:\n  podCIDR: 10.244.0.0/22\n`,
    finds: ["warning POD_CIDR_SMALL at t, line 10"],
    near: ["/22", "/20"],
  },
];

const modes: readonly Case[] = [
  {
    name: "a mode that upstream advises against",
    mode: "udp",
    text: `${LAN}cni: { mode: flannel-udp }\n`,
    finds: ["warning MODE_DEPRECATED at flannel-udp, line 8"],
    near: ["", ""],
    nearMode: "vxlan",
  },
  {
    name: "IPv6 asked of a mode that has none",
    mode: "ipip",
    text: `${LAN}cluster:\n  podCIDR: [10.244.0.0/16, "fd00:10::/48"]\n`,
    finds: ["error UNSUPPORTED at calico-ipip, line 9"],
    near: [', "fd00:10::/48"', ""],
  },
];

export const cases: readonly Case[] = [
  ...overlaps,
  ...sizes,
  ...tunnels,
  ...routing,
  ...sessions,
  ...filters,
  ...switches,
  ...shares,
  ...modes,
];
