import type { Ip } from "../addr/ip.ts";
import { fibLookup } from "../kernel/fib.ts";
import { hasEthernet, type Link } from "../kernel/link.ts";
import type { Netns } from "../kernel/netns.ts";
import { forwards, proxies } from "../kernel/sysctl.ts";
import { placeName } from "../trace/project.ts";
import type { Ethernet } from "../wire/header.ts";
import { change, type Fact } from "./fact.ts";
import { holdersOf } from "./holder.ts";
import { routeWords } from "./row-words.ts";
import { type Loss, namespace, type Scene } from "./scene.ts";

/** A device that is down, or not there; it may be the other end of a veth. */
export function notReady(loss: Loss): Fact {
  const { dev = loss.event.at.dev } = loss.because;
  const here = loss.netns.links.get(loss.event.at.dev);
  const across = here?.kind === "veth" && here.name !== dev && here.peer.dev === dev;
  const netns = across ? namespace(loss, here.peer.netns) : loss.netns;
  return deviceDown(netns, dev);
}

/** A device that does not take part, in words. */
export function deviceDown(netns: Netns, dev: string): Fact {
  const at = placeName(netns.name);
  const link = netns.links.get(dev);
  const state = link ? "is down" : "is not there";
  return {
    code: "IFACE_DOWN",
    at,
    text: `${dev} on ${at} ${state}.`,
    look: [{ at, command: `ip link show ${dev}`, expect: link ? "state DOWN" : `Device "${dev}" does not exist.` }],
    ...(link && { mend: () => [change(at, `ip link set ${dev} up`)] }),
  };
}

/** Nobody answers for the next hop. */
export function unanswered(loss: Loss): Fact {
  const { ip = loss.ip.dst, dev = loss.event.at.dev } = loss.because;
  const at = placeName(loss.netns.name);
  const how = ip.family === 4 ? "ARP" : "neighbour discovery";
  return {
    code: "ARP_FAILED",
    at,
    text: `${at} asked for ${ip} on ${dev} by ${how} and got no answer${loss.wrapped ? "; the packet is a tunnel's" : ""}.`,
    look: [{ at, command: `ip neigh show ${ip}`, expect: "FAILED" }],
  };
}

/** Why nobody answers. */
export function neighbourCauses(loss: Loss): readonly Fact[] {
  if (loss.reason !== "NEIGH_FAILED") return [];
  const { ip = loss.ip.dst, dev = loss.event.at.dev } = loss.because;
  const link = loss.netns.links.get(dev);
  switch (link?.kind) {
    case "veth":
      return proxyCauses(loss, link.peer, ip);
    case "vxlan":
      return [missingNeighbour(loss, link, ip)];
    default:
      return [...questionLost(loss), ...elsewhere(loss, link, ip)];
  }
}

/** A pod's gateway that is nobody's: the host end has to answer for it. */
function proxyCauses(loss: Loss, peer: { readonly netns: string; readonly dev: string }, ip: Ip): readonly Fact[] {
  const host = namespace(loss, peer.netns);
  const bridged = host.links.get(peer.dev)?.master !== undefined;
  if (bridged || holdersOf(loss, ip).length > 0) return questionLost(loss);
  const at = placeName(host.name);
  const key = `net.ipv${ip.family}.conf.${peer.dev}.${ip.family === 4 ? "proxy_arp" : "proxy_ndp"}`;
  const base = { code: "PROXY_ARP_OFF", at } as const;
  if (!proxies(host, peer.dev, ip.family)) {
    return [
      {
        ...base,
        text: `Nobody holds ${ip}, and ${peer.dev} on ${at} does not answer for it: ${key} is 0.`,
        look: [{ at, command: `sysctl ${key}`, expect: "0" }],
        mend: () => [change(at, `sysctl -w ${key}=1`)],
      },
    ];
  }
  if (!forwards(host, peer.dev, ip.family)) {
    const all = ip.family === 4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
    return [
      {
        code: "FORWARDING_DISABLED",
        at,
        text: `${peer.dev} on ${at} would answer for ${ip}, but only a machine that forwards does, and forwarding is off there.`,
        look: [{ at, command: `sysctl ${all} net.ipv4.conf.${peer.dev}.forwarding`, expect: "0" }],
        mend: () => [
          change(at, `sysctl -w ${all}=1`),
          change(at, `sysctl -w net.ipv${ip.family}.conf.${peer.dev}.forwarding=1`),
        ],
      },
    ];
  }
  const way = fibLookup(host, { dst: ip, iif: peer.dev });
  const leads = way ? `${routeWords(way.route)} leads back to the pod` : `${at} has no route to it`;
  return [
    {
      ...base,
      text: `${peer.dev} on ${at} answers for ${ip} only if it has a way there by another device, and ${leads}.`,
      look: [{ at, command: `ip route get ${ip}`, expect: way ? `dev ${peer.dev}` : "Network is unreachable" }],
    },
  ];
}

/** A tunnel device asks nobody: its rows come from the agent. */
function missingNeighbour(loss: Loss, link: Link, ip: Ip): Fact {
  const at = placeName(loss.netns.name);
  const late = loss.netns.neighbours.exceptions.findLast(({ row }) => row.dev === link.name && row.ip.equals(ip));
  const [holder] = holdersOf(loss, ip);
  const mac = late?.row.lladdr ?? holder?.netns.links.get(holder.dev)?.mac;
  const gone = late?.op === "del" ? "; the one it had was deleted" : "";
  return {
    code: "NEIGHBOUR_MISSING",
    at,
    text: `${at} has no neighbour row for ${ip} on ${link.name}, which learns nothing by itself${gone}.`,
    look: [{ at, command: `ip neigh show dev ${link.name}`, expect: `no ${ip}` }],
    ...(mac && { mend: () => [change(at, `ip neigh replace ${ip} lladdr ${mac} dev ${link.name} nud permanent`)] }),
  };
}

/** What became of the question: a device down, a fabric that eats it. */
function questionLost(loss: Loss): readonly Fact[] {
  const asked = new Set(
    loss.trace.packets
      .filter(({ cause, parent }) => cause === "arp" && parent === loss.event.packet)
      .map(({ id }) => id),
  );
  for (const { id, parent } of loss.trace.packets) if (parent !== undefined && asked.has(parent)) asked.add(id);
  for (const { packet, at, action } of loss.trace.events) {
    if (!asked.has(packet) || action.kind !== "drop" || action.reason !== "DEV_READY") continue;
    const here = namespace(loss, at.netns);
    const link = here.links.get(at.dev);
    const dev = action.because?.dev ?? at.dev;
    const across = link?.kind === "veth" && link.peer.dev === dev && link.name !== dev;
    return [deviceDown(across ? namespace(loss, link.peer.netns) : here, dev)];
  }
  return [];
}

/** The next hop's machine is on another segment than the one that was asked. */
function elsewhere(loss: Loss, link: Link | undefined, ip: Ip): readonly Fact[] {
  if (link?.kind !== "nic") return [];
  const [holder] = holdersOf(loss, ip);
  const theirs = holder?.netns.links.get(holder.dev);
  if (!holder || theirs?.kind !== "nic" || theirs.segment === link.segment) return [];
  const at = placeName(loss.netns.name);
  const there = placeName(holder.netns.name);
  return [
    {
      code: "NOT_SAME_SEGMENT",
      at,
      text: `${at} takes ${ip} to be on ${link.name}, which is on ${link.segment}, but ${there} has it on ${theirs.segment}.`,
      look: [{ at, command: `ip neigh show ${ip}`, expect: "FAILED" }],
    },
  ];
}

/** A frame that nobody takes for its own, or from a sender that cannot be. */
export function wrongMac(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev } = loss.event.at;
  const mac = lastFrame(loss);
  if (loss.reason === "MAC_INVALID_SOURCE") {
    return {
      code: "WRONG_MAC",
      at,
      text: `The frame that came to ${dev} on ${at} is from ${mac?.src ?? "a group address"}, and no sender has a group address.`,
      look: [{ at, command: `tcpdump -eni ${dev}`, expect: `from ${mac?.src}` }],
    };
  }
  const [own] = loss.because.expected ?? [];
  const text =
    own === undefined
      ? `The frame from ${dev} on ${at} is for ${mac?.dst ?? "a MAC address"}, and no card on the segment has it.`
      : `The frame that came to ${dev} on ${at} is for ${mac?.dst ?? "another MAC address"}, but ${dev} has ${own}.`;
  return {
    code: "WRONG_MAC",
    at,
    text,
    look: [{ at, command: `tcpdump -eni ${dev}`, expect: `the frame is for ${mac?.dst}` }],
  };
}

/** The Ethernet header with which the packet came to where it was lost. */
function lastFrame(loss: Loss): Ethernet | undefined {
  const before = loss.path.slice(0, loss.path.indexOf(loss.event) + 1);
  const frame = before.findLast(({ headers }) => headers[0]?.kind === "ethernet")?.headers[0];
  return frame?.kind === "ethernet" ? frame : undefined;
}

/** A frame with the receiving device's own MAC as its sender. */
export function sameMac(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev = loss.event.at.dev, expected = [] } = loss.because;
  return {
    code: "MAC_DUPLICATE",
    at,
    text: `${dev} on ${at} got a frame from ${expected[0]}, which is its own MAC address: another machine has it too.`,
    look: [{ at, command: `ip link show ${dev}`, expect: `link/ether ${expected[0]}, as on the sender` }],
  };
}

/** A bridge without a port to send by. */
export function noPort(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev = "" } = loss.because;
  const bridge = loss.netns.links.get(dev)?.master;
  if (bridge !== undefined && loss.event.at.dev === dev) {
    return {
      code: "HAIRPIN_DISABLED",
      at,
      text: `${bridge} on ${at} would have to send the frame back out of ${dev}, where it came in, and hairpin is off there.`,
      look: [{ at, command: `bridge -d link show dev ${dev}`, expect: "hairpin off" }],
      mend: () => [change(at, `bridge link set dev ${dev} hairpin on`)],
    };
  }
  const isBridge = loss.netns.links.get(dev)?.kind === "bridge";
  const text = isBridge
    ? `${dev} on ${at} has no port to send the frame out of.`
    : `The bridge on ${at} has a forwarding entry that names ${dev}, which is no port of it any more.`;
  return { code: "BRIDGE_PORT_MISSING", at, text, look: [{ at, command: "bridge link", expect: "no such port" }] };
}

/** Neighbour rows on the way that name a MAC address their owner does not have. */
export function staleNeighbours(scene: Scene): readonly Fact[] {
  return scene.path.flatMap(({ at: { netns }, action }): readonly Fact[] => {
    if (action.kind !== "neighbour") return [];
    const { ip, dev, lladdr, by } = action.entry;
    const owners = holdersOf(scene, ip).flatMap((holder) => {
      const link = holder.netns.links.get(holder.dev);
      return link && hasEthernet(link) ? [{ link, where: placeName(holder.netns.name) }] : [];
    });
    const [owner] = owners;
    if (!owner || owners.some(({ link }) => link.mac === lladdr)) return [];
    const at = placeName(netns);
    return [
      {
        code: "NEIGHBOUR_STALE",
        at,
        text: `${at} has ${ip} dev ${dev} lladdr ${lladdr}, by ${by}, but ${owner.link.name} on ${owner.where} has ${owner.link.mac}.`,
        plain: [`${at} has a wrong MAC address for ${ip}, which is ${owner.where}.`],
        look: [{ at, command: `ip neigh show ${ip}`, expect: `lladdr ${lladdr}` }],
        mend: () => [change(at, `ip neigh replace ${ip} lladdr ${owner.link.mac} dev ${dev} nud permanent`)],
      },
    ];
  });
}

/** Addresses the packet was sent to on the way that two machines hold. */
export function duplicates(scene: Scene): readonly Fact[] {
  const facts = new Map<string, Fact>();
  for (const { at, action } of scene.path) {
    const ip =
      action.kind === "neighbour"
        ? action.entry.ip
        : action.kind === "fdb"
          ? action.entry.dst
          : action.kind === "lease"
            ? action.lease.to
            : undefined;
    const machines = ip ? [...new Set(holdersOf(scene, ip).map(({ machine }) => machine))] : [];
    if (!ip || machines.length < 2) continue;
    const names = machines.map(placeName);
    facts.set(`${ip}`, {
      code: "NODE_IP_DUPLICATE",
      at: placeName(at.netns),
      text: `${names.join(" and ")} both hold ${ip}, where ${placeName(at.netns)} sends the packet.`,
      look: [{ at: placeName(at.netns), command: `arping -D ${ip}`, expect: "answers from two MAC addresses" }],
    });
  }
  return [...facts.values()];
}
