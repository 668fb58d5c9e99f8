import { hostIndex, hostName, podIndex, podName } from "./generated-names.ts";
import type { Pod, Pods } from "./topology.ts";

/** Pods pod-000001 … counted through host by host; each is made when asked for. */
export function generatedPods(hosts: number, podsPerHost: number): Pods {
  const size = hosts * podsPerHost;
  const make = (index: number): Pod => ({
    name: podName(index),
    host: hostName(Math.floor(index / podsPerHost)),
    addresses: [],
    labels: NO_LABELS,
    hostNetwork: false,
  });
  return {
    size,
    get: (name) => {
      const index = podIndex(name, size);
      return index < 0 ? undefined : make(index);
    },
    on: (host) => {
      const index = hostIndex(host, hosts);
      return index < 0 ? [] : Array.from({ length: podsPerHost }, (_, i) => make(index * podsPerHost + i));
    },
    *names() {
      for (let i = 0; i < size; i++) yield podName(i);
    },
    pinnedAt: () => undefined,
  };
}

const NO_LABELS: Pod["labels"] = new Map();
