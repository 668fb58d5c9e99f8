import type { Ip } from "../addr/ip.ts";
import { type Mac, macFromName } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Peer } from "../kernel/table.ts";
import type { CalicoSettings, FlannelSettings, Host, Nic, Pod, Topology } from "../topology/topology.ts";
import { blocksOf, podAddresses } from "./ipam.ts";

export type Family = 4 | 6;

/** One address family of a node: the address its agent has detected, and its share of the pod network. */
export interface Stack {
  readonly family: Family;
  /** flannel's public IP, Calico's BGP address. */
  readonly nodeIP: Ip;
  /** The pod CIDR; flannel's lease. */
  readonly share: Prefix;
}

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
  #stacks: readonly Stack[] | undefined;
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

  /** The network of the node address, as the Node object records it: that of the card, or the address alone. */
  nodeNetwork(family: Family): Prefix | undefined {
    const node = this.nodeIP(family);
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
    const stack = this.stack(family);
    const { blockSize } = this.calico;
    const used = [...also, ...[...this.podAddresses.values()].flat()];
    return stack ? blocksOf(stack.share, family === 4 ? blockSize.v4 : blockSize.v6, used) : [];
  }

  /** Addresses its pods hold in other nodes' shares, as host prefixes. */
  borrowed(family: Family): readonly Prefix[] {
    const pool = this.#topology.cluster.podCIDRs.find((prefix) => prefix.family === family);
    const share = this.stack(family)?.share;
    return [...this.podAddresses.values()]
      .flat()
      .filter((ip) => pool?.contains(ip) === true && share?.contains(ip) !== true)
      .map((ip) => Prefix.of(ip));
  }

  /** The address of one of its devices, pinned by the topology or derived from the names; in `agent`'s way, if it has one. */
  mac(dev: string, agent?: Mac): Mac {
    const mac = this.host.nics.find((nic) => nic.name === dev)?.mac ?? agent ?? macFromName(`${this.netns} ${dev}`);
    this.#note(mac, this);
    return mac;
  }
}
