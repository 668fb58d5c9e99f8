import type { Link, NicLink, Veth } from "../kernel/link.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Network } from "../kernel/network.ts";
import { linkText } from "../render/iproute-link.ts";
import { kernelName, type Names } from "./names.ts";
import type { Command, Step } from "./step.ts";

/** What Ethernet, IP, UDP and VXLAN add: a card must hold that much more while a VXLAN device is made on it. */
const VXLAN_ROOM = { 4: 50, 6: 70 } as const;

/** The bridge of a segment in its own namespace. */
export const SEGMENT_BRIDGE = "br0";

/**
 * The devices of one namespace in the order of their numbers, which decide the sources of ICMP errors: both ends of a
 * veth are made at once, each with its number. A card is a veth whose other end is a port of its segment.
 */
export function linkSteps(network: Network, netns: Netns, names: Names, made: Set<string>): readonly Command[] {
  const here = kernelName(names, netns.name);
  const ip = (...argv: readonly string[]): Command => ({ kind: "run", netns: here, place: netns.name, argv });
  const ordered = [...netns.links.values()].sort((a, b) => a.ifindex - b.ifindex);
  const steps = ordered.flatMap((link) => {
    if (link.kind === "loopback" || made.has(`${netns.name} ${link.name}`)) return [];
    made.add(`${netns.name} ${link.name}`);
    switch (link.kind) {
      case "nic":
        return nic(network, netns, link, names, made).map((argv) => ip(...argv));
      case "veth":
        return veth(network, link, names, made).map((argv) => ip(...argv));
      case "tun":
        return [ip("ip", "tuntap", "add", "dev", link.name, "mode", "tun")];
      case "bridge": {
        // An MTU given at once and one set later differ in what br_netfilter cuts to.
        const words = linkText(link).split(" ").slice(1);
        const at = words.indexOf("mtu");
        const made = link.routeMtu === undefined ? words : [...words.slice(0, at), ...words.slice(at + 2)];
        return [ip("ip", "link", "add", ...numbered(link), ...made)];
      }
      default:
        return [ip("ip", "link", "add", ...numbered(link), ...linkText(link).split(" ").slice(1))];
    }
  });
  return [...steps, ...ordered.flatMap((link) => portSteps(link).map((argv) => ip(...argv)))];
}

/** MTUs that could not be given at once, and up or down; devices are brought up when all have their addresses. */
export function upSteps(netns: Netns, names: Names): readonly Command[] {
  const here = kernelName(names, netns.name);
  return [...netns.links.values()]
    .sort((a, b) => a.ifindex - b.ifindex)
    .flatMap((link) => {
      const mtu = link.kind === "loopback" ? [] : ["mtu", `${link.mtu}`];
      const argv = ["ip", "link", "set", "dev", link.name, ...mtu, ...(link.up ? ["up"] : [])];
      return argv.length > 5 ? [{ kind: "run", netns: here, place: netns.name, argv } as const] : [];
    });
}

/** Bridge ports that do not forward: only a port that is up, at both ends, takes another state. */
export function stateSteps(netns: Netns, names: Names): readonly Step[] {
  const here = kernelName(names, netns.name);
  const closed = [...netns.links.values()].flatMap(({ name, state }): readonly Command[] => {
    const argv = ["bridge", "link", "set", "dev", name, "state", `${state}`];
    return state === undefined ? [] : [{ kind: "run", netns: here, place: netns.name, argv }];
  });
  return closed.length > 0 ? [{ kind: "carried", netns: here, place: netns.name }, ...closed] : [];
}

function numbered(link: Link): readonly string[] {
  return [link.name, "index", `${link.ifindex}`];
}

function nic(
  network: Network,
  netns: Netns,
  link: NicLink,
  names: Names,
  made: Set<string>,
): readonly (readonly string[])[] {
  const segment = names.segments.get(link.segment);
  if (segment === undefined) return [];
  const port = `p${[...made].filter((key) => key.startsWith(`${link.segment}:`)).length}`;
  made.add(`${link.segment}:${port}`);
  const above = [...netns.links.values()].flatMap((other) =>
    other.kind === "vxlan" && other.lower === link.name ? [other.mtu + VXLAN_ROOM[other.local.family]] : [],
  );
  const mtu = Math.max(link.mtu, ...above);
  const end = ["ip", "link", "add", ...numbered(link), "address", link.mac, "mtu", `${mtu}`];
  const width = `${network.segments.get(link.segment)?.mtu}`;
  return [[...end, "type", "veth", "peer", "name", port, "mtu", width, "netns", segment]];
}

function veth(network: Network, link: Veth, names: Names, made: Set<string>): readonly (readonly string[])[] {
  const peer = network.netns(link.peer.netns)?.links.get(link.peer.dev);
  const end = (one: Link) => [...numbered(one), "address", one.mac ?? "", "mtu", `${one.mtu}`];
  if (!peer) return [];
  made.add(`${link.peer.netns} ${link.peer.dev}`);
  return [
    [
      "ip",
      "link",
      "add",
      ...end(link),
      "type",
      "veth",
      "peer",
      "name",
      ...end(peer),
      "netns",
      kernelName(names, link.peer.netns),
    ],
  ];
}

function portSteps({ name, master, hairpin }: Link): readonly (readonly string[])[] {
  if (master === undefined) return [];
  return [
    ["ip", "link", "set", "dev", name, "master", master],
    ...(hairpin ? [["bridge", "link", "set", "dev", name, "hairpin", "on"]] : []),
  ];
}
