import { execFile, spawnSync } from "node:child_process";
import type { Header, Packet } from "../../src/wire/header.ts";
import { protocolNumber } from "../../src/wire/protocol.ts";
import { lengthOf } from "../../src/wire/stack.ts";

/** Values of a frame by tshark's name of the field, in the order they stand in the frame. */
export type Fields = ReadonlyMap<string, readonly string[]>;

export const hasTshark = spawnSync("tshark", ["--version"], { stdio: "ignore" }).status === 0;

/** Ports that Wireshark knows nothing of, or something else. */
const PORTS = ["8472,vxlan", "8285,ip", "51820,wg", "51821,wg"];

/** Every checksum is verified; a TCP segment's place in its connection is of no interest. */
const PREFERENCES = [
  "ip.check_checksum:TRUE",
  "udp.check_checksum:TRUE",
  "tcp.check_checksum:TRUE",
  "sctp.checksum:CRC 32c",
  "tcp.analyze_sequence_numbers:FALSE",
];

/** What tshark reads in a capture file, frame by frame. One process; fragments are put together or looked at alone. */
export function dissect(
  file: string,
  names: readonly string[],
  fragments: "alone" | "together",
): Promise<readonly Fields[]> {
  const together = fragments === "together" ? "TRUE" : "FALSE";
  const options = [
    ...[...PREFERENCES, `ip.defragment:${together}`, `ipv6.defragment:${together}`].flatMap((each) => ["-o", each]),
    ...PORTS.flatMap((each) => ["-d", `udp.port==${each}`]),
    ...["separator=/t", "occurrence=a", "aggregator=|"].flatMap((each) => ["-E", each]),
    ...names.flatMap((name) => ["-e", name]),
  ];
  return new Promise((resolve, reject) => {
    execFile(
      "tshark",
      ["-n", "-r", file, "-T", "fields", ...options],
      { maxBuffer: 2 ** 28 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${error.message}\n${stderr}`));
        else resolve(stdout.replace(/\n$/, "").split("\n").map(fieldsOf(names)));
      },
    );
  });
}

function fieldsOf(names: readonly string[]): (line: string) => Fields {
  return (line) => {
    const columns = line.split("\t");
    return new Map(names.flatMap((name, k) => (columns[k] ? [[name, columns[k].split("|")] as const] : [])));
  };
}

/** The fields that are compared: all that `fieldsIn` can give. */
export const COMPARED = [
  ...["eth.src", "eth.dst", "arp.opcode", "arp.src.hw_mac", "arp.dst.hw_mac", "arp.src.proto_ipv4"],
  ...["arp.dst.proto_ipv4", "ip.src", "ip.dst", "ip.ttl", "ip.len", "ip.id", "ip.proto", "ip.dsfield"],
  ...["ip.flags.df", "ip.flags.mf", "ip.frag_offset", "ipv6.src", "ipv6.dst", "ipv6.hlim", "ipv6.plen"],
  ...["ipv6.fraghdr.offset", "ipv6.fraghdr.more", "ipv6.fraghdr.nxt", "udp.srcport", "udp.dstport", "udp.length"],
  ...["tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags.syn", "tcp.flags.ack", "tcp.hdr_len"],
  ...["sctp.srcport", "sctp.dstport", "vxlan.vni", "wg.receiver", "wg.counter", "icmp.type", "icmp.code"],
  ...["icmp.mtu", "icmpv6.type", "icmpv6.code", "icmpv6.nd.ns.target_address", "icmpv6.nd.na.target_address"],
] as const;

/** What tshark should read in a packet of ours. */
export function fieldsIn(packet: Packet): Fields {
  const fields = new Map<string, readonly string[]>();
  for (const [name, value] of packet.flatMap((_, at) => [...pairsOf(packet, at)])) {
    fields.set(name, [...(fields.get(name) ?? []), String(value)]);
  }
  return fields;
}

/** RFC 791 §3.1: "The fragment offset is measured in units of 8 octets". */
const FRAGMENT_UNIT = 8;

type Pair = readonly [name: (typeof COMPARED)[number], value: string | number];

function* pairsOf(packet: Packet, at: number): Generator<Pair> {
  const header = packet[at] as Header;
  const length = lengthOf(packet.slice(at));
  const isSealed = packet.slice(0, at).some(({ kind }) => kind === "wireguard");
  if (isSealed) return;
  switch (header.kind) {
    case "ethernet":
      yield ["eth.src", header.src];
      yield ["eth.dst", header.dst];
      return;
    case "arp":
      yield ["arp.opcode", header.op === "request" ? 1 : 2];
      yield ["arp.src.hw_mac", header.sha];
      yield ["arp.src.proto_ipv4", `${header.spa}`];
      yield ["arp.dst.hw_mac", header.tha];
      yield ["arp.dst.proto_ipv4", `${header.tpa}`];
      return;
    case "ipv4":
      yield ["ip.src", `${header.src}`];
      yield ["ip.dst", `${header.dst}`];
      yield ["ip.ttl", header.ttl];
      yield ["ip.len", length];
      yield ["ip.id", hex(header.id, 4)];
      yield ["ip.proto", header.fragment?.protocol ?? protocolNumber(packet[at + 1], "ipv4")];
      yield ["ip.dsfield", hex(header.tos, 2)];
      yield ["ip.flags.df", Number(header.df)];
      yield ["ip.flags.mf", Number(header.fragment?.more ?? false)];
      yield ["ip.frag_offset", (header.fragment?.offset ?? 0) / FRAGMENT_UNIT];
      return;
    case "ipv6":
      yield ["ipv6.src", `${header.src}`];
      yield ["ipv6.dst", `${header.dst}`];
      yield ["ipv6.hlim", header.ttl];
      yield ["ipv6.plen", length - 40];
      if (!header.fragment) return;
      yield ["ipv6.fraghdr.offset", header.fragment.offset / FRAGMENT_UNIT];
      yield ["ipv6.fraghdr.more", Number(header.fragment.more)];
      yield ["ipv6.fraghdr.nxt", header.fragment.protocol];
      return;
    case "udp":
      yield ["udp.srcport", header.sport];
      yield ["udp.dstport", header.dport];
      yield ["udp.length", length];
      return;
    case "tcp":
      yield ["tcp.srcport", header.sport];
      yield ["tcp.dstport", header.dport];
      yield ["tcp.seq_raw", header.seq];
      yield ["tcp.ack_raw", header.ack];
      yield ["tcp.flags.syn", Number(header.flags.includes("SYN"))];
      yield ["tcp.flags.ack", Number(header.flags.includes("ACK"))];
      yield ["tcp.hdr_len", lengthOf([header])];
      return;
    case "sctp":
      yield ["sctp.srcport", header.sport];
      yield ["sctp.dstport", header.dport];
      return;
    case "vxlan":
      yield ["vxlan.vni", header.vni];
      return;
    case "wireguard":
      yield ["wg.receiver", hex(header.receiver, 8)];
      yield ["wg.counter", header.counter];
      return;
    case "icmp":
      if (packet[at - 1]?.kind === "ipv6") {
        yield ["icmpv6.type", header.type];
        yield ["icmpv6.code", header.code];
        return;
      }
      yield ["icmp.type", header.type];
      yield ["icmp.code", header.code];
      if (header.type === 3 && header.code === 4) yield ["icmp.mtu", header.rest];
      return;
    case "ndp":
      yield ["icmpv6.type", header.op === "solicit" ? 135 : 136];
      yield ["icmpv6.code", 0];
      yield [`icmpv6.nd.${header.op === "solicit" ? "ns" : "na"}.target_address`, `${header.target}`];
      return;
    case "quote":
      for (const inner of header.packet.keys()) yield* pairsOf(header.packet, inner);
      return;
    case "slice":
      // A first fragment shows the headers of the whole.
      if (header.offset > 0) return;
      for (const inner of header.packet.keys()) yield* pairsOf([packet[at - 1] as Header, ...header.packet], inner + 1);
      return;
    case "payload":
      // tshark calls by this name what a handshake response of WireGuard says of the initiation.
      if (header.length === RESPONSE.length && header.bytes?.[0] === RESPONSE.type) {
        yield ["wg.receiver", hex(new DataView(header.bytes.buffer).getUint32(8, true), 8)];
      }
      return;
    case "geneve":
      return;
  }
}

/** "WireGuard: Next Generation Kernel Network Tunnel" §5.4.3. */
const RESPONSE = { type: 2, length: 92 };

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}
