import type { Ip } from "../addr/ip.ts";
import type { Mac } from "../addr/mac.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Place } from "./problem.ts";

/**
 * A checked topology: what the user wrote, short forms expanded, defaults filled in, every name resolved.
 *
 * Maps keep the file's order. Hosts and routers are objects; pods may be 150,000, so they are asked for, not held.
 */
export interface Topology {
  /** The packaged name, or the file's name without its ending. */
  readonly name: string;
  readonly cluster: Cluster;
  readonly cni: Cni;
  readonly subnets: ReadonlyMap<string, Subnet>;
  readonly routers: ReadonlyMap<string, Router>;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly pods: Pods;
  /** Commands done to the finished tables, in file order; their words are parsed by the kernel room. */
  readonly faults: readonly Fault[];
  /** Every default that the file left to us and that a trace may depend on. */
  readonly assumptions: readonly Assumption[];
}

export interface Cluster {
  /** One per family at most, IPv4 first. Node k owns the k-th subnet of `nodeMaskSize` of each. */
  readonly podCIDRs: readonly Prefix[];
  /** Prefix length of a node's share, per family: default 24 for IPv4, 64 for IPv6. */
  readonly nodeMaskSize: { readonly v4: number; readonly v6: number };
  readonly serviceCIDRs: readonly Prefix[];
  /** Where pods' addresses lie: the pod CIDRs, or the IP pools where the file writes them. */
  readonly podNetworks: readonly Prefix[];
}

/** CNI settings, by family and by mode; a host may override any of them with the same shape. */
export interface Cni {
  /** The mode the file says runs today. */
  readonly mode?: string;
  readonly flannel: FlannelSettings;
  readonly calico: CalicoSettings;
  /** Settings of one mode, by the mode's name: `flannel-vxlan: { VNI: 1 }`. Keys keep upstream's spelling. */
  readonly modes: ReadonlyMap<string, Readonly<Record<string, number | string | boolean>>>;
}

export interface FlannelSettings {
  readonly bridge: string;
  readonly ipMasq: boolean;
  readonly attach: "bridge" | "calico";
}

export interface CalicoSettings {
  readonly version: "v3.30" | "v3.31" | "v3.32" | "v3.33";
  readonly blockSize: { readonly v4: number; readonly v6: number };
  readonly natOutgoing: boolean;
  readonly asNumber: number;
  readonly nodeToNodeMeshEnabled: boolean;
  /** In the order of their names; by default one for each pod CIDR, which says nothing more. */
  readonly ipPools: readonly IpPool[];
  readonly bgpFilters: ReadonlyMap<string, BgpFilter>;
}

/** A BGPFilter: for each direction the rules of both families, of which the first that matches a route decides. */
export interface BgpFilter {
  readonly export: readonly BgpFilterRule[];
  readonly import: readonly BgpFilterRule[];
}

export interface BgpFilterRule {
  readonly family: 4 | 6;
  readonly action: "Accept" | "Reject";
  readonly cidr?: Prefix;
  readonly matchOperator?: "Equal" | "NotEqual" | "In" | "NotIn";
  readonly prefixLength?: { readonly min: number; readonly max: number };
  readonly source?: "RemotePeers";
  readonly interface?: string;
  readonly peerType?: "iBGP" | "eBGP";
  readonly asPathPrefix?: readonly number[];
  readonly priority?: number;
}

/** A Calico IP pool, in upstream's spelling. What it does not say, the mode decides, or the settings for all pools. */
export interface IpPool {
  readonly name: string;
  readonly cidr: Prefix;
  readonly ipipMode?: "Always" | "CrossSubnet" | "Never";
  readonly vxlanMode?: "Always" | "CrossSubnet" | "Never";
  readonly natOutgoing?: boolean;
  readonly blockSize?: number;
  /** Gives no new addresses; those it gave are treated as before. */
  readonly disabled: boolean;
  readonly disableBGPExport: boolean;
  /** Whether a node with these labels may draw from it (`nodeSelector`). */
  readonly selects: (labels: ReadonlyMap<string, string>) => boolean;
  readonly allowedUses: readonly ("Workload" | "Tunnel" | "LoadBalancer")[];
  readonly assignmentMode: "Automatic" | "Manual";
  readonly place?: Place;
}

export interface Subnet {
  readonly name: string;
  /** One per family at most, IPv4 first. */
  readonly cidrs: readonly Prefix[];
  readonly mtu: number;
  /** The default gateway of the hosts here, per family; none means no default route. */
  readonly gateways: readonly Ip[];
  /** What the fabric eats: `udp/8472`, `tcp`, `proto/4`, `icmp`. */
  readonly drop: readonly FabricMatch[];
  /** When present the fabric eats everything else. */
  readonly allow?: readonly FabricMatch[];
  /** A frame's IP addresses must belong to the NIC it leaves from, or goes to. */
  readonly sourceDestCheck: boolean;
  /** A cloud route table, in ip-route(8) words. */
  readonly routes: readonly Command[];
  readonly place?: Place;
}

/** An IP protocol by number, with a destination port where it has ports. */
export interface FabricMatch {
  readonly protocol: number;
  readonly port?: number;
}

export interface Router {
  readonly name: string;
  readonly nics: readonly Nic[];
  /** Knows every subnet, as if an interior gateway protocol ran. */
  readonly igp: boolean;
  readonly routes: readonly Command[];
  readonly bgp?: Speaker;
  readonly place?: Place;
}

export interface Host {
  readonly name: string;
  /** Its position among the hosts, from 0; the default pod CIDR is the (index + 1)-th of the cluster's, so 10.244.1.0/24 first. */
  readonly index: number;
  readonly nics: readonly Nic[];
  /** The address the CNI detects, per family, IPv4 first: by default the first NIC's. */
  readonly nodeIPs: readonly Ip[];
  readonly podCIDRs: readonly Prefix[];
  readonly labels: ReadonlyMap<string, string>;
  readonly bgp?: Speaker;
  /** What this node's agent alone is told, laid over the topology's `cni`. */
  readonly cni: HostCni;
  /** MACs that the file pins of devices which an agent makes: `flannel.1`, `vxlan.calico`. */
  readonly agentMacs?: ReadonlyMap<string, Mac>;
  readonly place?: Place;
}

/** What flannel records of one node alone, in the words of its Node's annotations. */
export interface HostFlannel {
  /** flanneld's `--public-ip`: what it takes for its own address, and tells the others. */
  readonly publicIPs?: readonly Ip[];
  /** `public-ip-overwrite`: what the others are told instead. */
  readonly publicIPOverwrites?: readonly Ip[];
  /** `backend-data`: what the others take for the MAC of its VXLAN device. */
  readonly vtepMac?: Mac;
}

/** What Calico records of one node alone, in its Node object. */
export interface HostCalico {
  /** The node's address with the mask that Calico takes to be its subnet's; by default the card's. */
  readonly recorded?: readonly { readonly ip: Ip; readonly length: number }[];
  /** Addresses of tunnel devices, in place of the first of its share. */
  readonly tunnels?: { readonly [kind in "ipip" | "vxlan" | "wireguard"]?: readonly Ip[] };
  /** The IPAM blocks that are this node's (BlockAffinity), in place of those at the start of its share. */
  readonly blocks?: readonly Prefix[];
}

export interface HostCni {
  readonly flannel: Partial<FlannelSettings> & HostFlannel;
  readonly calico: Partial<Omit<CalicoSettings, "ipPools" | "bgpFilters">> & HostCalico;
  readonly modes: ReadonlyMap<string, Readonly<Record<string, number | string | boolean>>>;
}

/** A network card, named `eth0`, `eth1` … in the order of the addresses; both families of one subnet share a card. */
export interface Nic {
  readonly name: string;
  readonly subnet: string;
  readonly addresses: readonly { readonly ip: Ip; readonly length: number }[];
  readonly mtu: number;
  /** Only when the file pins it; otherwise it follows from the names. */
  readonly mac?: Mac;
}

/** One shape for hosts and routers. Each side states its own belief, so a one-sided or wrong session can be written. */
export interface Speaker {
  readonly as: number;
  readonly peers: readonly BgpPeer[];
  /** Its peers of the same AS are clients, but for reflectors of the same cluster. */
  readonly routeReflector: boolean;
  /** The cluster a reflector is of; default: its own, by its router id. */
  readonly clusterID?: Ip;
  /** What a router puts up itself. */
  readonly originate?: readonly Prefix[];
  readonly place?: Place;
}

export interface BgpPeer {
  /** A host or a router. */
  readonly name: string;
  /** The AS this side believes the peer to be in; default: the one it is in. */
  readonly as?: number;
  /** Names in `bgpFilters`, in order. */
  readonly filters?: readonly string[];
  readonly nextHopMode?: "Auto" | "Self" | "Keep";
  readonly numAllowedLocalASNumbers?: number;
  readonly place?: Place;
}

/** The pods of a topology; large clusters generate them on demand. */
export interface Pods {
  readonly size: number;
  /** By `namespace/name`. */
  get(name: string): Pod | undefined;
  /** The pods of one host in the order the CNI attached them. */
  on(host: string): readonly Pod[];
  /** All `namespace/name`s in file order. */
  names(): Iterable<string>;
  /** The pod that an address is pinned to by the file. */
  pinnedAt(ip: Ip): Pod | undefined;
}

export interface Pod {
  /** `namespace/name`; `default/pod-a` when the file says `pod-a`. */
  readonly name: string;
  readonly host: string;
  /** Addresses the file pins, at most one per family; otherwise the CNI's own order gives them. */
  readonly addresses: readonly Ip[];
  /** The host end of its veth, when the file pins it. */
  readonly device?: string;
  readonly labels: ReadonlyMap<string, string>;
  /** Where it listens; absent means: assumed to listen everywhere, and the trace says so. */
  readonly listen?: readonly { readonly protocol: "tcp" | "udp" | "sctp"; readonly port: number }[];
  readonly hostNetwork: boolean;
  readonly place?: Place;
}

/** A line in another program's words, kept as text with the place it came from; nothing ever runs it. */
export interface Command {
  readonly text: string;
  readonly place?: Place;
}

export interface Fault extends Command {
  /** A host, a router, or a pod (`default/pod-a`). */
  readonly target: { readonly kind: "host" | "router" | "pod"; readonly name: string };
}

/** A default used in place of a fact: which, and how to supply the fact. */
export interface Assumption {
  readonly what: string;
  readonly supply: string;
}
