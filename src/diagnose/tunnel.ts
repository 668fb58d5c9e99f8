import type { Ip } from "../addr/ip.ts";
import type { Link, LinkOf } from "../kernel/link.ts";
import type { Netns } from "../kernel/netns.ts";
import { placeName } from "../trace/project.ts";
import type { HeaderOf, Packet } from "../wire/header.ts";
import { type Change, change, type Fact, type Look } from "./fact.ts";
import { holdersOf, isByHand } from "./holder.ts";
import { deviceDown } from "./layer2.ts";
import { cardAddress } from "./mend-routes.ts";
import { fdbWords } from "./row-words.ts";
import { type Loss, namespace, type Scene } from "./scene.ts";
import { isHandshake, noWireguard } from "./wireguard.ts";

/** Nobody on the port: an application's, or a tunnel's. */
export function noSocket(loss: Loss): Fact {
  const udp = headerOf(loss.event.headers, "udp");
  const sealed = headerOf(loss.event.headers, "wireguard") !== undefined;
  if (sealed || isHandshake(loss.trace, loss.event.packet)) return noWireguard(loss, udp?.dport);
  if (!loss.wrapped) return noListener(loss);
  const at = placeName(loss.netns.name);
  const look: readonly Look[] = [
    { at, command: `ss -lnu sport = :${udp?.dport}`, expect: "nobody" },
    { at, command: "nstat -az UdpNoPorts", expect: "rises with every packet" },
  ];
  const vxlan = headerOf(loss.event.headers, "vxlan") !== undefined;
  return vxlan ? { ...noVxlan(loss, at, udp?.dport), look } : { ...noForwarder(loss, at, udp?.dport), look };
}

function noListener(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  if (loss.event.headers.some(({ kind }) => kind === "icmp")) {
    const text = `The packet arrives at ${at}, but nobody there waits for the answer that it is.`;
    return {
      code: "NO_LISTENER",
      at,
      text,
      look: [{ at, command: "tcpdump -ni any icmp", expect: "it comes, and nothing follows" }],
    };
  }
  const next = loss.event.headers.find((header) => "dport" in header);
  const port = next && "dport" in next ? `${next.kind}/${next.dport}` : "its protocol";
  const open = loss.because.expected ?? [];
  const has = open.length > 0 ? ` (open: ${open.join(", ")})` : "";
  return {
    code: "NO_LISTENER",
    at,
    text: `The network is right, the packet arrives at ${at}, but nobody listens on ${port} there${has}.`,
    look: [{ at, command: "ss -lntu", expect: `no ${port}` }],
  };
}

function noVxlan(loss: Loss, at: string, port: number | undefined): Fact {
  const devices = linksOf(loss.netns, "vxlan");
  const [device] = devices;
  if (!device) {
    const text = `${at} got a VXLAN packet on udp/${port} and has no VXLAN device.`;
    return { code: "ENCAP_DEVICE_MISSING", at, text };
  }
  const down = devices.find((link) => link.port === port && !link.up);
  if (down) return deviceDown(loss.netns, down.name);
  const has = devices.map((link) => `${link.name} on udp/${link.port}`).join(", ");
  return {
    code: "ENCAP_PORT_MISMATCH",
    at,
    text: `${sender(loss)} sends VXLAN to udp/${port}, but ${at} has ${has}.`,
  };
}

function noForwarder(loss: Loss, at: string, port: number | undefined): Fact {
  const { forwarders } = loss.netns;
  const [forwarder] = forwarders;
  if (!forwarder) {
    const text = `${at} got a packet on udp/${port}, and no process there takes packets out of datagrams.`;
    return { code: "FORWARDER_GONE", at, text };
  }
  if (forwarder.port === port) {
    const text = `${forwarder.process} on ${at} listens on ${forwarder.ip}:${forwarder.port} only, and the datagram is for ${loss.ip.dst}.`;
    return { code: "DECAP_REFUSED", at, text };
  }
  return {
    code: "ENCAP_PORT_MISMATCH",
    at,
    text: `${sender(loss)} sends to udp/${port}, but ${forwarder.process} on ${at} listens on udp/${forwarder.port}.`,
  };
}

/** An IP protocol that nobody here takes: a tunnel's, or any other. */
export function noProtocol(loss: Loss): Fact {
  if (!loss.wrapped) return noListener(loss);
  const at = placeName(loss.netns.name);
  const tunnels = linksOf(loss.netns, "ipip");
  const look = [{ at, command: "ip -d link show type ipip", expect: "remote, local, and state" }];
  const [tunnel] = tunnels;
  if (!tunnel) {
    const text = `${at} got an IP-in-IP packet from ${loss.ip.src} and has no device for it.`;
    return { code: "ENCAP_DEVICE_MISSING", at, text, look };
  }
  if (tunnels.every((link) => !link.up)) return deviceDown(loss.netns, tunnel.name);
  const wants = tunnels.map((link) => `${link.name} takes ${link.remote ?? "any"} to ${link.local ?? "any"}`);
  return {
    code: "DECAP_REFUSED",
    at,
    text: `${at} takes no IP-in-IP packets from ${loss.ip.src} to ${loss.ip.dst}: ${wants.join(", ")}.`,
    look,
  };
}

/** The port is right and the VNI is not, or its device does not take part. */
export function noVni(loss: Loss): Fact {
  const vni = headerOf(loss.event.headers, "vxlan")?.vni;
  const at = placeName(loss.netns.name);
  const port = headerOf(loss.event.headers, "udp")?.dport;
  const devices = linksOf(loss.netns, "vxlan").filter((link) => link.port === port);
  const down = devices.find((link) => link.vni === vni && !link.up);
  if (down) return deviceDown(loss.netns, down.name);
  const has = devices.map((link) => `${link.name} with vni ${link.vni}`).join(", ");
  return {
    code: "ENCAP_VNI_MISMATCH",
    at,
    text: `${sender(loss)} sends vni ${vni}, but ${at} has ${has} on udp/${port}.`,
    look: [{ at, command: "ip -d link show type vxlan", expect: `another id than ${vni}` }],
  };
}

/** What came to the tunnel's port is no packet of that tunnel. */
export function notATunnelPacket(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const port = headerOf(loss.event.headers, "udp")?.dport;
  return {
    code: "ENCAP_PORT_MISMATCH",
    at,
    text: `What ${sender(loss)} sends to udp/${port} is not what the tunnel on that port of ${at} takes: the two use different tunnels.`,
    look: [{ at, command: "ip -d link show type vxlan; ss -lnup", expect: `who has udp/${port}` }],
  };
}

/** A device that carries IPv4 only, and a packet of the other family. */
export function wrongFamily(loss: Loss): Fact {
  if (loss.wrapped || loss.because.dev === undefined) return notATunnelPacket(loss);
  const at = placeName(loss.netns.name);
  const { dev } = loss.because;
  return {
    code: "ENCAP_FAMILY_MISMATCH",
    at,
    text: `${dev} on ${at} carries IPv4 only, and the packet for ${loss.ip.dst} is IPv6.`,
    look: [{ at, command: `ip -d link show ${dev}`, expect: "link/ipip" }],
  };
}

/** No machine is known for the frame's MAC address. */
export function noRemote(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev = "", expected = [] } = loss.because;
  const [mac = "its MAC address"] = expected;
  const late = loss.netns.fdb.exceptions.findLast(({ row }) => row.dev === dev && row.mac === mac);
  const gone = late?.op === "del" ? `; ${fdbWords(late.row)} was deleted` : "";
  return {
    code: "FDB_MISS",
    at,
    text: `${dev} on ${at} has no forwarding entry for ${mac}, so it knows no machine to send to and drops it silently${gone}.`,
    look: [
      { at, command: `bridge fdb show dev ${dev}`, expect: `no ${mac}` },
      { at, command: `ip -s link show ${dev}`, expect: "TX dropped rises" },
    ],
    mend: () => entryBack(loss, at, dev, mac, late?.row.dst),
  };
}

function entryBack(loss: Loss, at: string, dev: string, mac: string, was: Ip | undefined): readonly Change[] {
  const owner = gatewayOwner(loss);
  const right = owner?.links.get(dev)?.mac === mac ? cardAddress(owner, loss.sent.dst.family) : undefined;
  const dst = was ?? right;
  return dst ? [change(at, `bridge fdb replace ${mac} dev ${dev} dst ${dst}`)] : [];
}

/** The machine that holds the last next hop the packet was sent to over a tunnel device. */
function gatewayOwner(scene: Scene): Netns | undefined {
  const last = scene.path.findLast(({ action }) => action.kind === "neighbour");
  const [holder] = last?.action.kind === "neighbour" ? holdersOf(scene, last.action.entry.ip) : [];
  return holder && namespace(scene, holder.machine);
}

/** Forwarding entries by hand on the way that send a frame to another address than its owner's. */
export function staleEntries(scene: Scene): readonly Fact[] {
  let owner: Netns | undefined;
  return scene.path.flatMap(({ at: { netns }, action }): readonly Fact[] => {
    if (action.kind === "neighbour") {
      const [holder] = holdersOf(scene, action.entry.ip);
      owner = holder && namespace(scene, holder.machine);
    }
    const { dst } = action.kind === "fdb" ? action.entry : {};
    if (action.kind !== "fdb" || !dst || !owner || owner.addresses.some(({ ip }) => ip.equals(dst))) return [];
    const { dev, mac, by } = action.entry;
    if (!isByHand(by)) return [];
    const at = placeName(netns);
    const right = linksOf(owner, "vxlan").find((link) => link.mac === mac)?.local ?? cardAddress(owner, dst.family);
    const where = placeName(owner.name);
    return [
      {
        code: "FDB_STALE",
        at,
        text: `${at} has ${fdbWords(action.entry)}, by ${by}, but ${mac} is ${where}${right ? `, at ${right}` : ""}.`,
        plain: [`${at} wraps packets for ${where} and sends them to ${dst}, which is not ${where}.`],
        look: [{ at, command: `bridge fdb show dev ${dev}`, expect: `${mac} dst ${dst}` }],
        ...(right && { mend: () => [change(at, `bridge fdb replace ${mac} dev ${dev} dst ${right}`)] }),
      },
    ];
  });
}

/** The tunnel's packets are routed into the tunnel. */
export function tunnelLoop(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev = "", ip = loss.ip.dst } = loss.because;
  return {
    code: "ENCAP_LOOP",
    at,
    text: `${dev} on ${at} sends to ${ip}, and the way to ${ip} leads into ${dev} again.`,
    look: [{ at, command: `ip route get ${ip}`, expect: `dev ${dev}` }],
    mend: () => aroundTunnel(loss, at, ip),
  };
}

/** A host route to the other end, straight out of the card that is on its network, or through the gateway there is. */
function aroundTunnel(loss: Loss, at: string, ip: Ip): readonly Change[] {
  const rows = loss.netns.routes.near([]).filter(({ dst, type }) => type === "unicast" && dst.contains(ip));
  const out = rows.filter(({ dev }) => loss.netns.links.get(dev ?? "")?.kind === "nic");
  return out.map(({ via, dev }) => change(at, `ip route replace ${ip} ${via ? `via ${via} ` : ""}dev ${dev}`));
}

/** Nobody leases the destination. */
export function noLease(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dst } = loss.sent;
  const [forwarder] = loss.netns.forwarders;
  const process = forwarder?.process ?? "the forwarding process";
  const late = loss.netns.leases.exceptions.findLast(({ op, row }) => op === "del" && row.dst.contains(dst));
  const gone = late ? `; ${late.row.dst} to ${late.row.to} was deleted` : "";
  return {
    code: "LEASE_MISSING",
    at,
    text: `${process} on ${at} has no lease for ${dst}${gone}; it drops the packet, and its report dies on the way back.`,
    look: [{ at, command: `journalctl -u ${process}`, expect: "no lease for that network" }],
    ...(late && { mend: () => [change(at, `lease add ${late.row.dst} via ${late.row.to}:${late.row.port}`)] }),
  };
}

/** The device is there and its process is not. */
export function processGone(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev } = loss.because;
  const what = dev === undefined ? "datagrams" : `packets off ${dev}`;
  return {
    code: "FORWARDER_GONE",
    at,
    text: `No process on ${at} takes ${what}.`,
    look: [{ at, command: "ss -lnup; ps", expect: "the forwarding process is missing" }],
  };
}

/** The machine that wrapped the packet last. */
function sender(loss: Loss): string {
  const wrapping = loss.path.findLast(({ action }) => action.kind === "encapsulate");
  return placeName(wrapping?.at.netns ?? loss.trace.from);
}

function headerOf<K extends "udp" | "vxlan" | "wireguard">(packet: Packet, kind: K): HeaderOf<K> | undefined {
  return packet.find((header): header is HeaderOf<K> => header.kind === kind);
}

function linksOf<K extends "vxlan" | "ipip">(netns: Netns, kind: K): readonly LinkOf<K>[] {
  return [...netns.links.values()].filter((link: Link): link is LinkOf<K> => link.kind === kind);
}
