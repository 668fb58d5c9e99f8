import { fullPodName } from "../topology/names.ts";
import type { Pod, Topology } from "../topology/topology.ts";
import type { SelectorEntry } from "./schema.ts";

/** Whether a pod is meant. A name without namespace is in `default`. */
export function selects(entry: SelectorEntry, { hosts }: Topology): (pod: Pod) => boolean {
  if (typeof entry === "string") {
    if (entry === "*") return () => true;
    if (entry.endsWith("/*")) return ({ name }) => name.startsWith(entry.slice(0, -1));
    const wanted = fullPodName(entry);
    return ({ name }) => name === wanted;
  }
  const { namespace, labels = {}, host, hostLabels = {}, subnet } = entry;
  const has = (held: ReadonlyMap<string, string> | undefined, wanted: Readonly<Record<string, string>>) =>
    Object.entries(wanted).every(([key, value]) => held?.get(key) === value);
  return (pod) => {
    const own = hosts.get(pod.host);
    return (
      (namespace === undefined || pod.name.startsWith(`${namespace}/`)) &&
      (host === undefined || pod.host === host) &&
      (subnet === undefined || own?.nics.some((nic) => nic.subnet === subnet) === true) &&
      has(pod.labels, labels) &&
      has(own?.labels, hostLabels)
    );
  };
}
