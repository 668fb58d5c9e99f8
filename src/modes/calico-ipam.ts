import type { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Pools, TunnelKind } from "./calico-pools.ts";
import type { Family, HostPeer } from "./peer.ts";
import { wordsKey } from "./words-key.ts";

/**
 * The order in which a node's tunnels draw their addresses. Upstream's loop asks for WireGuard's first, but gives it none
 * before the node has published a key, and by then the others have theirs (node/pkg/allocateip/allocateip.go
 * `reconcileTunnelAddrs`, `determineEnabledPoolCIDRs`).
 */
const TUNNEL_ORDER: readonly TunnelKind[] = ["ipip", "vxlan", "wireguard"];

/** What one node holds of the pools: blocks, tunnel addresses, and single addresses in other nodes' blocks. */
export class Ipam {
  readonly #peer: HostPeer;
  readonly #pools: Pools;
  readonly #tunnels = new Map<Family, ReadonlyMap<TunnelKind, Ip>>();
  readonly #held = new Map<Family, Held>();

  constructor(peer: HostPeer, pools: Pools) {
    this.#peer = peer;
    this.#pools = pools;
  }

  /** The address of a tunnel device; none where no pool gives this node one. */
  tunnel(kind: TunnelKind, family: Family): Ip | undefined {
    return this.#tunnelAddresses(family).get(kind);
  }

  /** The blocks it owns, in the order of their addresses. */
  blocks(family: Family): readonly Prefix[] {
    return this.#heldOf(family).blocks;
  }

  /** What it announces and others route to it: its blocks, and addresses its pods hold in other nodes' blocks. */
  announced(family: Family): readonly Prefix[] {
    const { blocks, borrowed } = this.#heldOf(family);
    return [...blocks, ...borrowed];
  }

  /** The first addresses of the node's shares, in the order in which its tunnels draw them. */
  #tunnelAddresses(family: Family): ReadonlyMap<TunnelKind, Ip> {
    const known = this.#tunnels.get(family);
    if (known) return known;
    const drawn = new Map<TunnelKind, Ip>();
    const taken = new Map<Prefix, number>();
    for (const kind of this.#peer.stack(family) ? TUNNEL_ORDER : []) {
      const pinned = this.#peer.host.cni.calico.tunnels?.[kind]?.find((ip) => ip.family === family);
      if (pinned && this.#pools.has(kind, family)) drawn.set(kind, pinned);
      const share = this.#shareFor(kind, family);
      if (pinned || !share) continue;
      const turn = taken.get(share) ?? 0;
      taken.set(share, turn + 1);
      if (turn < share.size) drawn.set(kind, share.host(turn));
    }
    this.#tunnels.set(family, drawn);
    return drawn;
  }

  /** Where a tunnel's address comes from: of the pools that have such a tunnel, one where the node has its pods. */
  #shareFor(kind: TunnelKind, family: Family): Prefix | undefined {
    if (!this.#pools.has(kind, family)) return undefined;
    const open = this.#pools.all.filter(
      (pool) =>
        pool.cidr.family === family &&
        (kind === "wireguard" || pool.kind === kind) &&
        !pool.disabled &&
        pool.allowedUses.includes("Tunnel") &&
        pool.selects(this.#peer.host.labels),
    );
    const home = this.#peer.stack(family)?.share;
    const pool = open.find(({ cidr }) => home && cidr.contains(home.ip)) ?? open[0];
    return pool && this.#peer.shares.find((share) => pool.cidr.containsPrefix(share));
  }

  #heldOf(family: Family): Held {
    const known = this.#held.get(family) ?? this.#hold(family);
    this.#held.set(family, known);
    return known;
  }

  #hold(family: Family): Held {
    // BIRD and Felix of a node without an address in this family do nothing.
    if (!this.#peer.nodeIP(family)) return { blocks: [], borrowed: [] };
    const blocks = new Map<string, Prefix>();
    for (const block of this.#peer.host.cni.calico.blocks ?? [])
      if (block.family === family) blocks.set(`${block}`, block);
    const borrowed: Prefix[] = [];
    for (const ip of this.#used(family)) {
      const block = this.#peer.blockAt(ip);
      if (!block) continue;
      if (this.#peer.owns(block)) blocks.set(`${block}`, block);
      else borrowed.push(Prefix.of(ip));
    }
    return { blocks: [...blocks.values()].sort((a, b) => a.ip.compare(b.ip)), borrowed };
  }

  /** Every address of the family that the node or one of its pods has. */
  #used(family: Family): readonly Ip[] {
    const all = [...this.#tunnelAddresses(family).values(), ...[...this.#peer.podAddresses().values()].flat()];
    const seen = new Set<string | number>();
    return all.filter((ip) => {
      const key = wordsKey(ip);
      return ip.family === family && !seen.has(key) && seen.add(key) !== undefined;
    });
  }
}

interface Held {
  readonly blocks: readonly Prefix[];
  readonly borrowed: readonly Prefix[];
}
