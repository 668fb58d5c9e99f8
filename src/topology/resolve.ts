import { startCheck } from "./check.ts";
import { resolveCluster } from "./cluster.ts";
import { resolveCni } from "./cni.ts";
import type { Complain, Path } from "./complaint.ts";
import { resolveFaults } from "./faults.ts";
import type { TopologyFile } from "./file.ts";
import { generate } from "./generate.ts";
import { checkShares, resolveHost, resolveRouter } from "./machines.ts";
import type { MarkedTree } from "./marks.ts";
import { suggester } from "./nearest.ts";
import { columnPods } from "./pod-columns.ts";
import { resolvePods } from "./pods.ts";
import { seatMachines } from "./seats.ts";
import { sectionsOf } from "./sections.ts";
import { resolveSubnets } from "./subnets.ts";
import type { Assumption, Host, Router, Topology } from "./topology.ts";
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
  const check = startCheck(read, gone, complain, assumptions);
  const cluster = resolveCluster(file.cluster, check);
  const cni = resolveCni(file.cni, cluster, check);
  const generated = generate(file.generate, cluster, check);
  const sections = sectionsOf(file, generated.sections);
  if (
    sections.hosts.size === 0 &&
    file.generate === undefined &&
    !check.isShaky("hosts") &&
    !check.isShaky("generate")
  ) {
    const hint = "add hosts: { node-1: 192.168.0.11 }";
    complain({
      code: "no-hosts",
      path: file.hosts === undefined ? [] : ["hosts"],
      message: "there are no hosts",
      hint,
    });
  }
  const segments = resolveSegments(file, sections.subnets, cluster, check);
  const seats = seatMachines(file, sections, segments, check);

  const isSpeaker = (word: string) => sections.hosts.has(word) || sections.routers.has(word);
  const names = {
    has: (word: string) => isSpeaker(word) || check.isLost("hosts", word) || check.isLost("routers", word),
    nearest: suggester(() => [...sections.hosts.keys(), ...sections.routers.keys()]),
  };
  const around = { cluster, cni, seats, names, file };
  const routers = new Map<string, Router>();
  for (const [router, entry] of sections.routers) {
    if (sections.hosts.has(router)) {
      const message = `${router} is a router and a host`;
      complain({ code: "name-taken", path: ["routers", router], part: "key", message, hint: "rename one of them" });
    }
    routers.set(router, resolveRouter(router, entry, around, check));
  }
  const hosts = new Map<string, Host>();
  for (const [host, entry] of sections.hosts) hosts.set(host, resolveHost(host, hosts.size, entry, around, check));
  checkShares(hosts, sections.hosts, check);
  const subnets = resolveSubnets(segments, seats, hosts, check);

  const pods = read.pods
    ? columnPods(read.pods, cluster, hosts, check)
    : resolvePods(file.pods ?? {}, { cluster, hosts, generated: generated.pods }, check);
  if (!pods) return undefined;
  const faults = resolveFaults(file.faults ?? [], { hosts, routers, pods }, check);
  return { name, cluster, cni, subnets, routers, hosts, pods, faults, assumptions };
}
