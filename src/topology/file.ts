import type { CALICO_VERSIONS, ModeName } from "./settings.ts";

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
}

export interface CalicoEntry {
  readonly version?: (typeof CALICO_VERSIONS)[number] | undefined;
  readonly blockSize?: PerFamily | undefined;
  readonly natOutgoing?: boolean | undefined;
  readonly asNumber?: number | undefined;
  readonly nodeToNodeMeshEnabled?: boolean | undefined;
}

export type HostCniEntry = {
  readonly flannel?: FlannelEntry | undefined;
  readonly calico?: CalicoEntry | undefined;
} & { readonly [mode in ModeName]?: Readonly<Record<string, number>> | undefined };

export type CniEntry = HostCniEntry & { readonly mode?: ModeName | undefined };

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

export type PeerEntry = string | Readonly<Record<string, number>>;

export interface BgpEntry {
  readonly as?: number | undefined;
  readonly peers?: readonly PeerEntry[] | undefined;
  readonly routeReflector?: boolean | undefined;
}

export interface RouterBgpEntry extends BgpEntry {
  readonly as: number;
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
