import { cluster, type Probe, routed } from "./ask.ts";

/** Tables that a mode programs and a hand spoils, and what a diagnosis has to say of them. */
export interface Case {
  readonly name: string;
  readonly mode: string;
  readonly document: Readonly<Record<string, unknown>>;
  readonly probe?: Probe;
  readonly code: string;
  readonly because?: readonly string[];
  readonly verdict?: string;
  readonly reason?: string;
  /** One of the changes that are proposed and that mend it. */
  readonly mended?: string;
}

const MAC = "02:00:00:00:00:99";
const POD = "pod/default/p1";

export const routing: readonly Case[] = [
  {
    name: "host-gw across subnets: the refused route is to blame for the router's silence",
    mode: "flannel-host-gw",
    document: routed(),
    code: "NO_ROUTE at r1",
    reason: "IP_INNOROUTES",
    because: ["NEXTHOP_NOT_ONLINK at n1"],
    mended: "r1: ip route add 10.244.1.0/24 via 192.168.1.11; r1: ip route add 10.244.2.0/24 via 192.168.2.12",
  },
  {
    name: "calico-bgp across subnets: the route is there, and leads to a router that knows no pods",
    mode: "calico-bgp",
    document: routed(),
    code: "NO_ROUTE at r1",
    because: ["UNDERLAY_BLACKHOLE at n1"],
    mended: "r1: ip route add 10.244.1.0/26 via 192.168.1.11; r1: ip route add 10.244.2.0/26 via 192.168.2.12",
  },
  {
    name: "a deleted route lets the default route carry the packet away",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n1: "ip route del 10.244.2.0/24" }] }),
    code: "NO_ROUTE at r1",
    because: ["ROUTE_MISSING at n1"],
    mended: "n1: ip route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink",
  },
  {
    name: "without a default route the node itself has no way",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n1: "ip route del 10.244.2.0/24" }, { n1: "ip route del default" }] }),
    code: "NO_ROUTE at n1",
    because: ["ROUTE_MISSING at n1"],
  },
  {
    name: "a tunnel device that is down takes its routes along",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n1: "ip link set flannel.1 down" }] }),
    code: "NO_ROUTE at r1",
    because: ["IFACE_DOWN at n1", "ROUTE_MISSING at n1"],
  },
  {
    name: "a pod without its default route has no way out",
    mode: "calico-bgp",
    document: cluster({ faults: [{ p1: "ip route del default" }] }),
    code: "NO_ROUTE at p1",
    reason: "IP_OUTNOROUTES",
    because: ["ROUTE_MISSING at p1"],
    mended: "p1: ip route add default via 169.254.1.1 dev eth0",
  },
  {
    name: "an address nobody leases leaks to the router",
    mode: "flannel-vxlan",
    document: cluster(),
    probe: { to: "10.244.77.7" },
    code: "NO_ROUTE at r1",
    because: ["DST_UNKNOWN_IP at r1"],
  },
  {
    name: "an unused address of a block ends in the block's blackhole",
    mode: "calico-bgp",
    document: cluster(),
    probe: { to: "10.244.2.33" },
    code: "ROUTE_BLACKHOLE at n2",
    because: ["DST_UNKNOWN_IP at n2"],
  },
  {
    name: "a borrowed address whose host route is missing ends where its block is",
    mode: "calico-bgp",
    document: cluster({
      pods: {
        p1: { host: "n1", device: "veth1" },
        p2: { host: "n2", device: "veth2", address: "10.244.1.9" },
      },
      faults: [{ n1: "ip route del 10.244.1.9" }],
    }),
    probe: { to: "10.244.1.9" },
    code: "ROUTE_BLACKHOLE at n1",
    because: ["ROUTE_MISSING at n1", "DST_NOT_ON_NODE at n1"],
    mended: "n1: ip route add 10.244.1.9 via 192.168.1.12",
  },
  {
    name: "a row of type unreachable",
    mode: "calico-bgp",
    document: cluster({ faults: [{ n1: "ip route add unreachable 10.244.2.2" }] }),
    code: "ROUTE_UNREACHABLE at n1",
    because: ["ROUTE_SHADOWED at n1"],
    mended: "n1: ip route del unreachable 10.244.2.2",
  },
  {
    name: "a row of type prohibit",
    mode: "calico-bgp",
    document: cluster({
      faults: [{ n1: "ip route add prohibit 10.244.2.0/24" }, { n1: "ip route del 10.244.2.0/26" }],
    }),
    code: "ROUTE_PROHIBIT at n1",
    mended: "n1: ip route add 10.244.2.0/26 via 192.168.1.12 dev eth0 proto bird",
    because: ["ROUTE_MISSING at n1"],
  },
  {
    name: "a row whose gateway nobody has",
    mode: "flannel-host-gw",
    document: cluster({ faults: [{ n1: "ip route replace 10.244.2.0/24 via 192.168.1.77" }] }),
    code: "ARP_FAILED at n1",
    reason: "NEIGH_FAILED",
    because: ["ROUTE_STALE at n1"],
    mended: "n1: ip route replace 10.244.2.0/24 via 192.168.1.12",
  },
  {
    name: "a row that looks for pods on the nodes' own link",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n1: "ip route replace 10.244.2.0/24 dev eth0" }] }),
    code: "ARP_FAILED at n1",
    reason: "NEIGH_FAILED",
    because: ["ROUTE_WRONG_DEVICE at n1"],
    mended: "n1: ip route replace 10.244.2.0/24 via 192.168.1.12",
  },
  {
    name: "a longer row by hand shadows the agent's",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n1: "ip route add 10.244.2.2 via 192.168.1.1" }] }),
    code: "NO_ROUTE at r1",
    because: ["ROUTE_SHADOWED at n1"],
    mended: "n1: ip route del 10.244.2.2 via 192.168.1.1 dev eth0",
  },
  {
    name: "a row that names the wrong node makes a detour",
    mode: "flannel-host-gw",
    document: cluster({
      hosts: { n1: "192.168.1.11", n2: "192.168.1.12", n3: "192.168.1.13" },
      faults: [{ n1: "ip route replace 10.244.2.0/24 via 192.168.1.13" }],
    }),
    code: "DELIVERED at p2",
    verdict: "REACHABLE_WITH_RISK",
    because: ["ROUTE_WRONG_NODE at n1", "NAT_UNEXPECTED at n3"],
  },
  {
    name: "two nodes that route one address to each other",
    mode: "flannel-host-gw",
    document: cluster({
      faults: [
        { n1: "ip route add 10.244.9.0/24 via 192.168.1.12" },
        { n2: "ip route add 10.244.9.0/24 via 192.168.1.11" },
      ],
    }),
    probe: { to: "10.244.9.9" },
    code: "LOOP at n2",
    reason: "TTL_EXPIRED",
    because: ["DST_UNKNOWN_IP at n2"],
  },
  {
    name: "a TTL of one ends at the first machine",
    mode: "flannel-vxlan",
    document: cluster(),
    probe: { ttl: 1 },
    code: "TTL_EXPIRED at n1",
  },
  {
    name: "a TTL of two ends in the forwarding process",
    mode: "flannel-udp",
    document: cluster(),
    probe: { ttl: 2 },
    code: "TTL_EXPIRED at n1",
  },
  {
    name: "forwarding is off on the far node",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n2: "sysctl -w net.ipv4.ip_forward=0" }] }),
    code: "FORWARDING_DISABLED at n2",
    reason: "IP_INADDRERRORS",
    mended: "n2: sysctl -w net.ipv4.ip_forward=1",
  },
  {
    name: "one side tunnels and the other does not: the strict reverse path drops",
    mode: "flannel-vxlan",
    document: cluster({
      faults: [
        { n2: "ip route replace 10.244.1.0/24 via 192.168.1.11 dev eth0" },
        { n2: "sysctl -w net.ipv4.conf.flannel.1.rp_filter=1" },
      ],
    }),
    code: "RPF_DROP at n2",
    reason: "IP_RPFILTER",
    mended: "n2: sysctl -w net.ipv4.conf.flannel.1.rp_filter=2",
  },
  {
    name: "the source is an address of the receiver's own",
    mode: "flannel-host-gw",
    document: cluster({ faults: [{ n2: "ip addr add 10.244.1.2/32 dev lo" }] }),
    code: "MARTIAN at n2",
    reason: "IP_LOCAL_SOURCE",
    because: ["NODE_IP_DUPLICATE at n2"],
    mended: "n2: ip addr del 10.244.1.2/32 dev lo",
  },
  {
    name: "the tunnel's source was taken off its card",
    mode: "flannel-vxlan",
    document: cluster({
      faults: [{ n1: "ip addr add 192.168.1.77/16 dev eth0" }, { n1: "ip addr del 192.168.1.11/24 dev eth0" }],
    }),
    code: "SRC_NO_ADDRESS at n1",
    mended: "n1: ip addr add 192.168.1.11/32 dev eth0",
  },
];

export const layer2: readonly Case[] = [
  {
    name: "the pod's end of its veth is down",
    mode: "calico-bgp",
    document: cluster({ faults: [{ p2: "ip link set eth0 down" }] }),
    code: "ARP_FAILED at n2",
    because: ["IFACE_DOWN at p2"],
  },
  {
    name: "the pod's end of its veth is down, and its MAC is known",
    mode: "calico-bgp",
    document: cluster({
      faults: [{ n2: `ip neigh replace 10.244.2.2 lladdr ${MAC} dev veth2` }, { p2: "ip link set eth0 down" }],
    }),
    code: "IFACE_DOWN at p2",
    because: ["NEIGHBOUR_STALE at n2"],
    reason: "DEV_READY",
  },
  {
    name: "the bridge port of the pod is down",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n2: "ip link set veth2 down" }] }),
    code: "ARP_FAILED at n2",
    because: ["IFACE_DOWN at n2"],
    mended: "n2: ip link set veth2 up",
  },
  {
    name: "a pod that is not there is asked for in vain",
    mode: "flannel-vxlan",
    document: cluster(),
    probe: { to: "10.244.2.99" },
    code: "ARP_FAILED at n2",
    reason: "NEIGH_FAILED",
    because: ["DST_UNKNOWN_IP at n2"],
  },
  {
    name: "the card of the other node is down",
    mode: "flannel-host-gw",
    document: cluster({ faults: [{ n2: "ip link set eth0 down" }] }),
    code: "ARP_FAILED at n1",
    because: ["IFACE_DOWN at n2"],
    mended: "n2: ip link set eth0 up",
  },
  {
    name: "the host end of a veth does not answer for the pod's gateway",
    mode: "calico-bgp",
    document: cluster({ faults: [{ n1: "sysctl -w net.ipv4.conf.veth1.proxy_arp=0" }] }),
    code: "ARP_FAILED at p1",
    because: ["PROXY_ARP_OFF at n1"],
    mended: "n1: sysctl -w net.ipv4.conf.veth1.proxy_arp=1",
  },
  {
    name: "a host without a way to the pod's gateway does not answer for it",
    mode: "calico-bgp",
    document: cluster({ faults: [{ n1: "ip route del default" }] }),
    code: "ARP_FAILED at p1",
    because: ["ROUTE_MISSING at n1"],
    mended: "n1: ip route add default via 192.168.1.1 dev eth0",
  },
  {
    name: "a host that never had a way to the pod's gateway does not answer for it",
    mode: "calico-bgp",
    document: cluster({ subnets: { lan: { cidr: "192.168.1.0/24", gateway: "none" } } }),
    code: "ARP_FAILED at p1",
    because: ["PROXY_ARP_OFF at n1"],
  },
  {
    name: "a host that does not forward does not answer for the pod's gateway",
    mode: "calico-bgp",
    document: cluster({ faults: [{ n1: "sysctl -w net.ipv4.conf.veth1.forwarding=0" }] }),
    code: "ARP_FAILED at p1",
    because: ["FORWARDING_DISABLED at n1"],
    mended: "n1: sysctl -w net.ipv4.conf.veth1.forwarding=1",
  },
  {
    name: "a route forced with onlink asks the wrong segment",
    mode: "flannel-host-gw",
    document: routed({ faults: [{ n1: "ip route add 10.244.2.0/24 via 192.168.2.12 dev eth0 onlink" }] }),
    code: "ARP_FAILED at n1",
    because: ["NOT_SAME_SEGMENT at n1"],
    mended:
      "n1: ip route del 10.244.2.0/24 via 192.168.2.12 dev eth0 onlink; r1: ip route add 10.244.1.0/24 via 192.168.1.11; r1: ip route add 10.244.2.0/24 via 192.168.2.12",
  },
  {
    name: "the tunnel device has lost its neighbour row",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n1: "ip neigh del 10.244.2.0 dev flannel.1" }] }),
    code: "ARP_FAILED at n1",
    because: ["NEIGHBOUR_MISSING at n1"],
  },
  {
    name: "a neighbour row with a MAC that the tunnel has no entry for",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n1: `ip neigh replace 10.244.2.0 lladdr ${MAC} dev flannel.1` }] }),
    code: "FDB_MISS at n1",
    reason: "NO_TX_TARGET",
    because: ["NEIGHBOUR_STALE at n1"],
  },
  {
    name: "the other node's tunnel device was made anew",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n2: `ip link set flannel.1 address ${MAC}` }] }),
    code: "WRONG_MAC at n2",
    reason: "OTHERHOST",
    because: ["NEIGHBOUR_STALE at n1"],
    mended: `n1: ip neigh replace 10.244.2.0 lladdr ${MAC} dev flannel.1 nud permanent; n1: bridge fdb replace ${MAC} dev flannel.1 dst 192.168.1.12`,
  },
  {
    name: "a neighbour row on a card that nobody's MAC fits",
    mode: "flannel-host-gw",
    document: cluster({ faults: [{ n1: `ip neigh replace 192.168.1.12 lladdr ${MAC} dev eth0` }] }),
    code: "WRONG_MAC at n1",
    because: ["NEIGHBOUR_STALE at n1"],
  },
  {
    name: "two nodes with one address",
    mode: "flannel-vxlan",
    document: cluster({
      hosts: { n1: "192.168.1.11", n2: "192.168.1.12", n3: "192.168.1.13" },
      faults: [{ n3: "ip addr add 192.168.1.12/24 dev eth0" }],
    }),
    code: "WRONG_MAC at n3",
    because: ["NODE_IP_DUPLICATE at n1"],
    mended: "n3: ip addr del 192.168.1.12/24 dev eth0",
  },
  {
    name: "two tunnel devices with one MAC",
    mode: "flannel-vxlan",
    document: cluster({
      faults: [{ n1: `ip link set flannel.1 address ${MAC}` }, { n2: `ip link set flannel.1 address ${MAC}` }],
    }),
    code: "MAC_DUPLICATE at n2",
    reason: "LOCAL_MAC",
    because: ["NEIGHBOUR_STALE at n1"],
  },
  {
    name: "a frame that would have to go back where it came from",
    mode: "flannel-vxlan",
    document: cluster({
      faults: [
        { n1: "bridge link set dev veth1 hairpin off" },
        { p1: `ip link set eth0 address ${MAC}` },
        { p1: `ip neigh replace 10.244.1.9 lladdr ${MAC} dev eth0` },
      ],
    }),
    probe: { to: "10.244.1.9" },
    code: "HAIRPIN_DISABLED at n1",
    reason: "BRIDGE_NO_EGRESS_PORT",
    because: ["DST_UNKNOWN_IP at n1"],
  },
  {
    name: "a bridge that has lost its only port",
    mode: "flannel-vxlan",
    document: cluster({
      faults: [{ n2: `ip neigh replace 10.244.2.2 lladdr ${MAC} dev cni0` }, { n2: "ip link set veth2 nomaster" }],
    }),
    code: "BRIDGE_PORT_MISSING at n2",
    because: ["NEIGHBOUR_STALE at n2"],
  },
];

export const tunnel: readonly Case[] = [
  {
    name: "no WireGuard peer may have an address nobody leases",
    mode: "flannel-wireguard",
    document: cluster(),
    probe: { to: "10.244.77.7" },
    code: "WIREGUARD_NO_PEER at n1",
    because: ["DST_UNKNOWN_IP at n1"],
  },
  {
    name: "a fabric that eats WireGuard's port lets no session come up",
    mode: "flannel-wireguard",
    document: cluster({ subnets: { lan: { cidr: "192.168.1.0/24", drop: ["udp/51820"] } } }),
    code: "WIREGUARD_NO_SESSION at n1",
    because: ["ENCAP_BLOCKED at lan"],
  },
  {
    name: "the other node's WireGuard device is down",
    mode: "calico-wireguard",
    document: cluster({ faults: [{ n2: "ip link set wireguard.cali down" }] }),
    code: "WIREGUARD_NO_SESSION at n1",
    because: ["IFACE_DOWN at n2"],
  },
  {
    name: "the other node has no WireGuard device",
    mode: "flannel-wireguard",
    document: cluster({ faults: [{ n2: "ip link del flannel-wg" }] }),
    code: "WIREGUARD_NO_SESSION at n1",
    because: ["ENCAP_DEVICE_MISSING at n2"],
  },
  {
    name: "a firewall keeps the handshake in",
    mode: "flannel-wireguard",
    document: cluster({ faults: [{ n1: "iptables -I OUTPUT -p udp --dport 51820 -j DROP" }] }),
    code: "WIREGUARD_NO_SESSION at n1",
    because: ["HOST_OUTPUT_DROP at n1"],
  },
  {
    name: "the other node has no tunnel device",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n2: "ip link del flannel.1" }] }),
    code: "ENCAP_DEVICE_MISSING at n2",
    reason: "NO_SOCKET",
  },
  {
    name: "the other node has no IP-in-IP device",
    mode: "calico-ipip",
    document: cluster({ faults: [{ n2: "ip link del tunl0" }, { n2: "iptables -F INPUT" }] }),
    code: "ENCAP_DEVICE_MISSING at n2",
    reason: "IP_NOPROTO",
  },
  {
    name: "the other node's tunnel device is down",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n2: "ip link set flannel.1 down" }] }),
    code: "IFACE_DOWN at n2",
  },
  {
    name: "the nodes use different VNIs",
    mode: "flannel-vxlan",
    document: cluster({
      hosts: { n1: "192.168.1.11", n2: { address: "192.168.1.12", cni: { "flannel-vxlan": { VNI: 2 } } } },
    }),
    code: "ENCAP_VNI_MISMATCH at n2",
    reason: "VXLAN_VNI_NOT_FOUND",
  },
  {
    name: "the nodes use different ports",
    mode: "flannel-vxlan",
    document: cluster({
      hosts: { n1: "192.168.1.11", n2: { address: "192.168.1.12", cni: { "flannel-vxlan": { Port: 4789 } } } },
    }),
    code: "ENCAP_PORT_MISMATCH at n2",
    reason: "NO_SOCKET",
  },
  {
    name: "the forwarding processes use different ports",
    mode: "flannel-udp",
    document: cluster({
      hosts: { n1: "192.168.1.11", n2: { address: "192.168.1.12", cni: { "flannel-udp": { Port: 9285 } } } },
    }),
    code: "ENCAP_PORT_MISMATCH at n2",
  },
  {
    name: "the forwarding process of the other node has ended",
    mode: "flannel-udp",
    document: cluster({ faults: [{ n2: "pkill flanneld" }] }),
    code: "FORWARDER_GONE at n2",
  },
  {
    name: "nobody leases the destination",
    mode: "flannel-udp",
    document: cluster(),
    probe: { to: "10.244.77.7" },
    code: "LEASE_MISSING at n1",
    because: ["DST_UNKNOWN_IP at n1"],
  },
  {
    name: "the lease was deleted",
    mode: "flannel-udp",
    document: cluster({ faults: [{ n1: "lease del 10.244.2.0/24" }] }),
    code: "LEASE_MISSING at n1",
    mended: "n1: lease add 10.244.2.0/24 via 192.168.1.12:8285",
  },
  {
    name: "the fabric eats the tunnel's port",
    mode: "flannel-vxlan",
    document: cluster({ subnets: { lan: { cidr: "192.168.1.0/24", drop: ["udp/8472"] } } }),
    code: "ENCAP_BLOCKED at lan",
  },
  {
    name: "the fabric carries TCP only",
    mode: "calico-ipip",
    document: cluster({ subnets: { lan: { cidr: "192.168.1.0/24", allow: ["tcp"] } } }),
    code: "ENCAP_BLOCKED at lan",
  },
  {
    name: "the receiver does not know the tunnel's sender",
    mode: "calico-ipip",
    document: cluster({ faults: [{ n2: "ipset del cali40all-hosts-net 192.168.1.11" }] }),
    code: "DECAP_REFUSED at n2",
    reason: "NETFILTER_DROP",
    mended: "n2: ipset add cali40all-hosts-net 192.168.1.11",
  },
  {
    name: "the node has no way to the other node",
    mode: "flannel-vxlan",
    document: routed({ faults: [{ n1: "ip route del default" }] }),
    code: "UNDERLAY_NO_ROUTE at n1",
    reason: "IP_OUTNOROUTES",
    because: ["ROUTE_MISSING at n1"],
    mended: "n1: ip route add default via 192.168.1.1 dev eth0",
  },
  {
    name: "a router has no way for the wrapped packet",
    mode: "flannel-vxlan",
    document: routed({ faults: [{ r1: "ip route del 192.168.2.0/24" }] }),
    code: "UNDERLAY_NO_ROUTE at r1",
    reason: "IP_INNOROUTES",
    because: ["ROUTE_MISSING at r1"],
    mended: "r1: ip route add 192.168.2.0/24 dev eth1",
  },
  {
    name: "the other end of the tunnel is routed into the tunnel",
    mode: "calico-ipip",
    document: cluster({ faults: [{ n1: "ip route add 192.168.1.12 dev tunl0" }] }),
    code: "ENCAP_LOOP at n1",
    reason: "RECURSION_LIMIT",
    mended: "n1: ip route replace 192.168.1.12 dev eth0",
  },
];

export const filter: readonly Case[] = [
  {
    name: "the policy of FORWARD is to drop",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n2: "iptables -F FORWARD" }, { n2: "iptables -P FORWARD DROP" }] }),
    code: "HOST_FORWARD_DROP at n2",
    reason: "NETFILTER_DROP",
    mended: "n2: iptables -P FORWARD ACCEPT",
  },
  {
    name: "a rule of FORWARD rejects",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n1: "iptables -I FORWARD -d 10.244.2.0/24 -j REJECT" }] }),
    code: "HOST_FORWARD_DROP at n1",
    mended: "n1: iptables -D FORWARD -d 10.244.2.0/24 -j REJECT --reject-with icmp-port-unreachable",
  },
  {
    name: "a host firewall does not let the tunnel in",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n2: "iptables -I INPUT -p udp --dport 8472 -j DROP" }] }),
    code: "HOST_INPUT_DROP at n2",
    mended: "n2: iptables -D INPUT -p udp --dport 8472 -j DROP",
  },
  {
    name: "a host firewall does not let the tunnel out",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n1: "iptables -A OUTPUT -p udp -j DROP" }] }),
    code: "HOST_OUTPUT_DROP at n1",
    mended: "n1: iptables -D OUTPUT -p udp -j DROP",
  },
  {
    name: "a rule of the raw table",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n2: "iptables -t raw -A PREROUTING -s 10.244.1.0/24 -j DROP" }] }),
    code: "HOST_PREROUTING_DROP at n2",
    mended: "n2: iptables -t raw -D PREROUTING -s 10.244.1.0/24 -j DROP",
  },
  {
    name: "a rule of the mangle table as the packet leaves",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n1: "iptables -t mangle -A POSTROUTING -o flannel.1 -j DROP" }] }),
    code: "HOST_POSTROUTING_DROP at n1",
    mended: "n1: iptables -t mangle -D POSTROUTING -o flannel.1 -j DROP",
  },
  {
    name: "the fabric eats a plain packet",
    mode: "flannel-host-gw",
    document: cluster({ subnets: { lan: { cidr: "192.168.1.0/24", drop: ["udp/9000"] } } }),
    code: "FABRIC_BLOCKED at lan",
  },
  {
    name: "the fabric checks whose addresses a frame carries",
    mode: "flannel-host-gw",
    document: cluster({ subnets: { lan: { cidr: "192.168.1.0/24", sourceDestCheck: true } } }),
    code: "SRC_DST_CHECK at lan",
  },
];

const narrow = routed({ faults: [{ r1: "ip link set eth1 mtu 1400" }] });

export const size: readonly Case[] = [
  {
    name: "a packet larger than the pod's own MTU, with DF",
    mode: "flannel-vxlan",
    document: cluster(),
    probe: { size: 1451, df: "always" },
    code: "MTU_EXCEEDED_DF at p1",
    reason: "PKT_TOO_BIG",
  },
  {
    name: "a narrow leg behind an IP-in-IP tunnel: the report goes to the node",
    mode: "calico-ipip",
    document: narrow,
    probe: { size: 1480 },
    code: "PMTU_BLACKHOLE at r1",
    mended: "r1: ip link set eth1 mtu 1500",
  },
  {
    name: "a narrow leg behind VXLAN: the router cuts the outer packet",
    mode: "flannel-vxlan",
    document: narrow,
    probe: { size: 1450 },
    code: "DELIVERED at p2",
    verdict: "REACHABLE_WITH_RISK",
    because: ["FRAGMENTED at r1"],
  },
  {
    name: "fragments between two pods of a node whose bridge is wider than br_netfilter's route",
    mode: "flannel-host-gw",
    document: cluster({
      subnets: { lan: { cidr: "192.168.1.0/24", mtu: 9000 } },
      pods: { p1: { host: "n1", device: "veth1" }, p2: { host: "n1", device: "veth2" } },
    }),
    probe: { to: "10.244.1.3", size: 9001, df: "never" },
    code: "BRIDGE_REFRAGMENT_DROP at n1",
    reason: "PKT_TOO_BIG",
    mended: "n1: ip link set cni0 mtu 8999; n1: ip link set cni0 mtu 9000",
  },
  {
    name: "a segment that carries less than its cards say",
    // Behind a bridge with br_netfilter the pod's fragments are put together for good; on a veth of its own they are not.
    mode: "calico-bgp",
    document: cluster({
      subnets: { lan: { cidr: "192.168.1.0/24", mtu: 1400 } },
      hosts: { n1: { address: "192.168.1.11", mtu: 1500 }, n2: { address: "192.168.1.12", mtu: 1500 } },
    }),
    probe: { size: 1450 },
    code: "PMTU_BLACKHOLE at lan",
    mended: "p1: ip link set eth0 mtu 1400",
  },
];

export const outcome: readonly Case[] = [
  {
    name: "a pod is reached",
    mode: "flannel-vxlan",
    document: cluster(),
    code: "DELIVERED at p2",
    verdict: "REACHABLE",
  },
  {
    name: "a machine itself is reached",
    mode: "flannel-vxlan",
    document: cluster(),
    probe: { to: "192.168.1.12", ping: true },
    code: "DELIVERED_TO_HOST at n2",
    verdict: "REACHABLE",
  },
  {
    name: "a pod that is shown a node's address",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n1: "iptables -t nat -I POSTROUTING -s 10.244.1.0/24 ! -o cni0 -j MASQUERADE" }] }),
    code: "DELIVERED at p2",
    because: ["NAT_UNEXPECTED at n1"],
    verdict: "REACHABLE_WITH_RISK",
  },
  {
    name: "nobody listens there",
    mode: "flannel-vxlan",
    document: cluster({ pods: { p1: "n1", p2: { host: "n2", listen: ["tcp/80"] } } }),
    code: "NO_LISTENER at p2",
    reason: "NO_SOCKET",
  },
  {
    name: "a group of receivers is not followed",
    mode: "calico-bgp",
    document: cluster(),
    probe: { from: POD, to: "224.0.0.5" },
    code: "UNSUPPORTED at n1",
    verdict: "UNDETERMINED",
  },
];
