import { Ip } from "../addr/ip.ts";
import type { Check } from "./check.ts";
import { fullPodName } from "./names.ts";
import { NO_PODS, podOf } from "./pod-list.ts";
import { HAS_ADDRESS, HAS_DEVICE, HAS_LISTEN, ON_HOST_NETWORK, type PodColumns } from "./pod-scan.ts";
import { isPodEntry } from "./read.ts";
import type { Cluster, Host, Pod, Pods } from "./topology.ts";
import { type WordSet, wordSet } from "./word-set.ts";

/**
 * The pods of scanned columns, made when asked for; `undefined` when anything is wrong with any of them, or could be:
 * the thorough reader then says what.
 */
export function columnPods(
  columns: PodColumns,
  cluster: Cluster,
  hosts: ReadonlyMap<string, Host>,
  check: Check,
): Pods | undefined {
  const { text, size, names, values, hostNames, flags } = columns;
  if (size === 0) return NO_PODS;
  if (hostNames.some((host) => !hosts.has(host))) return undefined;
  const find = nameIndex(columns);
  const pinned = find && pinnedWords(columns, cluster);
  if (!find || !pinned) return undefined;
  const { order, starts } = byHost(columns);
  for (const [number, name] of hostNames.entries()) {
    const count = (starts[number + 1] ?? 0) - (starts[number] ?? 0);
    if (hosts.get(name)?.podCIDRs.some((cidr) => count > cidr.size - 3)) return undefined;
  }
  const numbers = new Map(hostNames.map((host, number) => [host, number]));
  const nameOf = (pod: number) => endOfText(text, names[pod] ?? 0);
  /** A pod from its part of the text. */
  const read = (pod: number): Pod => {
    const start = values[pod] ?? 0;
    const entry: unknown = JSON.parse(text.slice(start, endOfValue(text, start)));
    if (!isPodEntry(entry)) throw new Error(`a scanned pod has another form: ${nameOf(pod)}`);
    const { host = "", ...rest } = podOf(nameOf(pod), entry, check);
    return { ...rest, host };
  };
  const make = (pod: number): Pod => {
    const flag = flags[pod] ?? 0;
    if ((flag & (HAS_DEVICE | HAS_LISTEN)) !== 0) return read(pod);
    const addresses = (flag & HAS_ADDRESS) === 0 ? [] : [Ip.of(columns.addresses[pod] ?? 0)];
    return new PlainPod(
      fullPodName(nameOf(pod)),
      hostNames[columns.hosts[pod] ?? 0] ?? "",
      addresses,
      (flag & ON_HOST_NETWORK) !== 0,
      () => read(pod).labels,
    );
  };
  return {
    size,
    get: (name) => {
      const slash = name.indexOf("/");
      if (slash < 0 || name.indexOf("/", slash + 1) >= 0) return undefined;
      const pod = find(name.startsWith("default/") ? name.slice(8) : name);
      return pod < 0 ? undefined : make(pod);
    },
    on: (host) => {
      const number = numbers.get(host);
      if (number === undefined) return [];
      return [...order.subarray(starts[number], starts[number + 1])].map(make);
    },
    *names() {
      for (let pod = 0; pod < size; pod++) yield fullPodName(nameOf(pod));
    },
    pinnedAt: (ip) => {
      const word = ip.words[0] ?? 0;
      if (ip.family === 6 || !pinned.has(0, word | 0)) return undefined;
      // Few of the addresses that are asked for are pods', so a pass over the column beats an index of all of them.
      for (let pod = columns.addresses.indexOf(word); pod >= 0; pod = columns.addresses.indexOf(word, pod + 1)) {
        if (((flags[pod] ?? 0) & HAS_ADDRESS) !== 0) return make(pod);
      }
      return undefined;
    },
  };
}

/** A pod of which the columns say all but the labels, which few ask for. */
class PlainPod implements Pod {
  readonly name: string;
  readonly host: string;
  readonly addresses: readonly Ip[];
  readonly hostNetwork: boolean;
  readonly #labels: () => Pod["labels"];

  constructor(name: string, host: string, addresses: readonly Ip[], hostNetwork: boolean, labels: () => Pod["labels"]) {
    this.name = name;
    this.host = host;
    this.addresses = addresses;
    this.hostNetwork = hostNetwork;
    this.#labels = labels;
  }

  get labels(): Pod["labels"] {
    return this.#labels();
  }
}

/** Finds pods by the name the text writes; `undefined` when a name stands twice. */
function nameIndex({ text, size, names, hashes }: PodColumns): ((name: string) => number) | undefined {
  let slots = 16;
  while (slots < size * 2) slots *= 2;
  // Pod numbers from 1; 0 is an empty slot.
  const table = new Int32Array(slots);
  const spot = (hash: number) => (hash ^ (hash >>> 15)) & (slots - 1);
  for (let pod = 0; pod < size; pod++) {
    const hash = hashes[pod] ?? 0;
    let slot = spot(hash);
    for (let other = table[slot] ?? 0; other !== 0; other = table[slot] ?? 0) {
      if (hashes[other - 1] === hash && isSame(text, names[other - 1] ?? 0, names[pod] ?? 0)) return undefined;
      slot = (slot + 1) & (slots - 1);
    }
    table[slot] = pod + 1;
  }
  return (name) => {
    let hash = 0x811c9dc5;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    let slot = spot(hash);
    for (let pod = table[slot] ?? 0; pod !== 0; pod = table[slot] ?? 0) {
      if (hashes[pod - 1] === hash && endOfText(text, names[pod - 1] ?? 0) === name) return pod - 1;
      slot = (slot + 1) & (slots - 1);
    }
    return -1;
  };
}

/** Whether two strings of the text, given behind their opening quotes, are the same. */
function isSame(text: string, left: number, right: number): boolean {
  for (let i = 0; ; i++) {
    const code = text.charCodeAt(left + i);
    if (code !== text.charCodeAt(right + i)) return false;
    if (code === 34) return true;
  }
}

/** The pinned addresses; `undefined` when one of them, or a device, stands twice, or one is not in the cluster. */
function pinnedWords(
  { size, hosts, addresses, devices, flags }: PodColumns,
  { podNetworks }: Cluster,
): WordSet | undefined {
  const v4 = podNetworks.find((cidr) => cidr.family === 4);
  const network = v4?.ip.words[0] ?? 0;
  const mask = v4 && v4.length > 0 ? -1 << (32 - v4.length) : 0;
  const seen = wordSet(size);
  const named = wordSet(size);
  for (let pod = 0; pod < size; pod++) {
    const flag = flags[pod] ?? 0;
    if (flag === 0) continue;
    const address = addresses[pod] ?? 0;
    if ((flag & HAS_ADDRESS) !== 0) {
      if (!v4 || (address & mask) >>> 0 !== network || !seen.add(0, address | 0)) return undefined;
    }
    if ((flag & HAS_DEVICE) !== 0 && !named.add(hosts[pod] ?? 0, devices[pod] ?? 0)) return undefined;
    if ((flag & ON_HOST_NETWORK) !== 0 && (flag & (HAS_ADDRESS | HAS_DEVICE)) !== 0) return undefined;
  }
  return seen;
}

/** Pod numbers host by host, in the order of the text, and where each host's start: a counting sort. */
function byHost({ size, hosts, hostNames }: PodColumns): { order: Int32Array; starts: Int32Array } {
  const starts = new Int32Array(hostNames.length + 1);
  for (let pod = 0; pod < size; pod++) {
    const after = (hosts[pod] ?? 0) + 1;
    starts[after] = (starts[after] ?? 0) + 1;
  }
  for (let host = 0; host < hostNames.length; host++) starts[host + 1] = (starts[host + 1] ?? 0) + (starts[host] ?? 0);
  const free = starts.slice();
  const order = new Int32Array(size);
  for (let pod = 0; pod < size; pod++) {
    const host = hosts[pod] ?? 0;
    const turn = free[host] ?? 0;
    order[turn] = pod;
    free[host] = turn + 1;
  }
  return { order, starts };
}

function endOfText(text: string, start: number): string {
  return text.slice(start, text.indexOf('"', start));
}

/** Where a scanned value ends: its strings have no escapes, so braces and quotes are what they seem. */
function endOfValue(text: string, start: number): number {
  if (text.charCodeAt(start) === 34) return text.indexOf('"', start + 1) + 1;
  let depth = 0;
  for (let at = start; ; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) at = text.indexOf('"', at + 1);
    else if (code === 123) depth++;
    else if (code === 125 && --depth === 0) return at + 1;
  }
}
