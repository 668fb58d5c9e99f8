import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Mark } from "../topology/marks.ts";
import type { Field } from "./field.ts";

type Tunnelled = "Always" | "CrossSubnet" | "Never";

/** An IPPool, in either API group. */
export interface PoolFact {
  readonly name: string;
  readonly mark: Mark;
  readonly cidr: Prefix;
  readonly ipipMode: Tunnelled;
  readonly vxlanMode: Tunnelled;
  readonly natOutgoing: boolean;
  readonly blockSize?: number;
  readonly nodeSelector?: string;
  readonly disabled: boolean;
  readonly disableBGPExport: boolean;
  readonly allowedUses: readonly string[];
  readonly assignmentMode: string;
}

/** Whose an IPAM block is, by a BlockAffinity or by the IPAMBlock itself. */
export interface BlockFact {
  readonly cidr: Prefix;
  readonly node: string;
  readonly from: string;
  readonly mark: Mark;
}

/** An address that an IPAMBlock says a pod has. */
export interface AllocationFact {
  readonly ip: Ip;
  readonly node: string;
  /** `namespace/name`. */
  readonly pod: string;
  readonly mark: Mark;
}

/** The address of a node as Calico records it: with the prefix length of the card it was found on. */
export interface RecordedAddress {
  readonly ip: Ip;
  readonly length: number;
}

/** What calico-node has written into its Node: annotations, or the spec of a Node of calicoctl's. */
export interface CalicoNode {
  readonly mark: Mark;
  readonly addresses: readonly RecordedAddress[];
  readonly asNumber?: number;
  readonly clusterID?: string;
  readonly ipipTunnel?: Ip;
  readonly vxlanTunnel?: Ip;
  readonly vxlanTunnelV6?: Ip;
  readonly vxlanMAC?: string;
  readonly vxlanMACv6?: string;
  readonly wireguardTunnel?: Ip;
  readonly wireguardKey?: string;
}

/** A BGPPeer: which nodes peer, and with whom. */
export interface BgpPeerFact {
  readonly name: string;
  readonly mark: Mark;
  readonly node?: string;
  readonly nodeSelector?: string;
  readonly peerIP?: Ip;
  readonly port?: number;
  readonly peerSelector?: string;
  readonly asNumber?: number;
  readonly filters: readonly string[];
  readonly nextHopMode?: string;
  readonly numAllowedLocalASNumbers?: number;
  /** Fields that change a session and that are not modelled. */
  readonly others: readonly string[];
}

/** A BGPConfiguration: `default`, or `node.NAME`. */
export interface BgpConfigFact {
  readonly mark: Mark;
  readonly asNumber?: number;
  readonly nodeToNodeMeshEnabled?: boolean;
}

/** What the operator was told. */
export interface InstallationFact {
  readonly mark: Mark;
  readonly bgp?: string;
  readonly dataplane?: string;
  readonly mtu?: number;
  readonly cni?: string;
  readonly ipam?: string;
  /** The pools that the operator keeps, for when there are no IPPools to read. */
  readonly pools: readonly PoolFact[];
}

/** All that Calico's own objects have said. */
export class CalicoFacts {
  readonly pools = new Map<string, PoolFact>();
  readonly blocks = new Map<string, BlockFact>();
  readonly allocations: AllocationFact[] = [];
  /** Addresses of tunnel devices by IPAMBlocks, of each node. */
  readonly tunnels = new Map<string, Ip[]>();
  readonly nodes = new Map<string, CalicoNode>();
  readonly bgp = new Map<string, BgpConfigFact>();
  readonly peers = new Map<string, BgpPeerFact>();
  readonly filters = new Map<string, Field>();
  /** FelixConfigurations by name: `default`, `node.NAME`. */
  readonly felix = new Map<string, Field>();
  installation: InstallationFact | undefined;
  /** `calico_backend` of the ConfigMap calico-config: bird, vxlan or none. */
  backend: { readonly value: string; readonly from: string } | undefined;
  /** Whether the CNI plugin takes pods' addresses from `spec.podCIDR` of the Node. */
  usesPodCIDR = false;
}
