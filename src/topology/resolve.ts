import { startCheck } from "./check.ts";
import { resolveCluster } from "./cluster.ts";
import { resolveCni } from "./cni.ts";
import type { Complain } from "./complaint.ts";
import { resolveFaults } from "./faults.ts";
import type { TopologyFile } from "./file.ts";
import { checkRackNetworks, planRacks } from "./generate.ts";
import { makeMachines, NO_MACHINES } from "./generated-machines.ts";
import { generatedPods } from "./generated-pods.ts";
import { checkNames, checkShares, resolveHost, resolveRouter } from "./machines.ts";
import type { MarkedTree } from "./marks.ts";
import { suggester } from "./nearest.ts";
import type { Path } from "./path.ts";
import { columnPods } from "./pod-columns.ts";
import { NO_PODS } from "./pod-list.ts";
import { resolvePods } from "./pods.ts";
import { resolvePools, shareSources } from "./pools.ts";
import { seatMachines } from "./seats.ts";
import { machinesOf, subnetsOf } from "./sections.ts";
import { resolveSubnets } from "./subnets.ts";
import type { Assumption, Topology } from "./topology.ts";
import { resolveSegments } from "./underlay.ts";

/** A file of the right shape, where it was read from, and what went while it was mended. */
export interface Shaped {
  readonly name: string;
  readonly file: TopologyFile;
  readonly read: MarkedTree;
  readonly gone: readonly Path[];
}

/**
 * Turns a file of the right shape into a topology: short forms, names, defaults; complains of all that does not fit.
 *
 * `undefined` when a pod is wrong in a way that only another reading can explain: pods are looked at here, and once.
 */
export function resolve({ name, file, read, gone }: Shaped, complain: Complain): Topology | undefined {
  const assumptions: Assumption[] = [];
  const known = startCheck(read, gone, complain, assumptions);
  const pools = resolvePools(file.cni?.calico?.ipPools, known);
  const cluster = resolveCluster(file.cluster, pools, known);
  const cni = resolveCni(file.cni, { cluster, pools }, known);
  // Generated hosts have no labels.
  const unlabelled = shareSources(cluster, cni.calico.ipPools, new Map());
  const plan = planRacks(file.generate, unlabelled, known);
  // Racks that do not fit leave every name in doubt.
  const check = file.generate && !plan ? startCheck(read, [[]], complain, assumptions) : known;
  const segments = resolveSegments(file, subnetsOf(file, plan?.subnets ?? new Map()), cluster, check);
  if (plan) checkRackNetworks(file, plan, check);
  const generated = plan ? makeMachines(plan, segments, unlabelled) : NO_MACHINES;
  const written = machinesOf(file, generated);
  if (written.hosts.size === 0 && !plan && !check.isShaky("hosts") && !check.isShaky("generate")) {
    const path = file.hosts === undefined ? [] : ["hosts"];
    const hint = "add hosts: { node-1: 192.168.0.11 }";
    complain({ code: "no-hosts", path, message: "there are no hosts", hint });
  }
  const seats = seatMachines(file, written, generated, segments, check);
  const isSpeaker = (word: string) => {
    return [written.hosts, generated.hosts, written.routers, generated.routers].some((names) => names.has(word));
  };
  const names = {
    has: (word: string) => isSpeaker(word) || check.isLost("hosts", word) || check.isLost("routers", word),
    nearest: suggester(function* () {
      for (const known of [written.hosts, generated.hosts, written.routers, generated.routers]) yield* known.keys();
    }),
  };
  const around = { cluster, cni, seats, names, file };
  const routers = new Map(generated.routers);
  for (const [router, entry] of written.routers) routers.set(router, resolveRouter(router, entry, around, check));
  const hosts = new Map(generated.hosts);
  for (const [host, entry] of written.hosts) {
    const index = hosts.get(host)?.index ?? hosts.size;
    hosts.set(host, resolveHost(host, index, entry, around, check));
  }
  checkNames(routers, hosts, file, check);
  checkShares(hosts, written.hosts, check);
  const subnets = resolveSubnets(segments, seats, hosts, check);

  const pods = read.pods
    ? columnPods(read.pods, cluster, hosts, check)
    : resolvePods(
        file.pods ?? {},
        { cluster, hosts, generated: plan ? generatedPods(plan.racks * plan.hostsPerRack, plan.podsPerHost) : NO_PODS },
        check,
      );
  if (!pods) return undefined;
  const faults = resolveFaults(file.faults ?? [], { hosts, routers, pods }, check);
  return { name, cluster, cni, subnets, routers, hosts, pods, faults, assumptions };
}
