import type { Because } from "../trace/event.ts";
import type { DropReason } from "../trace/reason.ts";
import type { Step } from "../trace/steps.ts";
import type { Header, Packet } from "../wire/header.ts";
import { protocolName, protocolNumber } from "../wire/protocol.ts";
import { outerEnds } from "./packet-words.ts";
import { fabricWords, routeWords } from "./row-words.ts";

/** What a drop reason means for one packet, as a sentence part without a full stop. */
type Words = (because: Because, packet: Packet, step: Step) => string;

const WORDS: { readonly [R in DropReason]: Words } = {
  IP_OUTNOROUTES: ({ ip, dev }, packet) =>
    dev === undefined ? `no route to ${to(ip, packet)}` : `no route to ${ip}, where ${dev} would send the outer packet`,
  IP_INNOROUTES: ({ ip, expected }, packet) => `no route to ${to(ip, packet)}${has(expected)}`,
  IP_INADDRERRORS: ({ dev }, packet) =>
    `${to(undefined, packet)} is not an address of this machine, and ${dev} does not forward`,
  IP_RPFILTER: ({ ip, dev, route }) =>
    `rp_filter: ${ip} came in by ${dev}, but ${route ? `the way back is ${routeWords(route.route, route.nexthop)}` : "nothing leads back to it"}`,
  IP_LOCAL_SOURCE: ({ ip, dev }) => `${ip} is this machine's own address, and it came in by ${dev}: a martian`,
  IP_INVALID_SOURCE: ({ ip }) => `${ip} is no source address: a martian`,
  IP_INVALID_DEST: ({ ip }) => `nothing is sent to ${ip}: a martian`,
  IP_LOCALNET: ({ ip, dev }) => `${ip} is loopback, and ${dev} may not route it (route_localnet 0)`,
  INVALID_PROTO: () => "nobody answers an echo request that is for everybody (icmp_echo_ignore_broadcasts)",
  IP_NOPROTO: (_, packet) => `nothing here takes in ${protocolOf(packet)}`,
  UNICAST_IN_L2_MULTICAST: () => "a unicast packet in a group frame",
  "group-frame": () => "its frame was for several machines, and such a packet is not forwarded",
  NEIGH_FAILED: ({ ip, dev }) => `nobody answers for ${ip} on ${dev}`,
  NETFILTER_DROP: () => "",
  PKT_TOO_BIG: tooBigWords,
  OTHERHOST: ({ dev, expected }, packet) =>
    dev === undefined
      ? `nobody on the segment has the MAC ${frameTo(packet)}`
      : `the frame is for ${frameTo(packet)}, not for ${dev}${expected?.[0] ? ` (${expected[0]})` : ""}`,
  TTL_EXPIRED: (_, __, step) => `the ${step.depth > 0 ? "outer " : ""}TTL runs out here`,
  NO_SOCKET: ({ expected }, packet) => `nothing listens on ${service(packet)}${has(expected)}`,
  NO_TX_TARGET: ({ dev, expected }) => `no fdb entry for ${expected?.[0] ?? "the MAC"} on ${dev}`,
  VXLAN_VNI_NOT_FOUND: ({ expected }, packet) => `no VXLAN device here has ${vni(packet)}${has(expected)}`,
  VXLAN_INVALID_HDR: () => "the datagram holds no VXLAN header",
  LOCAL_MAC: ({ dev, expected }) =>
    `the frame says it comes from ${dev} itself${expected?.[0] ? ` (${expected[0]})` : ""}`,
  MAC_INVALID_SOURCE: () => "the frame's source is a group address",
  DEV_READY: ({ dev }) => `${dev ?? "the device"} is down or missing`,
  BRIDGE_NO_EGRESS_PORT: ({ dev }) => `the bridge has no port to send it out by${dev === undefined ? "" : ` (${dev})`}`,
  BRIDGE_INGRESS_STP_STATE: ({ dev }) => `${dev ?? "the port"} passes nothing on: its state is not forwarding`,
  FRAG_REASM_TIMEOUT: () => "fragments are missing",
  RECURSION_LIMIT: ({ ip, dev }) =>
    `the outer packet${ip ? ` for ${ip}` : ""} would enter ${dev ?? "the tunnel"} again`,
  UNHANDLED_PROTO: ({ dev }, packet) => `${dev ?? "nothing here"} does not carry ${protocolOf(packet)}`,
  "route-blackhole": ({ route }) => `the row says so: ${route ? routeWords(route.route) : "blackhole"}`,
  "route-unreachable": ({ route }) => `the row says so: ${route ? routeWords(route.route) : "unreachable"}`,
  "route-prohibit": ({ route }) => `the row says so: ${route ? routeWords(route.route) : "prohibit"}`,
  fabric: eatenWords,
  "no-lease": ({ ip }, _, { process }) => `${process ?? "the process"} has no lease for ${ip}`,
  "process-ttl": (_, __, { process }) => `the TTL runs out in ${process ?? "the process"}, which tells nobody`,
  "process-truncated": ({ size, mtu }) => `${size} bytes do not fit the process's buffer of ${mtu}: cut off`,
  "process-gone": ({ dev }) => `no process reads ${dev ?? "the device"}`,
  "wireguard-no-peer": ({ ip, dev }) => `no peer of ${dev} may have ${ip}`,
  "wireguard-no-session": ({ ip, dev }) => `${dev} gets no answer to its handshake from ${ip}`,
  "wireguard-unknown-sender": ({ ip, dev }) =>
    `${dev ?? "the device"} has no peer ${ip ?? ""} with the key this was sealed for`,
  "wireguard-source": ({ ip, expected }) => `the peer that sent it may not have ${ip} inside${has(expected)}`,
  "work-limit": () => "too much follows from this packet: given up",
};

/** Why a step dropped its packet; empty when the row above says it. */
export function dropWords(step: Step): string {
  const { action, headers } = step.event;
  return action.kind === "drop" ? WORDS[action.reason](action.because ?? {}, headers, step) : "";
}

/** The kernel's own word for a drop; `undefined` for those outside any kernel. */
export function kernelReason(reason: DropReason): string | undefined {
  return reason === reason.toUpperCase() ? reason : undefined;
}

/** Too long to leave by a device, or, without a size, to come in by one. */
function tooBigWords({ size, mtu, dev }: Because, packet: Packet, { length }: Step): string {
  if (size === undefined) return `${length} bytes came in by ${dev}, which takes in ${mtu} at most`;
  const [first] = packet[0]?.kind === "ethernet" ? packet.slice(1) : packet;
  if (first?.kind === "ipv4" && !first.df) {
    return `br_netfilter takes ${size} bytes apart for mtu ${mtu} at most, and the fragments were longer`;
  }
  const fixed = first?.kind === "ipv6" ? ", and routers do not cut IPv6" : ", and DF is set";
  return `${size} bytes do not fit ${dev === undefined ? "" : `${dev}, `}mtu ${mtu}${fixed}`;
}

function eatenWords({ fabric, mtu, size, ip }: Because, packet: Packet): string {
  if (fabric === undefined) return `the fabric carries at most ${mtu} bytes, this is ${size}`;
  if (fabric === "not-allowed") return `the fabric passes only what it allows, and ${service(packet)} is not among it`;
  if (fabric === "source-dest-check")
    return `the fabric's source/destination check: ${ip} is not the card's own address`;
  const { source } = fabric;
  return `the fabric drops ${fabricWords(fabric)}${source ? ` (${source.file}:${source.line})` : ""}`;
}

function to(ip: Because["ip"], packet: Packet): string {
  return ip ? `${ip}` : (outerEnds(packet)?.dst ?? "the destination");
}

function has(expected: readonly string[] | undefined): string {
  return expected && expected.length > 0 ? ` (has ${expected.join(", ")})` : "";
}

function frameTo(packet: Packet): string {
  const [first] = packet;
  return first?.kind === "ethernet" ? first.dst : "another machine";
}

/** Behind the outermost IP header: its transport, or the packet it carries. */
function carried(packet: Packet): readonly [Header | undefined, "ipv4" | "ipv6"] {
  const at = packet.findIndex((header) => header.kind === "ipv4" || header.kind === "ipv6");
  return [packet[at + 1], packet[at]?.kind === "ipv6" ? "ipv6" : "ipv4"];
}

function protocolOf(packet: Packet): string {
  const [next, outer] = carried(packet);
  return next === undefined ? "this" : protocolName(protocolNumber(next, outer));
}

function service(packet: Packet): string {
  const [next] = carried(packet);
  return next && "dport" in next ? `${next.kind}/${next.dport}` : protocolOf(packet);
}

function vni(packet: Packet): string {
  const header = packet.find(({ kind }) => kind === "vxlan");
  const port = carried(packet)[0];
  const where = port && "dport" in port ? ` on udp/${port.dport}` : "";
  return header?.kind === "vxlan" ? `vni ${header.vni}${where}` : "the VNI";
}
