import { Ip } from "../addr/ip.ts";
import type { Check } from "./check.ts";
import type { PodEntry } from "./file.ts";
import { parseListen } from "./listen.ts";
import { fullPodName } from "./names.ts";
import type { Pod, Pods } from "./topology.ts";

export const NO_PODS: Pods = {
  size: 0,
  get: () => undefined,
  on: () => [],
  names: () => [],
  pinnedAt: () => undefined,
};

/** A pod of a file; one laid over a generated pod may leave its host to that. */
interface WrittenPod extends Omit<Pod, "host"> {
  readonly host: string | undefined;
}

interface WrittenPods {
  readonly get: (name: string) => WrittenPod | undefined;
  /** In file order. */
  readonly on: (host: string) => readonly WrittenPod[];
  readonly names: () => Iterable<string>;
  readonly pinnedAt: (ip: Ip) => WrittenPod | undefined;
  readonly size: number;
}

/** The pods of a file's checked entries, made when asked for. */
export function writtenPods(
  written: Readonly<Record<string, PodEntry>>,
  keys: readonly string[],
  byHost: ReadonlyMap<string, readonly string[]>,
  check: Check,
): WrittenPods {
  const make = (key: string) => podOf(key, written[key], check);
  let pinned: ReadonlyMap<string, string> | undefined;
  return {
    size: keys.length,
    get: (name) => {
      if (!name.includes("/")) return undefined;
      if (Object.hasOwn(written, name)) return make(name);
      const short = name.startsWith("default/") ? name.slice(8) : undefined;
      return short !== undefined && Object.hasOwn(written, short) ? make(short) : undefined;
    },
    on: (host) => (byHost.get(host) ?? []).map(make),
    names: () => mapped(keys, fullPodName),
    pinnedAt: (ip) => {
      pinned ??= pinnedKeys(written, keys);
      const key = pinned.get(ip.toString());
      return key === undefined ? undefined : make(key);
    },
  };
}

/** Written pods over generated ones, by name: one that stays on its host keeps its turn there. */
export function layOver(generated: Pods, written: WrittenPods): Pods {
  if (written.size === 0) return generated;
  const overlaid = generated.size === 0 ? [] : [...written.names()].filter((name) => generated.get(name));
  const merge = (pod: WrittenPod): Pod => {
    const below = generated.get(pod.name);
    return { ...pod, host: pod.host ?? below?.host ?? "" };
  };
  return {
    size: generated.size + written.size - overlaid.length,
    get: (name) => {
      const pod = written.get(name);
      return pod ? merge(pod) : generated.get(name);
    },
    on: (host) => {
      const below = generated.size === 0 ? [] : generated.on(host);
      const kept = below.flatMap((pod) => {
        const over = written.get(pod.name);
        if (!over) return [pod];
        const merged = merge(over);
        return merged.host === host ? [merged] : [];
      });
      const there = new Set(below.map((pod) => pod.name));
      return [
        ...kept,
        ...written
          .on(host)
          .filter((pod) => !there.has(pod.name))
          .map(merge),
      ];
    },
    names: () => joined(generated, written),
    pinnedAt: (ip) => {
      const pod = written.pinnedAt(ip);
      return pod && merge(pod);
    },
  };
}

/** The keys of pods that pin an address, by its canonical text. */
function pinnedKeys(written: Readonly<Record<string, PodEntry>>, keys: readonly string[]): ReadonlyMap<string, string> {
  const pinned = new Map<string, string>();
  for (const key of keys) {
    const entry = written[key];
    const address = typeof entry === "object" ? entry.address : undefined;
    for (const text of typeof address === "string" ? [address] : (address ?? [])) {
      const ip = Ip.parse(text);
      if (ip) pinned.set(ip.toString(), key);
    }
  }
  return pinned;
}

/** A pod from its checked entry. */
export function podOf(key: string, entry: PodEntry | undefined, check: Check): WrittenPod {
  const {
    host,
    address,
    device,
    labels,
    listen,
    hostNetwork = false,
  } = typeof entry === "string" ? { host: entry } : (entry ?? {});
  const texts = address === undefined ? [] : typeof address === "string" ? [address] : address;
  const addresses = texts.map((text) => Ip.parse(text)).filter((ip) => ip !== undefined);
  const ports = listen?.map((text) => parseListen(text)).filter((port) => port !== undefined);
  const pod = {
    name: fullPodName(key),
    host,
    addresses: addresses.sort((a, b) => a.family - b.family),
    ...(device !== undefined && { device }),
    labels: new Map(Object.entries(labels ?? {})),
    ...(ports && { listen: ports }),
    hostNetwork,
  };
  return check.placed(pod, ["pods", key]);
}

function* mapped(words: Iterable<string>, change: (word: string) => string): Generator<string> {
  for (const word of words) yield change(word);
}

function* joined(generated: Pods, written: WrittenPods): Generator<string> {
  yield* generated.names();
  for (const name of written.names()) if (!generated.get(name)) yield name;
}
