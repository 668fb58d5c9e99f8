import type { Ip } from "../addr/ip.ts";
import { fibLookup } from "../kernel/fib.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Writer } from "../kernel/row.ts";
import { namespace, type Scene } from "./scene.ts";

/** Who holds an address: the namespace, its device, and the machine that the namespace is on. */
export interface Holder {
  readonly netns: Netns;
  readonly dev: string;
  readonly machine: string;
}

/**
 * Everybody who holds an address. Only machines that a segment names for it are asked, and those the packet visited;
 * a pod is found by the veth of its machine. When the packet arrived, only the segments it crossed are asked: a large
 * network has many.
 */
export function holdersOf(scene: Scene, ip: Ip): readonly Holder[] {
  return [...candidates(scene, ip)].flatMap((machine) => heldOn(scene, namespace(scene, machine), ip));
}

/** The machine that has an address, or that its pods would have it from; `undefined` when no machine claims it. */
export function homeOf(scene: Scene, ip: Ip): string | undefined {
  const [holder] = holdersOf(scene, ip);
  if (holder) return holder.machine;
  return [...candidates(scene, ip)].find((machine) => claims(namespace(scene, machine), ip));
}

/** The machine a namespace is on: itself, or the other end of a pod's veth. */
export function machineOf(scene: Pick<Scene, "network">, name: string): string {
  const netns = namespace(scene, name);
  if (netns.kind !== "pod") return name;
  for (const link of netns.links.values()) if (link.kind === "veth") return link.peer.netns;
  return name;
}

/** Whether an address belongs to one of a machine's own cards, so that everybody in the underlay knows it. */
export function isUnderlay(scene: Scene, ip: Ip): boolean {
  return holdersOf(scene, ip).some(({ netns, dev }) => netns.links.get(dev)?.kind === "nic");
}

/** Whether the way to an address ends on this machine: in its pods, or in a row that says there is none. */
export function claims(machine: Netns, ip: Ip): boolean {
  if (machine.kind !== "host") return false;
  const found = fibLookup(machine, { dst: ip });
  if (!found || found.route.dst.length === 0) return false;
  if (found.route.type !== "unicast") return !isByHand(found.route.by);
  const kind = machine.links.get(found.nexthop?.dev ?? "")?.kind;
  return found.nexthop?.via === undefined && (kind === "bridge" || kind === "veth");
}

/** Whether a person wrote a row, and no agent. */
export function isByHand(by: Writer): boolean {
  return by === "operator" || by === "fault" || by === "fix";
}

function candidates({ network, end, visited, crossed }: Scene, ip: Ip): ReadonlySet<string> {
  const { segments } = network;
  const asked = end?.action.kind === "deliver" ? crossed : segments.keys();
  const machines = new Set<string>();
  for (const name of asked) for (const { netns } of segments.get(name)?.owners(ip) ?? []) machines.add(netns);
  for (const name of visited) machines.add(machineOf({ network }, name));
  return machines;
}

function heldOn(scene: Scene, machine: Netns, ip: Ip): readonly Holder[] {
  const own = machine.addresses.find((address) => address.ip.equals(ip));
  if (own) return [{ netns: machine, dev: own.dev, machine: machine.name }];
  const held: Holder[] = [];
  for (const link of machine.links.values()) {
    const pod = link.kind === "veth" ? scene.network.netns(link.peer.netns) : undefined;
    const address = pod?.addresses.find((candidate) => candidate.ip.equals(ip));
    if (pod && address) held.push({ netns: pod, dev: address.dev, machine: machine.name });
  }
  return held;
}
