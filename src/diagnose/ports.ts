import type { Ip } from "../addr/ip.ts";
import type { Link } from "../kernel/link.ts";
import type { Netns } from "../kernel/netns.ts";
import { placeName } from "../trace/project.ts";
import { change, type Fact } from "./fact.ts";
import type { Loss, Scene } from "./scene.ts";

/** A frame came in by a port that passes nothing on. */
export function stoppedAtPort({ netns, event }: Loss): Fact {
  return blockedPort(netns, event.at.dev);
}

/** A bridge without a port to send by. */
export function noPort(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev = "" } = loss.because;
  const link = loss.netns.links.get(dev);
  if (link?.state !== undefined) return blockedPort(loss.netns, dev);
  if (link?.master !== undefined && loss.event.at.dev === dev) {
    return {
      code: "HAIRPIN_DISABLED",
      at,
      text: `${link.master} on ${at} would have to send the frame back out of ${dev}, where it came in, and hairpin is off there.`,
      look: [{ at, command: `bridge -d link show dev ${dev}`, expect: "hairpin off" }],
      mend: () => [change(at, `bridge link set dev ${dev} hairpin on`)],
    };
  }
  const text =
    link?.kind === "bridge"
      ? `${dev} on ${at} has no port to send the frame out of.`
      : `The bridge on ${at} has a forwarding entry that names ${dev}, which is no port of it any more.`;
  return { code: "BRIDGE_PORT_MISSING", at, text, look: [{ at, command: "bridge link", expect: "no such port" }] };
}

/** A bridge that has no carrier: why none of its ports passes frames on. */
export function withoutCarrier(netns: Netns, bridge: string): Fact {
  const ports = [...netns.links.values()].filter(({ master }) => master === bridge);
  const blocked = ports.find(({ state }) => state !== undefined);
  if (blocked) return blockedPort(netns, blocked.name);
  const at = placeName(netns.name);
  const down = ports.find(({ up }) => !up);
  if (down) {
    return {
      code: "IFACE_DOWN",
      at,
      text: `${down.name} on ${at} is down, and ${bridge} has no other port: it has no carrier, and drops what it is given.`,
      look: [{ at, command: `ip link show ${bridge}`, expect: "NO-CARRIER" }],
      mend: () => [change(at, `ip link set ${down.name} up`)],
    };
  }
  return {
    code: "BRIDGE_PORT_MISSING",
    at,
    text: `${bridge} on ${at} has no port: it has no carrier, and drops what it is given.`,
    look: [{ at, command: `ip link show ${bridge}`, expect: "NO-CARRIER" }],
  };
}

/** What keeps a pod on its machine from the bridge that is its gateway: no port, or one that does not forward. */
export function portFault(machine: Netns, pod: string, bridge: string): Fact | undefined {
  const port = [...machine.links.values()].find((link) => link.kind === "veth" && link.peer.netns === pod);
  if (!port) return undefined;
  if (port.master === bridge) return port.state === undefined ? undefined : blockedPort(machine, port.name);
  const at = placeName(machine.name);
  return {
    code: "BRIDGE_PORT_MISSING",
    at,
    text: `${port.name} on ${at}, where ${placeName(pod)} hangs, is no port of ${bridge}.`,
    look: [{ at, command: `ip link show ${port.name}`, expect: `no master ${bridge}` }],
    mend: () => [change(at, `ip link set ${port.name} master ${bridge}`)],
  };
}

/** A bridge port in a state other than forwarding. */
export function blockedPort(netns: Netns, dev: string): Fact {
  const at = placeName(netns.name);
  const state = netns.links.get(dev)?.state ?? "blocking";
  return {
    code: "BRIDGE_PORT_BLOCKED",
    at,
    text: `${dev} on ${at} is a bridge port in state ${state}: it passes nothing on, in or out.`,
    look: [{ at, command: `bridge link show dev ${dev}`, expect: `state ${state}` }],
    mend: () => [change(at, `bridge link set dev ${dev} state forwarding`)],
  };
}

/** The veth of a pod that held an address: it was deleted, and a veth goes at both ends. */
export function lostVeth(scene: Scene, machine: Netns, ip: Ip): Fact | undefined {
  for (const { link } of machine.lost) {
    const pod = link.kind === "veth" ? scene.network.netns(link.peer.netns) : undefined;
    const held = pod?.lost.find(({ addresses }) => addresses.some((address) => address.ip.equals(ip)));
    if (pod && held) return deletedVeth(pod, held.link);
  }
  return undefined;
}

/** A pod that was left without a device to send by. */
export function cutOff({ netns }: Loss): readonly Fact[] {
  const veth = netns.kind === "pod" ? netns.lost.find(({ link }) => link.kind === "veth") : undefined;
  return veth ? [deletedVeth(netns, veth.link)] : [];
}

function deletedVeth(pod: Netns, link: Link): Fact {
  const at = placeName(pod.name);
  const [host, dev] = link.kind === "veth" ? [placeName(link.peer.netns), link.peer.dev] : [at, link.name];
  return {
    code: "VETH_PEER_MISSING",
    at,
    text: `${link.name} of ${at} is gone, and so is its other end, ${dev} on ${host}: a veth is deleted at both ends.`,
    look: [
      { at, command: "ip link", expect: `lo and no ${link.name}` },
      { at: host, command: `ip link show ${dev}`, expect: `Device "${dev}" does not exist.` },
    ],
  };
}
