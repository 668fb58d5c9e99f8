import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { HostCni, IpPool, Topology } from "../topology/topology.ts";
import type { Family } from "./peer.ts";

/** Which packets ride in a pool's tunnel: all between nodes, or those between subnets. */
export type Tunnelled = "Always" | "CrossSubnet";

/** What a mode says of pools that say nothing themselves, and whether WireGuard stands in front of all of them. */
export interface Choice {
  readonly ipipMode?: Tunnelled;
  readonly vxlanMode?: Tunnelled;
  readonly wireguard?: boolean;
}

/** A pool as Felix and BIRD see it (felix/calc/l3_route_resolver.go `poolTypeForPool`). */
export interface Pool extends IpPool {
  readonly kind: "none" | "ipip" | "vxlan";
  /** A node of the same subnet is reached without the tunnel. */
  readonly crossSubnet: boolean;
  readonly blockSize: number;
}

/** A device that carries packets to other nodes. */
export type TunnelKind = "ipip" | "vxlan" | "wireguard";

/** Calico's pools in one mode: the mode of a packet is its destination's pool's. */
export class Pools {
  readonly all: readonly Pool[];
  readonly wireguard: boolean;

  constructor({ cni }: Topology, choice: Choice) {
    this.wireguard = choice.wireguard === true;
    this.all = cni.calico.ipPools.map((pool) => resolvePool(pool, cni.calico.blockSize, choice));
  }

  at(ip: Ip): Pool | undefined {
    return this.all.find(({ cidr }) => cidr.contains(ip));
  }

  /** Whether nodes have a device of this kind: Felix makes it as soon as one pool wants it. */
  has(kind: TunnelKind, family: Family): boolean {
    if (kind === "wireguard") return this.wireguard;
    return this.all.some((pool) => pool.kind === kind && pool.cidr.family === family);
  }
}

function resolvePool(pool: IpPool, blockSize: HostSizes, choice: Choice): Pool {
  const silent = saysNothing(pool);
  const ipip = (silent ? choice.ipipMode : pool.ipipMode) ?? "Never";
  const vxlan = (silent ? choice.vxlanMode : pool.vxlanMode) ?? "Never";
  const kind = vxlan !== "Never" ? "vxlan" : ipip !== "Never" ? "ipip" : "none";
  const crossSubnet = (kind === "vxlan" ? vxlan : ipip) === "CrossSubnet";
  return { ...pool, kind, crossSubnet, blockSize: pool.blockSize ?? sizeFor(pool.cidr, blockSize) };
}

type HostSizes = NonNullable<HostCni["calico"]["blockSize"]>;

/** Whether a pool leaves it to the mode which tunnel it has. */
export function saysNothing({ ipipMode, vxlanMode }: IpPool): boolean {
  return ipipMode === undefined && vxlanMode === undefined;
}

/** The block size of a family, never wider than the network it is cut from. */
function sizeFor({ family, length }: Prefix, sizes: HostSizes): number {
  return Math.max(length, family === 4 ? sizes.v4 : sizes.v6);
}
