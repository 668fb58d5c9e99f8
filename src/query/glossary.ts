/** A word a user meets, explained: what it is, and where to see it. */
export interface Entry {
  readonly word: string;
  readonly kind: "device" | "port" | "kernel" | "idea" | "program" | "header";
  /** Other spellings; `cali*` matches every name that begins so. */
  readonly also?: readonly string[];
  readonly text: readonly string[];
  /** Commands that show it. */
  readonly look?: readonly string[];
}

/** Facts with their sources are in the rooms that use them; here they are told once, for people. */
export const GLOSSARY: readonly Entry[] = [
  {
    word: "flannel0",
    kind: "device",
    also: ["tun"],
    text: [
      "The TUN device of flannel-udp. Its other end is a process: what the kernel routes into it, flanneld reads " +
        "(kernel → user), wraps in a UDP datagram to port 8285 of the node that leases the destination, and sends (user → kernel).",
      "On the receiving node flanneld unwraps and writes into its own flannel0. So a packet crosses between kernel and " +
        "user space four times more than it must, and loses four from its TTL instead of two.",
    ],
    look: ["ip -d link show flannel0", "cni-trace --mode udp -t seed-udp container-1 container-2"],
  },
  {
    word: "flannel.1",
    kind: "device",
    also: ["flannel.*", "vtep"],
    text: [
      "The VXLAN tunnel endpoint (VTEP) of flannel-vxlan; the number is the VNI. It does in the kernel what flannel0 and " +
        "flanneld do by hand: a route names the peer's .0 address, a permanent neighbour entry its MAC, a forwarding entry " +
        "its node, and the frame leaves inside a datagram to udp/8472.",
      "On the way in port and VNI together select the device: the port finds the kernel's VXLAN socket, the VNI in the " +
        "VXLAN header picks flannel.1 among the devices on that port. The port alone played that part for flanneld.",
    ],
    look: ["ip -d link show flannel.1", "bridge fdb show dev flannel.1", "ip neigh show dev flannel.1"],
  },
  {
    word: "cni0",
    kind: "device",
    also: ["docker0", "bridge"],
    text: [
      "The bridge that flannel's pods hang on: cni0 when the CNI bridge plugin makes it, docker0 in the layout of old, when " +
        "Docker attached containers. It has the first address of the node's pod network and is the pods' gateway.",
      "Pods of one node talk through it without routing (TTL stays 64). What is addressed to the bridge's own MAC, because " +
        "the destination is not in its network, goes up to the host and is routed there.",
    ],
    look: ["bridge link", "bridge fdb show br cni0", "ip addr show cni0"],
  },
  {
    word: "cali*",
    kind: "device",
    also: ["veth", "cali"],
    text: [
      "The host end of a Calico pod's veth: cali and the first eleven digits of the SHA-1 of NAMESPACE.POD. There is no " +
        "bridge; each pod has a /32 and one host route, such as 10.233.1.2 dev cali9c02e56 scope link.",
      "It has no address of its own and answers ARP for 169.254.1.1, the pods' gateway, by proxy. Every one has the MAC ee:ee:ee:ee:ee:ee.",
    ],
    look: ["ip route show dev cali…", "sysctl net.ipv4.conf.cali….proxy_arp"],
  },
  {
    word: "tunl0",
    kind: "device",
    also: ["ipip", "ip-in-ip"],
    text: [
      "The kernel's IP-in-IP device, used by Calico's IPIP modes. It has no fixed far end: the gateway of the route that " +
        "leads into it becomes the outer destination, so the route reads 10.233.2.0/26 via 192.168.2.2 dev tunl0 onlink. " +
        "onlink is needed because 192.168.2.2 is on no link of tunl0.",
      "The outer header (20 bytes, protocol 4) copies TTL and DF from the inner one.",
    ],
    look: ["ip -d link show tunl0", "ip route show dev tunl0"],
  },
  {
    word: "169.254.1.1",
    kind: "idea",
    also: ["proxy_arp", "proxy arp"],
    text: [
      "The gateway every Calico pod has. No machine holds the address: the node answers for it on the pod's veth (proxy ARP), " +
        "as long as it has a route that covers it and leads elsewhere, usually its default route. Without one the pods are cut off.",
    ],
    look: ["ip neigh show  (in the pod)", "ip route get 169.254.1.1  (on the node)"],
  },
  {
    word: "8285",
    kind: "port",
    also: ["udp/8285"],
    text: [
      "flanneld's UDP port in flannel-udp. The datagram holds the pod's packet as it is, without a header of its own.",
    ],
    look: ["ss -lunp sport = :8285"],
  },
  {
    word: "8472",
    kind: "port",
    also: ["udp/8472"],
    text: [
      "Linux's own VXLAN port, and flannel's. On a node it belongs to no process: the kernel's VXLAN socket takes the " +
        "datagram and the VNI inside selects the device. Some hypervisors and overlays use 8472 themselves and swallow it.",
    ],
    look: ["ss -lun sport = :8472", "tcpdump -ni eth0 udp port 8472"],
  },
  {
    word: "4789",
    kind: "port",
    also: ["udp/4789"],
    text: ["The VXLAN port that IANA assigned (RFC 7348). Calico uses it with VNI 4096."],
    look: ["ss -lun sport = :4789"],
  },
  {
    word: "179",
    kind: "port",
    also: ["tcp/179", "bgp"],
    text: [
      "BGP. Every Calico node runs BIRD, which tells its peers the address blocks of the node and writes what it learns into " +
        "the kernel. A session is TCP between node addresses, so it comes up across routers that know nothing of pods: " +
        "Established says that routes are exchanged, not that they work.",
    ],
    look: ["birdc show protocols", "cni-trace bgp node-1"],
  },
  {
    word: "proto 4",
    kind: "header",
    also: ["proto/4", "protocol 4", "ipencap"],
    text: [
      "IP in IP (RFC 2003): an IPv4 packet right behind an IPv4 header. It has no ports; a firewall must allow the protocol number itself.",
    ],
    look: ["tcpdump -ni eth0 ip proto 4"],
  },
  {
    word: "vxlan",
    kind: "header",
    also: ["vni"],
    text: [
      "An Ethernet frame in a UDP datagram: 50 bytes over IPv4, of which 14 are the inner Ethernet header, 8 VXLAN, 8 UDP " +
        "and 20 IP. The VNI is 24 bits and says which virtual network the frame is in; both ends must agree on it.",
    ],
  },
  {
    word: "Nexthop has invalid gateway",
    kind: "kernel",
    also: ["ENETUNREACH", "network is unreachable", "RTNETLINK answers: Network is unreachable"],
    text: [
      "The kernel refuses a route whose gateway is on none of its links (fib_check_nh): it could never be resolved by ARP. " +
        "The default route does not count. This is what happens to host-gw between subnets: the row is simply not there, " +
        "traffic follows the default route to a router that knows no pods, and is lost without a word.",
    ],
    look: ["ip route get GATEWAY", "cni-trace explain NEXTHOP_NOT_ONLINK"],
  },
  {
    word: "Message too long",
    kind: "kernel",
    also: ["EMSGSIZE", "message too long, mtu="],
    text: [
      "A packet with DF is longer than the device or the learned path takes. Local: nothing left the sender. From an address on the way: ICMP 3/4 told the sender the size that fits.",
    ],
  },
  {
    word: "No route to host",
    kind: "kernel",
    also: ["EHOSTUNREACH", "Destination Host Unreachable"],
    text: [
      "Somebody asked for the next hop's MAC three times and got no answer, or a route says unreachable. The address the error comes from tells whose question it was.",
    ],
  },
  {
    word: "Connection refused",
    kind: "kernel",
    also: ["ECONNREFUSED", "port unreachable"],
    text: ["The packet arrived and nothing listens there: the network is fine."],
  },
  {
    word: "onlink",
    kind: "idea",
    text: [
      "Tells the kernel to take a gateway as reachable on the device without checking its own links. Right for tunnels, where the gateway names the far end; on a card it only moves the failure to ARP.",
    ],
  },
  {
    word: "blackhole",
    kind: "idea",
    also: ["block"],
    text: [
      "A route that drops in silence. Calico writes one for each block of addresses a node owns, so that packets for unused " +
        "addresses of the block end there and do not follow the default route in circles; pods have longer /32 routes.",
      "A block is a /26 by default: 10.233.2.0/26. (10.233.2.0/16, as is sometimes written, has host bits set; the kernel would refuse it.)",
    ],
    look: ["ip route show type blackhole"],
  },
  {
    word: "host-gw",
    kind: "idea",
    text: [
      "Flannel without a tunnel: for each peer a plain route to its pod network via its node address. Nothing is added to " +
        "packets, no device is made, and the table grows by one route per node; all nodes must be on one L2 segment, because " +
        "each must be able to ARP for the others.",
      "Calico without encapsulation writes the same kind of route, but BIRD does, from BGP; and where the peer is behind a " +
        "router BIRD resolves the next hop through the default route (via 192.168.1.1), so the row exists, looks right, and " +
        "the packet is lost at the router instead of being refused on the node.",
    ],
  },
  {
    word: "flanneld",
    kind: "program",
    text: [
      "Flannel's agent. It learns from etcd or the Kubernetes API which node leases which pod network and writes routes, neighbours and forwarding entries; in the udp mode it also carries the packets.",
    ],
  },
  {
    word: "felix",
    kind: "program",
    text: [
      "Calico's agent on each node: host routes to pods, policy and NAT rules, tunnel devices, and the routes of VXLAN pools.",
    ],
  },
  {
    word: "bird",
    kind: "program",
    also: ["birdc"],
    text: [
      "The BGP daemon Calico runs on each node. It announces the node's blocks and writes what it learns as routes with proto bird. It resolves next hops through connected and kernel routes, never through BGP's own.",
    ],
  },
  {
    word: "crossing",
    kind: "idea",
    also: ["crossings"],
    text: [
      "One copy of a packet's bytes over the border between a process and the kernel, in one direction. Two are the applications' own; kernel tunnels add none, flannel-udp adds four.",
    ],
  },
  {
    word: "rp_filter",
    kind: "idea",
    also: ["martian"],
    text: [
      "Reverse path filter: 1 drops a packet when the way back to its source leaves by another device, 2 when there is no way back at all. The larger of all and the device's own counts. A drop is silent (TcpExt.IPReversePathFilter).",
    ],
    look: ["sysctl net.ipv4.conf.all.rp_filter", "nstat -az TcpExtIPReversePathFilter"],
  },
  {
    word: "masquerade",
    kind: "idea",
    also: ["snat", "nat"],
    text: [
      "Replaces the source by the address of the device a packet leaves by. CNIs do it for what leaves the cluster and skip it between pods, so pods see each other's own addresses.",
    ],
    look: ["iptables -t nat -S POSTROUTING"],
  },
  {
    word: "SKIP_SNAT_DST_IN_POOL",
    kind: "idea",
    also: ["SKIP_SNAT_DST_IN_CLUSTER_CIDR", "SKIP_SNAT_REPLY"],
    text: [
      "Why a packet that leaves a node keeps its source. DST_IN_POOL: Felix masquerades only what leaves its IP pools, and the " +
        "destination is in one. DST_IN_CLUSTER_CIDR: Flannel's rules spare what stays in the pods' network. REPLY: the packet " +
        "answers a connection, and only the first packet of one is translated.",
    ],
    look: ["iptables -t nat -S POSTROUTING", "ipset list cali40all-ipam-pools", "cni-trace -v SRC DST"],
  },
  {
    word: "networkpolicy",
    kind: "idea",
    also: ["policy"],
    text: [
      "Kubernetes only stores NetworkPolicy objects; somebody must enforce them. Calico's felix does, by rules on each pod's device. Flannel writes no such rules: policies are accepted by the API and ignored.",
    ],
  },
];
