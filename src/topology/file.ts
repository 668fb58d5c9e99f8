import type { ATTACHMENTS, CALICO_VERSIONS, MATCH_OPERATORS, POOL_USES, TUNNEL_MODES } from "./settings.ts";

/**
 * A topology file as it is written: the right keys and types, short forms as they stand, names not yet looked up.
 *
 * `schema.ts` says the same in zod, for editors and for explaining; a test holds the two together.
 */
export interface TopologyFile {
  readonly "cni-trace": 1;
  readonly cluster?: ClusterEntry | undefined;
  readonly cni?: CniEntry | undefined;
  readonly subnets?: Readonly<Record<string, SubnetEntry>> | undefined;
  readonly routers?: Readonly<Record<string, RouterEntry>> | undefined;
  readonly hosts?: Readonly<Record<string, HostEntry>> | undefined;
  readonly pods?: Readonly<Record<string, PodEntry>> | undefined;
  readonly faults?: readonly FaultEntry[] | undefined;
  readonly generate?: GenerateEntry | undefined;
}

/** One text, or several. */
export type Texts = string | readonly string[];
/** One number for IPv4 (or for the only family), or one a family. */
export type PerFamily = number | { readonly v4?: number | undefined; readonly v6?: number | undefined };

export interface ClusterEntry {
  readonly podCIDR?: Texts | undefined;
  readonly nodeMaskSize?: PerFamily | undefined;
  readonly serviceCIDR?: Texts | undefined;
}

export interface FlannelEntry {
  readonly bridge?: string | undefined;
  readonly ipMasq?: boolean | undefined;
  readonly attach?: (typeof ATTACHMENTS)[number] | undefined;
}

export interface CalicoEntry {
  readonly version?: (typeof CALICO_VERSIONS)[number] | undefined;
  readonly blockSize?: PerFamily | undefined;
  readonly natOutgoing?: boolean | undefined;
  readonly asNumber?: number | undefined;
  readonly nodeToNodeMeshEnabled?: boolean | undefined;
}

/** What is the cluster's and not a node's. */
export interface ClusterCalicoEntry extends CalicoEntry {
  readonly ipPools?: Readonly<Record<string, PoolEntry>> | undefined;
  readonly bgpFilters?: Readonly<Record<string, FilterMap>> | undefined;
}

/** What is one node's and not the cluster's. */
export interface HostCalicoEntry extends CalicoEntry {
  readonly ipv4Address?: string | undefined;
  readonly ipv6Address?: string | undefined;
  readonly ipv4IPIPTunnelAddr?: string | undefined;
  readonly ipv4VXLANTunnelAddr?: string | undefined;
  readonly ipv6VXLANTunnelAddr?: string | undefined;
  readonly ipv4WireguardInterfaceAddr?: string | undefined;
  readonly ipv6WireguardInterfaceAddr?: string | undefined;
  readonly blocks?: readonly string[] | undefined;
}

export interface FilterMap {
  readonly exportV4?: readonly FilterRuleEntry[] | undefined;
  readonly importV4?: readonly FilterRuleEntry[] | undefined;
  readonly exportV6?: readonly FilterRuleEntry[] | undefined;
  readonly importV6?: readonly FilterRuleEntry[] | undefined;
}

export interface FilterRuleEntry {
  readonly action: "Accept" | "Reject";
  readonly cidr?: string | undefined;
  readonly matchOperator?: (typeof MATCH_OPERATORS)[number] | undefined;
  readonly prefixLength?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined;
  readonly source?: "RemotePeers" | undefined;
  readonly interface?: string | undefined;
  readonly peerType?: "iBGP" | "eBGP" | undefined;
  readonly asPathPrefix?: readonly number[] | undefined;
  readonly priority?: number | undefined;
}

export type PoolEntry = string | PoolMap;

export interface PoolMap {
  readonly cidr: string;
  readonly ipipMode?: (typeof TUNNEL_MODES)[number] | undefined;
  readonly vxlanMode?: (typeof TUNNEL_MODES)[number] | undefined;
  readonly natOutgoing?: boolean | undefined;
  readonly blockSize?: number | undefined;
  readonly nodeSelector?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly disableBGPExport?: boolean | undefined;
  readonly allowedUses?: readonly (typeof POOL_USES)[number][] | undefined;
  readonly assignmentMode?: "Automatic" | "Manual" | undefined;
}

/** What flannel is told of one node, in the words of its annotations. */
export interface HostFlannelEntry extends FlannelEntry {
  readonly "public-ip"?: string | undefined;
  readonly "public-ipv6"?: string | undefined;
  readonly "public-ip-overwrite"?: string | undefined;
  readonly "public-ipv6-overwrite"?: string | undefined;
  readonly VtepMAC?: string | undefined;
}

/** Beside these it has sections of modes, by their names: maps of whole numbers. */
export interface HostCniEntry {
  readonly flannel?: HostFlannelEntry | undefined;
  readonly calico?: HostCalicoEntry | undefined;
}

/** The same for all hosts. */
export interface CniEntry {
  readonly mode?: string | undefined;
  readonly flannel?: FlannelEntry | undefined;
  readonly calico?: ClusterCalicoEntry | undefined;
}

export type SubnetEntry = Texts | SubnetMap;

export interface SubnetMap {
  readonly cidr?: Texts | undefined;
  readonly mtu?: number | undefined;
  readonly gateway?: Texts | undefined;
  readonly drop?: readonly string[] | undefined;
  readonly allow?: readonly string[] | undefined;
  readonly sourceDestCheck?: boolean | undefined;
  readonly routes?: readonly string[] | undefined;
}

export type RouterEntry = Texts | RouterMap;

/** What hosts and routers share. */
export interface MachineMap {
  readonly address?: string | undefined;
  readonly addresses?: readonly string[] | undefined;
  readonly mtu?: number | Readonly<Record<string, number>> | undefined;
  readonly mac?: string | Readonly<Record<string, string>> | undefined;
}

export interface RouterMap extends MachineMap {
  readonly igp?: boolean | undefined;
  readonly routes?: readonly string[] | undefined;
  readonly bgp?: RouterBgpEntry | undefined;
}

export type PeerEntry = string | Readonly<Record<string, number | PeerMap>>;

/** What one side is told of one session, in BGPPeer's words. */
export interface PeerMap {
  readonly as?: number | undefined;
  readonly filters?: readonly string[] | undefined;
  readonly nextHopMode?: "Auto" | "Self" | "Keep" | undefined;
  readonly numAllowedLocalASNumbers?: number | undefined;
}

export interface BgpEntry {
  readonly as?: number | undefined;
  readonly peers?: readonly PeerEntry[] | undefined;
  readonly routeReflector?: boolean | string | undefined;
}

export interface RouterBgpEntry extends BgpEntry {
  readonly as: number;
  readonly originate?: readonly string[] | undefined;
}

export type HostEntry = Texts | HostMap;

export interface HostMap extends MachineMap {
  readonly nodeIP?: Texts | undefined;
  readonly podCIDR?: Texts | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly bgp?: BgpEntry | undefined;
  readonly cni?: HostCniEntry | undefined;
}

export type PodEntry = string | PodMap;

export interface PodMap {
  readonly host?: string | undefined;
  readonly address?: Texts | undefined;
  readonly device?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly listen?: readonly string[] | undefined;
  readonly hostNetwork?: boolean | undefined;
}

/** `node-1: ip route del …`, as a map of one key or as text. */
export type FaultEntry = string | Readonly<Record<string, string>>;

export interface GenerateEntry {
  readonly racks: number;
  readonly hostsPerRack: number;
  readonly podsPerHost: number;
  readonly underlay?: Texts | undefined;
  readonly bgp?: boolean | undefined;
}

/** The sections that map names to things. */
export type Section = "subnets" | "routers" | "hosts" | "pods";
