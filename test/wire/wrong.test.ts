import { describe, expect, test } from "vitest";
import { crc32c } from "../../src/wire/checksum.ts";
import { DecodeError } from "../../src/wire/codec.ts";
import type { Header, Packet } from "../../src/wire/header.ts";
import { decode, encode } from "../../src/wire/stack.ts";
import { ETHERNET, hex, ip, mac, payload, toHex, v4, v6 } from "./bytes.ts";

const UDP: Header = { kind: "udp", sport: 40000, dport: 9000 };
const TCP: Header = { kind: "tcp", sport: 1, dport: 2, seq: 3, ack: 4, flags: ["SYN"], window: 5 };
const ARP: Header = {
  kind: "arp",
  op: "request",
  sha: mac("02:00:00:00:0a:01"),
  spa: ip("10.1.0.2"),
  tha: mac("00:00:00:00:00:00"),
  tpa: ip("10.1.0.1"),
};

/** The bytes of a packet with some of them overwritten. */
function spoilt(packet: Packet, at: number, bytes: string): Uint8Array {
  const all = encode(packet);
  all.set(hex(bytes), at);
  return all;
}

/** A UDP datagram over IPv4, the IP checksum set right again. */
function respun(bytes: Uint8Array): Uint8Array {
  bytes.set([0, 0], 10);
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  sum = (sum & 0xffff) + (sum >>> 16);
  bytes.set([(~sum >>> 8) & 255, ~sum & 255], 10);
  return bytes;
}

describe("wrong bytes are refused, with the reason and the place", () => {
  test.each<[string, Uint8Array, "ethernet" | "ip", string]>([
    ["nothing", hex(""), "ethernet", "ethernet: truncated: 0 of 14 bytes (byte 0)"],
    ["a cut header", encode([v4(), UDP]).subarray(0, 25), "ip", "ipv4: total length is 28, in 25 bytes (byte 2)"],
    ["a short header", hex("45000014"), "ip", "ipv4: truncated: 4 of 20 bytes (byte 0)"],
    ["options", hex(`46${"00".repeat(23)}`), "ip", "ipv4: version and header length is 0x46, not 0x45 (byte 0)"],
    ["version 5", hex(`55${"00".repeat(23)}`), "ip", "ipv4: version and header length is 0x55, not 0x45 (byte 0)"],
    ["the evil bit", respun(spoilt([v4(), UDP], 6, "c0")), "ip", "ipv4: the reserved flag is set (byte 6)"],
    ["a changed TTL", spoilt([v4(), UDP], 8, "3f"), "ip", "ipv4: the header checksum is wrong (byte 10)"],
    ["bytes behind the packet", hex(`${toHex(encode([v4(), UDP]))}00`), "ip", "ipv4: 1 bytes behind the end (byte 28)"],
    ["a changed port", spoilt([v4(), UDP, payload(4)], 22, "1111"), "ip", "udp: the checksum is wrong (byte 26)"],
    ["a UDP length", spoilt([v4(), UDP, payload(4)], 24, "0008"), "ip", "udp: length is 8, in 12 bytes (byte 24)"],
    ["no UDP header", encode([v4(), { ...payload(4), protocol: 17 }]), "ip", "udp: truncated: 4 of 8 bytes (byte 20)"],
    [
      "UDP over IPv6 without checksum",
      encode([v6(), { ...UDP, noChecksum: true }]),
      "ip",
      "udp: no checksum, over IPv6 (byte 46)",
    ],
    ["a TCP header length", spoilt([v4(), TCP], 32, "40"), "ip", "tcp: header length is 16, in 20 bytes (byte 32)"],
    ["a TCP sequence", spoilt([v4(), TCP], 24, "99"), "ip", "tcp: the checksum is wrong (byte 36)"],
    [
      "an ICMP code",
      spoilt([v4(), { kind: "icmp", type: 8, code: 0, rest: 1 }], 21, "01"),
      "ip",
      "icmp: the checksum is wrong (byte 22)",
    ],
    [
      "an SCTP tag",
      spoilt([v4(), { kind: "sctp", sport: 1, dport: 2, tag: 3, chunk: "abort" }], 24, "01"),
      "ip",
      "sctp: the checksum is wrong (byte 28)",
    ],
    ["an IPv6 length", spoilt([v6(), UDP], 4, "00ff"), "ip", "ipv6: payload length is 255, in 48 bytes (byte 4)"],
    [
      "half a Fragment header",
      encode([v6(), { ...payload(4), protocol: 44 }]),
      "ip",
      "ipv6: no room for a Fragment header (byte 4)",
    ],
    [
      "ARP for IPv6",
      spoilt([ETHERNET, ARP], 16, "86dd"),
      "ethernet",
      "arp: protocol type is 0x86dd, not 0x800 (byte 16)",
    ],
    ["reverse ARP", spoilt([ETHERNET, ARP], 20, "0003"), "ethernet", "arp: opcode is 3, not 1 or 2 (byte 20)"],
  ])("%s", (_, bytes, start, message) => {
    expect(() => decode(bytes, start)).toThrow(DecodeError);
    expect(() => decode(bytes, start)).toThrow(message);
  });

  test("the error names protocol, problem and offset, counted from the outermost byte", () => {
    const frame: Packet = [
      ETHERNET,
      v4(),
      { ...UDP, dport: 8472, noChecksum: true },
      { kind: "vxlan", vni: 1 },
      ETHERNET,
    ];
    const bytes = spoilt([...frame, v4(), UDP, payload(4)], 14 + 20 + 8 + 8 + 14 + 20, "0000");
    expect(() => decode(bytes, "ethernet")).toThrow(
      expect.objectContaining({ name: "DecodeError", protocol: "udp", problem: "the checksum is wrong", offset: 90 }),
    );
  });
});

describe("what is well-formed but beyond our headers stays a payload, and comes back byte for byte", () => {
  test.each<[string, Packet]>([
    ["an unknown protocol", [v4(), { ...payload(8), protocol: 89 }]],
    ["an unknown protocol without a byte", [v4(), { ...payload(0), protocol: 89 }]],
    ["ICMPv6 over IPv4", [v4(), { ...payload(8), protocol: 58 }]],
    ["a hop-by-hop header", [v6(), { ...payload(8), protocol: 0 }]],
    ["an unknown ethertype", [ETHERNET, { ...payload(50), protocol: 0x88cc }]],
    ["a datagram to VXLAN's port that is not VXLAN", [v4(), { ...UDP, dport: 8472 }, payload(60)]],
    [
      "a short datagram to VXLAN's port",
      [v4(), { ...UDP, dport: 8472 }, { ...payload(8), bytes: hex("0800000000000100") }],
    ],
    [
      "one to Geneve's, with options",
      [v4(), { ...UDP, dport: 6081 }, { ...payload(24), bytes: hex(`0100655800000100${"00".repeat(16)}`) }],
    ],
    [
      "one to flanneld's that is no packet",
      [v4(), { ...UDP, dport: 8285 }, { ...payload(20), bytes: hex(`4500001500${"00".repeat(15)}`) }],
    ],
    [
      "a WireGuard handshake",
      [v4(), { ...UDP, dport: 51820 }, { ...payload(148), bytes: hex(`01${"00".repeat(147)}`) }],
    ],
  ])("%s", (_, packet) => {
    expect(decode(encode(packet), packet[0]?.kind === "ethernet" ? "ethernet" : "ip")).toEqual(packet);
  });

  test("an SCTP chunk with other content than ours", () => {
    const bytes = hex("0001 0002 00000003 00000000 00030010 00000001 00000000 00000000");
    new DataView(bytes.buffer).setUint32(8, crc32c(bytes, 8), true);
    const packet: Packet = [v4(), { ...payload(28), protocol: 132, bytes }];
    expect(decode(encode(packet), "ip")).toEqual(packet);
  });

  test("a TCP segment with an urgent pointer", () => {
    const bytes = encode([v4(), TCP]).slice(20);
    const sum = (((bytes[16] ?? 0) << 8) | (bytes[17] ?? 0)) - 7;
    bytes.set([sum >>> 8, sum & 255, 0, 7], 16);
    const packet: Packet = [v4(), { ...payload(20), protocol: 6, bytes }];
    expect(decode(encode(packet), "ip")).toEqual(packet);
  });
});

describe("padding", () => {
  const least = (packet: Packet, filler: number) => {
    const bytes = new Uint8Array(60).fill(filler);
    bytes.set(encode(packet));
    return bytes;
  };

  test.each<[string, Packet]>([
    ["arp", [ETHERNET, ARP]],
    ["ipv4", [ETHERNET, v4(), UDP]],
  ])("of a card behind %s is dropped, whatever it holds", (_, packet) => {
    expect(decode(least(packet, 0), "ethernet")).toEqual(packet);
    expect(decode(least(packet, 0xee), "ethernet")).toEqual(packet);
  });

  test("of a bridged frame is dropped inside a tunnel too", () => {
    const head: Packet = [v4(), { ...UDP, dport: 4789, noChecksum: true }, { kind: "vxlan", vni: 1 }];
    const inner = least([ETHERNET, ARP], 0);
    const bytes = encode([
      v4(),
      { ...UDP, dport: 4789, noChecksum: true },
      { ...payload(68), bytes: new Uint8Array(68) },
    ]);
    bytes.set(hex("0800000000000100"), 28);
    bytes.set(inner, 36);
    expect(decode(bytes, "ip")).toEqual([...head, ETHERNET, ARP]);
  });

  test("beyond the least frame is a fault", () => {
    const bytes = new Uint8Array(62);
    bytes.set(encode([ETHERNET, v4(), UDP]));
    expect(() => decode(bytes, "ethernet")).toThrow("ipv4: 20 bytes behind the end (byte 42)");
  });
});

describe("a stack that is none cannot be written", () => {
  test.each<[string, Packet, string]>([
    ["a packet that starts at UDP", [UDP], "a packet does not start at udp"],
    [
      "ICMP behind Ethernet",
      [ETHERNET, { kind: "icmp", type: 8, code: 0, rest: 0 }],
      "icmp does not stand behind an Ethernet header",
    ],
    ["ARP behind ICMP", [v4(), { kind: "icmp", type: 8, code: 0, rest: 0 }, ARP], "arp behind icmp"],
    ["ARP behind WireGuard", [v4(), UDP, { kind: "wireguard", receiver: 1, counter: 0 }, ARP], "arp behind wireguard"],
    ["ARP behind UDP", [v4(), UDP, ARP], "arp behind udp"],
    ["UDP behind Ethernet", [ETHERNET, UDP], "a transport header stands behind ethernet, not behind an IP header"],
    ["Ethernet behind IP", [v4(), ETHERNET], "ethernet does not stand behind an IP header"],
    ["IP behind VXLAN", [v4(), UDP, { kind: "vxlan", vni: 1 }, v4()], "ipv4 behind vxlan"],
    ["nothing behind Geneve", [v4(), UDP, { kind: "geneve", vni: 1 }], "nothing behind geneve"],
    [
      "UDP behind WireGuard",
      [v4(), UDP, { kind: "wireguard", receiver: 1, counter: 0 }, UDP],
      "a transport header stands behind wireguard",
    ],
    [
      "UDP behind ICMP",
      [v4(), { kind: "icmp", type: 8, code: 0, rest: 0 }, UDP],
      "a transport header stands behind icmp",
    ],
    ["a quote behind UDP", [v4(), UDP, { kind: "quote", packet: [v4()], length: 20 }], "a quote ends an ICMP error"],
    ["more payload behind payload", [v4(), payload(1), payload(1)], "payload behind a payload"],
    ["an IPv6 address in IPv4", [v4({ src: ip("fd00::1") }), UDP], "fd00::1 in an IPv4 field"],
    ["70000 bytes", [v4(), UDP, payload(70000)], "a UDP datagram of 70008 bytes: 65535 at most"],
    ["half a TCP option", [v4(), { ...TCP, options: hex("0101") }], "a TCP header of 22 bytes"],
    [
      "a fragment at byte 4",
      [v4({ fragment: { offset: 4, more: false, protocol: 17 } }), payload(8)],
      "no fragment starts at byte 4",
    ],
    [
      "a quote longer than its packet",
      [v4(), { kind: "icmp", type: 3, code: 3, rest: 0 }, { kind: "quote", packet: [v4(), UDP], length: 60 }],
      "60 bytes of a packet of 28",
    ],
    [
      "a slice behind its message",
      [v4(), { kind: "slice", packet: [UDP], offset: 8, length: 8 }],
      "a slice ends 8 bytes too late",
    ],
  ])("%s", (_, packet, message) => expect(() => encode(packet)).toThrow(message));
});
