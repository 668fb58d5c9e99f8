import type { Ip } from "../addr/ip.ts";
import { type Mac, macFromName } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Peer } from "../kernel/table.ts";
import type { CalicoSettings, FlannelSettings, Host, Nic, Pod, Topology } from "../topology/topology.ts";
import { podAddresses } from "./ipam.ts";

export type Family = 4 | 6;

/** One address family of a node: the address its agent has detected, and its share of the pod network. */
export interface Stack {
  readonly family: Family;
  /** flannel's public IP, Calico's BGP address. */
  readonly nodeIP: Ip;
  /** The pod CIDR; flannel's lease. */
  readonly share: Prefix;
}

/** What a node's peer has to ask the index of all peers for. */
interface Around {
  /** The canonical name of the mode. */
  readonly mode: string;
  shares(host: Host): readonly Prefix[];
  blockAt(ip: Ip, sizes: CalicoSettings["blockSize"]): Prefix | undefined;
  blockOwner(block: Prefix): HostPeer | undefined;
  note(mac: Mac, peer: HostPeer): void;
}

/**
 * One node as its own agent and every other agent know it: what its lease, its annotations or its BGP speaker tell,
 * with the settings that this node's agent has been given.
 */
export class HostPeer implements Peer {
  readonly name: string;
  readonly host: Host;
  readonly topology: Topology;
  readonly #around: Around;
  #calico: CalicoSettings | undefined;
  #stacks: readonly Stack[] | undefined;

  constructor(host: Host, topology: Topology, around: Around) {
    this.name = host.name;
    this.host = host;
    this.topology = topology;
    this.#around = around;
  }

  /** The name of its network namespace. */
  get netns(): string {
    return `host/${this.name}`;
  }

  /** The families it has all of, IPv4 first. */
  get stacks(): readonly Stack[] {
    this.#stacks ??= this.host.podCIDRs
      .flatMap((share): Stack[] => {
        const nodeIP = this.nodeIP(share.family);
        return nodeIP ? [{ family: share.family, nodeIP, share }] : [];
      })
      .sort((a, b) => a.family - b.family);
    return this.#stacks;
  }

  stack(family: Family): Stack | undefined {
    return this.stacks.find((stack) => stack.family === family);
  }

  /** The address its agent has detected, whether or not it has pods of that family. */
  nodeIP(family: Family): Ip | undefined {
    return this.host.nodeIPs.find((ip) => ip.family === family);
  }

  /**
   * The address that flanneld takes for its own (ExtAddr): `--public-ip`, else what it has detected. Its VXLAN device
   * sends from it, whoever holds it (flannel main.go, pkg/ipmatch/match.go `LookupExtIface`).
   */
  publicIP(family: Family): Ip | undefined {
    const told = this.host.cni.flannel.publicIPs?.find((ip) => ip.family === family);
    return told ?? this.nodeIP(family);
  }

  /** What a node's lease tells the others: `public-ip-overwrite`, else its public address (pkg/subnet/kube/kube.go). */
  leasedIP(family: Family): Ip | undefined {
    const told = this.host.cni.flannel.publicIPOverwrites?.find((ip) => ip.family === family);
    return told ?? this.publicIP(family);
  }

  /** The network of the node address, as the Node object records it: that of the card, or the address alone. */
  nodeNetwork(family: Family): Prefix | undefined {
    const node = this.nodeIP(family);
    const recorded = this.host.cni.calico.recorded?.find(({ ip }) => ip.family === family);
    if (recorded) return Prefix.of(recorded.ip, recorded.length);
    const held = this.host.nics.flatMap((nic) => nic.addresses).find(({ ip }) => node?.equals(ip));
    return node && Prefix.of(node, held?.length);
  }

  /** The card that holds the node address, or the first one when no card does. */
  get nic(): Nic {
    const holder = this.host.nics.find((nic) =>
      nic.addresses.some(({ ip }) => this.host.nodeIPs.some((node) => node.equals(ip))),
    );
    const nic = holder ?? this.host.nics[0];
    if (!nic) throw new Error(`${this.name} has no card`);
    return nic;
  }

  /** The smallest MTU of its cards; Felix takes device and pod MTUs off it (int_dataplane.go `findHostMTU`). */
  get hostMtu(): number {
    return Math.min(...this.host.nics.map((nic) => nic.mtu));
  }

  get flannel(): FlannelSettings {
    return { ...this.topology.cni.flannel, ...this.host.cni.flannel };
  }

  get calico(): CalicoSettings {
    this.#calico ??= { ...this.topology.cni.calico, ...this.host.cni.calico };
    return this.#calico;
  }

  /**
   * A number its agent was told for this mode, under upstream's key. Where an agent runs whatever the mode is, `modes`
   * are those it belongs to: the first one speaks for it in all others.
   */
  option(key: string, modes: readonly string[] = []): number | undefined {
    const { mode } = this.#around;
    const at = modes.includes(mode) ? mode : (modes[0] ?? mode);
    const value = this.host.cni.modes.get(at)?.[key] ?? this.topology.cni.modes.get(at)?.[key];
    return typeof value === "number" ? value : undefined;
  }

  /** Its pods in the order the CNI attached them; made anew, for all nodes are peers and their pods many. */
  pods(): readonly Pod[] {
    return this.topology.pods.on(this.name);
  }

  /** The addresses of its pods, by pod name. */
  podAddresses(pods: readonly Pod[] = this.pods()): ReadonlyMap<string, readonly Ip[]> {
    return podAddresses(pods, this.host.podCIDRs);
  }

  /** Its shares of all pools: the pod CIDRs, and where its tunnels draw from pools that those do not lie in. */
  get shares(): readonly Prefix[] {
    return this.#around.shares(this.host);
  }

  /** The IPAM block that an address lies in; none where no pool has it. */
  blockAt(ip: Ip): Prefix | undefined {
    return this.#around.blockAt(ip, this.calico.blockSize);
  }

  /** Whether an IPAM block is this node's. */
  owns(block: Prefix): boolean {
    return this.#around.blockOwner(block) === this;
  }

  /** The address of one of its devices, pinned by the topology or derived from the names; in `agent`'s way, if it has one. */
  mac(dev: string, agent?: Mac): Mac {
    const pinned = this.host.nics.find((nic) => nic.name === dev)?.mac ?? this.host.agentMacs?.get(dev);
    const mac = pinned ?? agent ?? macFromName(`${this.netns} ${dev}`);
    this.#around.note(mac, this);
    return mac;
  }
}
