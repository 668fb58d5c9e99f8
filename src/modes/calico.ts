import { attachVeth } from "./attach-veth.ts";
import { ipipTunnels } from "./calico-ipip-device.ts";
import { type Plan, planFor } from "./calico-plan.ts";
import { type Choice, saysNothing } from "./calico-pools.ts";
import { birdRoutes, blackholes, originatedRoutes } from "./calico-routes.ts";
import { calicoRules } from "./calico-rules.ts";
import { vxlanTunnels } from "./calico-vxlan-device.ts";
import { wireguardTunnels } from "./calico-wireguard-device.ts";
import type { Mode } from "./mode.ts";
import type { NodeDraft } from "./node.ts";

/** What one Calico mode is beyond what all share: its name, its character, and what it says of pools that say nothing. */
type Words = Pick<Mode, "name" | "aliases" | "settings" | "summary" | "needs" | "families" | "source"> & {
  readonly choice: Choice;
  /** BIRD runs whatever the pools are; without it only where a pool needs it (`calico_backend: vxlan`). */
  readonly bird: boolean;
};

/**
 * A Calico mode. What a pool says of itself stands in every mode, so all modes share one program; they differ in what
 * they make of pools that say nothing.
 */
export function calicoMode({ choice, bird, ...words }: Words): Mode {
  const planOf = planFor(choice);
  const speaks = (plan: Plan) => bird || plan.all.some((pool) => pool.kind !== "vxlan");
  return {
    ...words,
    family: "calico",
    enforcesPolicy: true,
    learns: bird ? "BGP" : "the datastore",
    assumptions: [
      {
        what: "each node owns the blocks at the start of its own share of the pod network; Calico picks them by a hash of names",
        supply: "hosts.NAME.podCIDR, hosts.NAME.cni.calico.blocks, pods.NAME.address",
      },
    ],
    bgp: (topology) => speaks(planOf(topology)),
    networks: ({ cni }) => cni.calico.ipPools.filter(saysNothing).map(({ cidr }) => cidr),
    announces(peer, family) {
      const plan = planOf(peer.topology);
      const announced = plan.ipam(peer).announced(family);
      return announced.filter(({ ip }) => plan.at(ip)?.disableBGPExport !== true);
    },
    program(node) {
      const plan = planOf(node.self.topology);
      program(node, plan, speaks(plan));
    },
  };
}

function program(node: NodeDraft, plan: Plan, bird: boolean): void {
  const tunnels = [...ipipTunnels(node, plan), ...vxlanTunnels(node, plan), ...wireguardTunnels(node, plan)];
  blackholes(node, plan);
  if (bird) {
    node.agent("bird").keepPerPeer("BGP", {
      peer: (peer) => birdRoutes(node, plan, peer),
      alone: () => originatedRoutes(node, plan),
    });
  }
  for (const tunnel of tunnels) tunnel.route?.();
  // The smallest among the tunnels there are, also where nothing is sent into them (`determinePodMTU`).
  const mtus = tunnels.map(({ mtu }) => mtu);
  const mtu = mtus.length > 0 ? Math.min(...mtus) : node.self.hostMtu;
  calicoRules(node, plan, attachVeth(node, mtu), tunnels);
}
