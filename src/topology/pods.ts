import { Ip } from "../addr/ip.ts";
import type { Check } from "./check.ts";
import { checkDevice } from "./cni.ts";
import type { Path } from "./complaint.ts";
import { readListen } from "./fabric.ts";
import type { PodEntry, PodMap } from "./file.ts";
import { checkPodName, fullPodName, isPodName } from "./names.ts";
import { suggester } from "./nearest.ts";
import { layOver, writtenPods } from "./pod-list.ts";
import { eachText, notAnAddress, quoted } from "./prefixes.ts";
import { isPod } from "./read.ts";
import { addressKey } from "./seats.ts";
import type { Cluster, Host, Pods } from "./topology.ts";

/** What pods are checked against. */
export interface PodGround {
  readonly cluster: Cluster;
  readonly hosts: ReadonlyMap<string, Host>;
  /** The machine that has an address of the underlay. */
  readonly ownerOf: (ip: Ip) => string | undefined;
  /** Pods made by `generate`, over which written ones are laid. */
  readonly generated: Pods;
}

/**
 * Checks the pods of a file in one pass and answers them on demand; `undefined` as soon as one has a wrong form, which
 * the schema then explains.
 */
export function resolvePods(
  written: Readonly<Record<string, PodEntry>>,
  ground: PodGround,
  check: Check,
): Pods | undefined {
  const { hosts, generated } = ground;
  const names = Object.keys(written);
  const byHost = new Map<string, string[]>();
  for (const host of hosts.keys()) byHost.set(host, []);
  const nearestHost = suggester(() => hosts.keys());
  const addresses = new Map<number | string, string>();
  const devices = new Map<string, string>();
  for (const name of names) {
    const entry = written[name];
    if (entry === undefined || !isPod(entry)) return undefined;
    if (!isPodName(name)) checkPodName(name, ["pods", name], check);
    if (name.startsWith("default/") && Object.hasOwn(written, name.slice(8))) {
      const message = `${name} is ${name.slice(8)} again`;
      check.complain({
        code: "duplicate-pod",
        path: ["pods", name],
        part: "key",
        message,
        hint: "take one of them out",
      });
    }
    const host = typeof entry === "string" ? entry : (entry.host ?? generated.get(fullPodName(name))?.host);
    const list = host === undefined ? undefined : byHost.get(host);
    if (list) list.push(name);
    else complainOfHost(name, host, entry, nearestHost, ground, written, check);
    if (typeof entry === "object") checkPod(name, entry, host, { ...ground, addresses, devices }, check);
  }
  checkRoom(byHost, written, hosts, check);
  return layOver(generated, writtenPods(written, names, byHost, check));
}

/** An IPAM gives out neither the first two addresses of a share, its network and its bridge, nor its last. */
const KEPT = 3;

function checkRoom(
  byHost: ReadonlyMap<string, readonly string[]>,
  written: Readonly<Record<string, PodEntry>>,
  hosts: ReadonlyMap<string, Host>,
  check: Check,
): void {
  for (const [name, host] of hosts) {
    const names = byHost.get(name) ?? [];
    for (const cidr of host.podCIDRs) {
      if (names.length <= cidr.size - KEPT) continue;
      const own = names.filter((pod) => isOwnNetwork(written[pod]));
      const first = own[Math.max(0, cidr.size - KEPT)];
      if (first === undefined) continue;
      const message = `${cidr} of ${name} has no address left for ${first}, pod ${Math.max(0, cidr.size - KEPT) + 1} there`;
      const hint = "move pods, or lower cluster.nodeMaskSize";
      check.complain({ code: "pod-cidr-exhausted", path: ["pods", first], part: "key", message, hint });
    }
  }
}

function isOwnNetwork(entry: PodEntry | undefined): boolean {
  return typeof entry !== "object" || entry.hostNetwork !== true;
}

interface Taken extends PodGround {
  readonly addresses: Map<number | string, string>;
  readonly devices: Map<string, string>;
}

function checkPod(name: string, entry: PodMap, host: string | undefined, taken: Taken, check: Check): void {
  const { address, device, listen, hostNetwork } = entry;
  if (address !== undefined) checkAddress(name, address, entry, taken, check);
  if (device !== undefined) {
    checkDevice(device, ["pods", name, "device"], check);
    const key = `${host} ${device}`;
    const other = taken.devices.get(key);
    if (other !== undefined) {
      const message = `${device} is ${other}'s on ${host} already`;
      check.complain({
        code: "duplicate-device",
        path: ["pods", name, "device"],
        message,
        hint: "choose another name",
      });
    }
    taken.devices.set(key, name);
    if (hostNetwork === true) complainOfOwn("device", name, check);
  }
  if (listen !== undefined) readListen(listen, ["pods", name, "listen"], check);
}

function checkAddress(
  name: string,
  address: NonNullable<PodMap["address"]>,
  { hostNetwork }: PodMap,
  { cluster, addresses, ownerOf }: Taken,
  check: Check,
): void {
  if (hostNetwork === true) complainOfOwn("address", name, check);
  let families = 0;
  for (const [text, path] of typeof address === "string" ? [[address, undefined] as const] : eachText(address, [])) {
    const at = (): Path => ["pods", name, "address", ...(path ?? [])];
    const ip = Ip.parse(text);
    if (!ip) {
      check.complain({ code: "bad-address", path: at(), ...notAnAddress(text) });
      continue;
    }
    if ((families & ip.family) !== 0) {
      check.complain({ code: "family-twice", path: at(), message: `${ip} is a second IPv${ip.family} address` });
    }
    families |= ip.family;
    const key = addressKey(ip);
    const other = addresses.get(key) ?? ownerOf(ip);
    if (other !== undefined) {
      const hint = "give it another address";
      check.complain({ code: "duplicate-address", path: at(), message: `${ip} is ${other}'s already`, hint });
    }
    addresses.set(key, name);
    if (cluster.podCIDRs.length === 0 || cluster.podCIDRs.some((cidr) => cidr.contains(ip))) continue;
    const alien = cluster.podCIDRs.every((cidr) => cidr.family !== ip.family);
    const message = alien
      ? `the cluster has no IPv${ip.family} pods`
      : `${ip} is not in the pods' ${cluster.podCIDRs.join(", ")}`;
    const hint = alien ? `add an IPv${ip.family} network to cluster.podCIDR` : "choose one in its host's share";
    check.complain({ code: alien ? "family-mismatch" : "outside-pod-cidr", path: at(), message, hint });
  }
}

function complainOfOwn(key: string, name: string, check: Check): void {
  const message = `a pod on the host's network has no ${key} of its own`;
  check.complain({ code: "host-network", path: ["pods", name, key], part: "key", message, hint: "take it out" });
}

function complainOfHost(
  name: string,
  host: string | undefined,
  entry: PodEntry,
  nearestHost: (word: string) => string | undefined,
  { hosts }: PodGround,
  written: Readonly<Record<string, PodEntry>>,
  check: Check,
): void {
  if (host === undefined) {
    if (check.isLost("pods", name)) return;
    const hint = "add host: NAME";
    check.complain({ code: "missing-key", path: ["pods", name], part: "key", message: `${name} has no host`, hint });
    return;
  }
  if (check.isLost("hosts", host)) return;
  const path = typeof entry === "string" ? ["pods", name] : ["pods", name, "host"];
  const meant = nearestHost(host);
  const swapped = hosts.has(name) && !Object.hasOwn(written, host);
  const hint = swapped
    ? `the pod comes first: ${host}: ${name}`
    : meant !== undefined
      ? `did you mean ${meant}?`
      : hosts.size === 0
        ? "add it under hosts:"
        : `hosts are ${[...hosts.keys()].slice(0, 5).join(", ")}${hosts.size > 5 ? " …" : ""}`;
  check.complain({ code: "unknown-host", path, message: `${quoted(host)} is not a host`, hint });
}
