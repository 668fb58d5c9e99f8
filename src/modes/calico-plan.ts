import type { Topology } from "../topology/topology.ts";
import { Ipam } from "./calico-ipam.ts";
import { type Choice, Pools } from "./calico-pools.ts";
import type { HostPeer } from "./peer.ts";

/** The pools of a topology in one mode, and what every node holds of them. */
export class Plan extends Pools {
  readonly #ipams = new WeakMap<HostPeer, Ipam>();

  /** What a node holds of the pools. */
  ipam(peer: HostPeer): Ipam {
    const known = this.#ipams.get(peer) ?? new Ipam(peer, this);
    this.#ipams.set(peer, known);
    return known;
  }
}

/** One plan for each topology that a mode is asked about. */
export function planFor(choice: Choice): (topology: Topology) => Plan {
  const plans = new WeakMap<Topology, Plan>();
  return (topology) => {
    const known = plans.get(topology) ?? new Plan(topology, choice);
    plans.set(topology, known);
    return known;
  };
}
