import type { Ip } from "../addr/ip.ts";
import { fibLookup } from "../kernel/fib.ts";
import { hasEthernet, type Link } from "../kernel/link.ts";
import type { Neighbour } from "../kernel/neighbour.ts";
import { forwards, proxies } from "../kernel/sysctl.ts";
import type { Action } from "../trace/event.ts";
import { placeName } from "../trace/project.ts";
import { deletedFor } from "./deleted-rows.ts";
import { type Change, change, type Fact } from "./fact.ts";
import { type Holder, holdersOf } from "./holder.ts";
import { deviceDown } from "./layer2.ts";
import { teachRouters } from "./mend-routes.ts";
import { blockedPort, portFault } from "./ports.ts";
import { routeWords } from "./row-words.ts";
import { type Loss, namespace, type Scene } from "./scene.ts";

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
    case "bridge":
      return [...questionLost(loss), ...elsewhere(loss, link, ip), ...behindPort(loss, link.name, ip)];
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
  const gone = deletedFor(host, ip, way);
  if (gone.length > 0) return gone;
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
    if (!asked.has(packet) || action.kind !== "drop") continue;
    const here = namespace(loss, at.netns);
    if (action.reason === "BRIDGE_INGRESS_STP_STATE") return [blockedPort(here, at.dev)];
    if (action.reason !== "DEV_READY") continue;
    const link = here.links.get(at.dev);
    const dev = action.because?.dev ?? at.dev;
    // Which of its ports leads to the pod is told where the pod is known.
    if (link?.kind === "bridge" && link.up && link.name === dev) return [];
    const across = link?.kind === "veth" && link.peer.dev === dev && link.name !== dev;
    return [deviceDown(across ? namespace(loss, link.peer.netns) : here, dev)];
  }
  return [];
}

/** A pod of this machine that its bridge cannot reach. */
function behindPort(loss: Loss, bridge: string, ip: Ip): readonly Fact[] {
  const [holder] = holdersOf(loss, ip);
  const port = holder?.machine === loss.netns.name ? portFault(loss.netns, holder.netns.name, bridge) : undefined;
  return port ? [port] : [];
}

/** The next hop's device is down, or its machine is on another segment than the one that was asked. */
function elsewhere(loss: Loss, link: Link | undefined, ip: Ip): readonly Fact[] {
  const [holder] = holdersOf(loss, ip);
  const theirs = holder?.netns.links.get(holder.dev);
  if (holder && theirs?.up === false) return [deviceDown(holder.netns, holder.dev)];
  const end = theirs?.kind === "veth" ? namespace(loss, theirs.peer.netns) : undefined;
  if (end && theirs?.kind === "veth" && end.links.get(theirs.peer.dev)?.up === false) {
    return [deviceDown(end, theirs.peer.dev)];
  }
  if (link?.kind !== "nic") return [];
  if (!holder || theirs?.kind !== "nic" || theirs.segment === link.segment) return [];
  const at = placeName(loss.netns.name);
  const there = placeName(holder.netns.name);
  return [
    {
      code: "NOT_SAME_SEGMENT",
      at,
      text: `${at} takes ${ip} to be on ${link.name}, which is on ${link.segment}, but ${there} has it on ${theirs.segment}.`,
      look: [{ at, command: `ip neigh show ${ip}`, expect: "FAILED" }],
      mend: () => [[...withoutRow(loss, at), ...teachRouters(loss)]],
    },
  ];
}

/** The row that sent the packet where nobody answers goes. */
function withoutRow(loss: Loss, at: string): Change {
  const last = loss.path.findLast(({ action }) => action.kind === "route");
  return last?.action.kind === "route" ? change(at, `ip route del ${routeWords(last.action.found.route)}`) : [];
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
        mend: () => [rightMac(at, action.entry, owner.link)],
      },
    ];
  });
}

/** The owner's MAC address in the neighbour row; a tunnel device needs the entry behind it too. */
function rightMac(at: string, { ip, dev }: Neighbour, { mac, kind, ...link }: Link): Change {
  const neighbour = { at, command: `ip neigh replace ${ip} lladdr ${mac} dev ${dev} nud permanent` };
  if (kind !== "vxlan" || !("local" in link)) return [neighbour];
  return [neighbour, { at, command: `bridge fdb replace ${mac} dev ${dev} dst ${link.local}` }];
}

/** Addresses that the packet was sent to on the way, or that it is refused for, and that two machines hold. */
export function duplicates(scene: Scene | Loss): readonly Fact[] {
  const facts = new Map<string, Fact>();
  for (const { at, action } of scene.path) {
    const ip = towards(action);
    const holders = ip ? holdersOf(scene, ip) : [];
    const machines = [...new Set(holders.map(({ machine }) => placeName(machine)))];
    if (!ip || machines.length < 2) continue;
    const here = placeName(at.netns);
    facts.set(`${ip}`, {
      code: "NODE_IP_DUPLICATE",
      at: here,
      text: `${machines.join(" and ")} both hold ${ip}, which the packet meets on ${here}.`,
      look: [{ at: here, command: `arping -D ${ip}`, expect: "answers from two MAC addresses" }],
      mend: () => holders.map((holder) => withoutAddress(holder, ip)),
    });
  }
  return [...facts.values()];
}

function withoutAddress({ netns, dev }: Holder, ip: Ip): Change {
  const row = netns.addresses.find((address) => address.dev === dev && address.ip.equals(ip));
  return change(placeName(netns.name), `ip addr del ${ip}/${row?.length ?? ip.bits} dev ${dev}`);
}

/** The address that decides who gets the packet next, or that it is dropped for. */
function towards(action: Action): Ip | undefined {
  switch (action.kind) {
    case "neighbour":
      return action.entry.ip;
    case "fdb":
      return action.entry.dst;
    case "lease":
      return action.lease.to;
    case "drop":
      return action.reason === "IP_LOCAL_SOURCE" ? action.because?.ip : undefined;
    default:
      return undefined;
  }
}
