import { Ip } from "../addr/ip.ts";
import { routersOf } from "../modes/gateways.ts";
import { findTarget } from "../topology/faults.ts";
import type { Outcome } from "../topology/problem.ts";
import type { Topology } from "../topology/topology.ts";

/** The namespace that a place's name means; a pod on its host's network is in its host's. */
export function findNetns(topology: Topology, word: string): Outcome<string> {
  const { hosts, pods } = topology;
  const known = findTarget(word, topology);
  // A gateway that the file only names an address of is a router too.
  const target = known.ok ? known : findTarget(word, { hosts, pods, routers: routersOf(topology) });
  if (!target.ok) return target;
  const { kind, name } = target.value;
  const pod = kind === "pod" ? topology.pods.get(name) : undefined;
  return { ok: true, value: pod?.hostNetwork ? `host/${pod.host}` : `${kind}/${name}` };
}

/** The namespace of a place; `undefined` for one that is only an address. */
export function findPlace(topology: Topology, word: string): Outcome<string | undefined> {
  const [, address = ""] = /^(?:ip:)?(.*)$/s.exec(word) ?? [];
  return Ip.parse(address) ? { ok: true, value: undefined } : findNetns(topology, word);
}
