import type { Prefix } from "../addr/prefix.ts";
import type { Topology } from "../topology/topology.ts";
import type { Sighting } from "./finding.ts";
import type { Scope } from "./scope.ts";

/** kubelet's `maxPods`, unless it is told otherwise (kubelet config v1beta1 defaults). */
const MAX_PODS = 110;

/** Whether the pods' network is wide enough for what may come; pods that have no address today are a problem of the file. */
export function* shares({ topology, kinds }: Scope): Generator<Sighting> {
  const narrow = kinds.filter(({ sample }) =>
    sample.podCIDRs.some((share) => share.family === 4 && room(share) < MAX_PODS),
  );
  const [first] = narrow;
  if (first) {
    const count = narrow.reduce((sum, { hosts }) => sum + hosts.length, 0);
    const share = first.sample.podCIDRs.find(({ family }) => family === 4) as Prefix;
    const at = first.sample.name;
    const text = `${share} of ${at} has addresses for ${room(share)} pods, and kubelet runs up to ${MAX_PODS} unless it is told otherwise.`;
    const path = ["cluster", "nodeMaskSize"];
    yield {
      code: "POD_CIDR_SMALL",
      severity: "note",
      at,
      path,
      text,
      count,
      fix: `Lower kubelet's maxPods to ${room(share)}, or take a smaller nodeMaskSize.`,
    };
  }
  yield* nodes(topology);
}

/** Addresses for pods: without network, gateway and broadcast. */
function room(share: Prefix): number {
  return Math.max(0, share.size - 3);
}

/** A network in which few shares are left; one that has none left is a problem of the file. */
function* nodes({ name, cluster, hosts }: Topology): Generator<Sighting> {
  const pods = cluster.podCIDRs.find(({ family }) => family === 4);
  if (!pods) return;
  const all = 2 ** (cluster.nodeMaskSize.v4 - pods.length) - 1;
  if (hosts.size < 3 || hosts.size * 10 < all * 9) return;
  const left = all - hosts.size;
  const text = `The pods' network ${pods} has ${all} shares of /${cluster.nodeMaskSize.v4}, and ${hosts.size} hosts have taken theirs: ${left === 0 ? "none is" : `${left} ${left === 1 ? "is" : "are"}`} left.`;
  yield { code: "POD_CIDR_SMALL", severity: "warning", at: name, path: ["cluster", "podCIDR"], text };
}
