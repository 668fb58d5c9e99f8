import type { Ip } from "../addr/ip.ts";
import { type Mac, macFromName } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Peer } from "../kernel/table.ts";
import type { CalicoSettings, FlannelSettings, Host, Nic, Pod, Topology } from "../topology/topology.ts";
import { blocksOf, podAddresses } from "./ipam.ts";

export type Family = 4 | 6;

/**
 * One node as its own agent and every other agent know it: what its lease, its annotations or its BGP speaker tell,
 * with the settings that this node's agent has been given.
 */
export class HostPeer implements Peer {
  readonly name: string;
  readonly host: Host;
  readonly #topology: Topology;
  readonly #mode: string;
  readonly #note: (mac: Mac, peer: HostPeer) => void;
  #calico: CalicoSettings | undefined;
  #pods: readonly Pod[] | undefined;
  #addresses: ReadonlyMap<string, readonly Ip[]> | undefined;

  /** `note` is told every MAC that is asked for, so that the index can find the peer by it again. */
  constructor(host: Host, topology: Topology, mode: string, note: (mac: Mac, peer: HostPeer) => void) {
    this.name = host.name;
    this.host = host;
    this.#topology = topology;
    this.#mode = mode;
    this.#note = note;
  }

  /** The name of its network namespace. */
  get netns(): string {
    return `host/${this.name}`;
  }

  /** The families it has both a node address and a share of the pod network in. */
  get families(): readonly Family[] {
    return ([4, 6] as const).filter((family) => this.nodeIP(family) && this.podCIDR(family));
  }

  /** The address its agent has detected; flannel's public IP, Calico's BGP address. */
  nodeIP(family: Family): Ip | undefined {
    return this.host.nodeIPs.find((ip) => ip.family === family);
  }

  /** Its share of the pod network; flannel's lease. */
  podCIDR(family: Family): Prefix | undefined {
    return this.host.podCIDRs.find((prefix) => prefix.family === family);
  }

  /** The card that holds the node address, or the first one when no card does. */
  get nic(): Nic {
    const holder = this.host.nics.find((nic) =>
      nic.addresses.some(({ ip }) => this.host.nodeIPs.some((node) => node.equals(ip))),
    );
    return holder ?? (this.host.nics[0] as Nic);
  }

  /** The network that the node's own card puts the node address in, as Calico records it; a host prefix when none does. */
  nodeNetwork(family: Family): Prefix | undefined {
    const node = this.nodeIP(family);
    const held = this.host.nics.flatMap((nic) => nic.addresses).find(({ ip }) => ip.equals(node));
    return node && Prefix.of(node, held?.length);
  }

  get flannel(): FlannelSettings {
    return { ...this.#topology.cni.flannel, ...this.host.cni.flannel };
  }

  get calico(): CalicoSettings {
    this.#calico ??= { ...this.#topology.cni.calico, ...this.host.cni.calico };
    return this.#calico;
  }

  /** A number its agent was told for this mode, under upstream's key. */
  option(key: string): number | undefined {
    const value = this.host.cni.modes.get(this.#mode)?.[key] ?? this.#topology.cni.modes.get(this.#mode)?.[key];
    return typeof value === "number" ? value : undefined;
  }

  /** Its pods in the order the CNI attached them. */
  get pods(): readonly Pod[] {
    this.#pods ??= this.#topology.pods.on(this.name);
    return this.#pods;
  }

  /** The addresses of its pods, by pod name. */
  get podAddresses(): ReadonlyMap<string, readonly Ip[]> {
    this.#addresses ??= podAddresses(this.pods, this.host.podCIDRs);
    return this.#addresses;
  }

  /** The IPAM blocks it owns: those of its share that hold a pod's address, or one of `also`. */
  blocks(family: Family, also: readonly Ip[] = []): readonly Prefix[] {
    const share = this.podCIDR(family);
    const { blockSize } = this.calico;
    const used = [...also, ...[...this.podAddresses.values()].flat()];
    return share ? blocksOf(share, family === 4 ? blockSize.v4 : blockSize.v6, used) : [];
  }

  /** Addresses its pods hold in other nodes' shares, as host prefixes. */
  borrowed(family: Family): readonly Prefix[] {
    const pool = this.#topology.cluster.podCIDRs.find((prefix) => prefix.family === family);
    const share = this.podCIDR(family);
    return [...this.podAddresses.values()]
      .flat()
      .filter((ip) => pool?.contains(ip) === true && share?.contains(ip) !== true)
      .map((ip) => Prefix.of(ip));
  }

  /** The address of one of its devices, pinned by the topology or derived from the names. */
  mac(dev: string): Mac {
    const mac = this.host.nics.find((nic) => nic.name === dev)?.mac ?? macFromName(`${this.netns} ${dev}`);
    this.#note(mac, this);
    return mac;
  }
}
