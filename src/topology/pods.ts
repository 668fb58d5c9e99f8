import { Ip } from "../addr/ip.ts";
import { hash32 } from "../addr/mac.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Check } from "./check.ts";
import { checkDevice, isDevice } from "./cni.ts";
import { readListen } from "./fabric.ts";
import type { PodEntry, PodMap, Texts } from "./file.ts";
import { checkPodName, fullPodName, isPodName } from "./names.ts";
import { suggester } from "./nearest.ts";
import type { Path } from "./path.ts";
import { layOver, writtenPods } from "./pod-list.ts";
import { notAnAddress, quoted } from "./prefixes.ts";
import { isPodEntry } from "./read.ts";
import type { Cluster, Host, Pods } from "./topology.ts";
import { listed } from "./underlay.ts";
import { v4Word } from "./v4-word.ts";
import { wordSet } from "./word-set.ts";

/** What pods are checked against. */
export interface PodGround {
  readonly cluster: Cluster;
  readonly hosts: ReadonlyMap<string, Host>;
  /** Pods made by `generate`, over which written ones are laid. */
  readonly generated: Pods;
}

type Written = Readonly<Record<string, PodEntry>>;

/**
 * Checks the pods of a file in one pass and answers them on demand; `undefined` as soon as one has a wrong form, which
 * the schema then explains.
 *
 * The pass makes no object for a pod that is in order: there may be 150,000.
 */
export function resolvePods(written: Written, ground: PodGround, check: Check): Pods | undefined {
  const { cluster, hosts, generated } = ground;
  const names = Object.keys(written);
  const byHost = new Map<string, string[]>();
  for (const host of hosts.keys()) byHost.set(host, []);
  const strangers = strangerCheck(written, ground, check);
  const checkAddress = addressCheck(cluster, names, written, check);
  let pinned = 0;
  for (const name of names) {
    const entry = written[name];
    if (entry === undefined || !isPodEntry(entry)) return undefined;
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
    const map = typeof entry === "object" ? entry : undefined;
    const host = typeof entry === "string" ? entry : (entry.host ?? generated.get(fullPodName(name))?.host);
    const list = host === undefined ? undefined : byHost.get(host);
    if (list) list.push(name);
    else strangers(name, host);
    if (map?.address !== undefined) checkAddress(name, map.address);
    if (map?.listen !== undefined) readListen(map.listen, ["pods", name, "listen"], check);
    if (map?.device !== undefined) {
      if (!isDevice(map.device)) checkDevice(map.device, ["pods", name, "device"], check);
      pinned++;
    }
    if (map?.hostNetwork === true) checkHostNetwork(name, map, check);
  }
  if (pinned > 0) checkDevices(byHost, written, pinned, check);
  checkRoom(byHost, written, hosts, check);
  return layOver(generated, writtenPods(written, names, byHost, check));
}

/** Complains of pods whose host is nobody. */
function strangerCheck(written: Written, { hosts, generated }: PodGround, check: Check) {
  const nearestHost = suggester(() => hosts.keys());
  return (name: string, host: string | undefined): void => {
    if (host === undefined) {
      if (check.isLost("pods", name)) return;
      const hint = generated.size > 0 ? "add host: NAME; no such pod is generated" : "add host: NAME";
      check.complain({ code: "missing-key", path: ["pods", name], part: "key", message: `${name} has no host`, hint });
      return;
    }
    if (check.isLost("hosts", host)) return;
    const path = typeof written[name] === "string" ? ["pods", name] : ["pods", name, "host"];
    const meant = nearestHost(host);
    const known = hosts.size === 0 ? "add it under hosts:" : `hosts are ${listed([...hosts.keys()])}`;
    const hint = swapped(name, host, written, hosts) ?? (meant === undefined ? known : `did you mean ${meant}?`);
    check.complain({ code: "unknown-host", path, message: `${quoted(host)} is not a host`, hint });
  };
}

/** What to write for `node-1: pod-a`, or for `pod: pod-a` and `host: node-1` side by side. */
function swapped(name: string, host: string, written: Written, hosts: ReadonlyMap<string, Host>): string | undefined {
  if (hosts.has(name) && !Object.hasOwn(written, host)) return `the pod comes first: ${host}: ${name}`;
  const beside = Object.hasOwn(written, "host") ? written.host : undefined;
  return name === "pod" && typeof beside === "string" ? `write ${host}: ${beside} instead of the two` : undefined;
}

/** Checks pinned addresses one after another: well-formed, one a family, inside the cluster, nobody else's. */
function addressCheck({ podNetworks }: Cluster, names: readonly string[], written: Written, check: Check) {
  const seen = wordSet(names.length);
  const seenV6 = new Set<string>();
  const v4 = podNetworks.find((cidr) => cidr.family === 4);
  const network = v4?.ip.words[0] ?? -1;
  const mask = v4 && v4.length > 0 ? (-1 << (32 - v4.length)) >>> 0 : 0;
  const isNew = (ip: Ip) => {
    if (ip.family === 4) return seen.add(0, (ip.words[0] ?? 0) | 0);
    const text = ip.toString();
    return !seenV6.has(text) && seenV6.add(text) !== undefined;
  };
  const checkOne = (name: string, text: string, at: Path): Ip | undefined => {
    const path = ["pods", name, "address", ...at];
    const ip = Ip.parse(text);
    if (!ip) {
      check.complain({ code: "bad-address", path, ...notAnAddress(text) });
      return undefined;
    }
    if (!isNew(ip)) {
      const other = names.find((word) => textsOf(written[word]).some((own) => Ip.parse(own)?.equals(ip)));
      const message = other === name ? `${ip} stands here twice` : `${ip} is ${other}'s already`;
      check.complain({ code: "duplicate-address", path, message, hint: "give it another address" });
    }
    if (podNetworks.length === 0 || podNetworks.some((cidr) => cidr.contains(ip))) return ip;
    const alien = podNetworks.every((cidr) => cidr.family !== ip.family);
    const message = alien
      ? `the cluster has no IPv${ip.family} pods`
      : `${ip} is not in the pods' ${podNetworks.join(", ")}`;
    const hint = alien ? `add an IPv${ip.family} network to cluster.podCIDR` : "choose one in its host's share";
    check.complain({ code: alien ? "family-mismatch" : "outside-pod-cidr", path, message, hint });
    return ip;
  };
  return (name: string, address: Texts): void => {
    if (typeof address === "string") {
      const word = v4Word(address);
      const good = word >= 0 && (word & mask) >>> 0 === network && seen.add(0, word | 0);
      // What is not plainly good is looked at again to say why; what is seen is then seen still.
      if (!good) checkOne(name, address, []);
      return;
    }
    const [first, second] = address.map((text, i) => checkOne(name, text, [i]));
    if (!first || first.family !== second?.family) return;
    const message = `${second} is a second IPv${second.family} address`;
    const hint = "one per family: [IPv4, IPv6]";
    check.complain({ code: "family-twice", path: ["pods", name, "address", 1], message, hint });
  };
}

function textsOf(entry: PodEntry | undefined): readonly string[] {
  const address = typeof entry === "object" ? entry.address : undefined;
  return address === undefined ? [] : typeof address === "string" ? [address] : address;
}

function checkHostNetwork(name: string, entry: PodMap, check: Check): void {
  for (const key of ["address", "device"] as const) {
    if (entry[key] === undefined) continue;
    const message = `a pod on the host's network has no ${key} of its own`;
    check.complain({ code: "host-network", path: ["pods", name, key], part: "key", message, hint: "take it out" });
  }
}

/** Complains of device names that stand twice on one host. */
function checkDevices(
  byHost: ReadonlyMap<string, readonly string[]>,
  written: Written,
  pinned: number,
  check: Check,
): void {
  const seen = wordSet(pinned);
  let number = 0;
  for (const [host, names] of byHost) {
    number++;
    for (const [i, name] of names.entries()) {
      const device = deviceOf(written[name]);
      if (device === undefined || seen.add(number, hash32(device) | 0)) continue;
      // The same hash on the same host: nearly always the same name.
      const other = names.slice(0, i).find((word) => deviceOf(written[word]) === device);
      if (other === undefined) continue;
      const message = `${device} is ${other}'s on ${host} already`;
      check.complain({
        code: "duplicate-device",
        path: ["pods", name, "device"],
        message,
        hint: "choose another name",
      });
    }
  }
}

function deviceOf(entry: PodEntry | undefined): string | undefined {
  return typeof entry === "object" ? entry.device : undefined;
}

/** An IPAM gives out neither the first two addresses of a share, its network and its bridge, nor its last. */
const KEPT = 3;

function checkRoom(
  byHost: ReadonlyMap<string, readonly string[]>,
  written: Written,
  hosts: ReadonlyMap<string, Host>,
  check: Check,
): void {
  for (const [name, host] of hosts) {
    const names = byHost.get(name) ?? [];
    for (const cidr of host.podCIDRs) {
      if (names.length <= cidr.size - KEPT) continue;
      const own = names.filter((pod) => isDrawn(written[pod], cidr.family));
      const pinned = own.length === 0 ? 0 : names.filter((pod) => isPinnedIn(written[pod], cidr)).length;
      const room = Math.max(0, cidr.size - KEPT - pinned);
      const first = own[room];
      if (first === undefined) continue;
      const message = `${cidr} of ${name} has no address left for ${first}, pod ${room + pinned + 1} there`;
      const hint = "move pods, or lower cluster.nodeMaskSize";
      check.complain({ code: "pod-cidr-exhausted", path: ["pods", first], part: "key", message, hint });
    }
  }
}

/** Whether a pod takes an address that its host's share has left: it has a network of its own, and none pinned. */
function isDrawn(entry: PodEntry | undefined, family: 4 | 6): boolean {
  if (typeof entry === "object" && entry.hostNetwork === true) return false;
  return !textsOf(entry).some((text) => Ip.parse(text)?.family === family);
}

function isPinnedIn(entry: PodEntry | undefined, cidr: Prefix): boolean {
  return textsOf(entry).some((text) => {
    const ip = Ip.parse(text);
    return ip !== undefined && cidr.contains(ip);
  });
}
