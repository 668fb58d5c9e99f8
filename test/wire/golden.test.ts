import { describe, expect, test } from "vitest";
import type { Header, Packet } from "../../src/wire/header.ts";
import { encode, ipLengthOf, lengthOf } from "../../src/wire/stack.ts";
import { hex, ip, mac, payload, toHex } from "./bytes.ts";

/*
 * One echo request of 84 bytes through flannel's backends, node 10.168.0.2 to node 10.168.0.3. The frames are worked out
 * by hand from upstream's sources and confirmed in a lab; the outer IP id is beef.
 */

const UNDERLAY: Header = { kind: "ethernet", src: mac("42:01:0a:a8:00:02"), dst: mac("42:01:0a:a8:00:03") };
const UNDERLAY_HEX = "42010aa80003 42010aa80002 0800";

function outer(fields: { df: boolean; ttl: number }): Header {
  return { kind: "ipv4", src: ip("10.168.0.2"), dst: ip("10.168.0.3"), tos: 0, id: 0xbeef, ...fields };
}

function inner(ttl: number): Packet {
  const src = ip("100.96.1.2");
  const dst = ip("100.96.2.3");
  return [
    { kind: "ipv4", src, dst, ttl, tos: 0, id: 0x1234, df: true },
    { kind: "icmp", type: 8, code: 0, rest: 0x00010001 },
    payload(56),
  ];
}

/** The data counts up from 00 to 37, as ping(8) fills it. */
const DATA = Array.from({ length: 56 }, (_, i) => i.toString(16).padStart(2, "0")).join("");

function innerHex(ttl: string, checksum: string): string {
  return `4500005412344000${ttl}01${checksum} 64600102 64600203 080000eb00010001 ${DATA}`;
}

test.each([
  [64, "40", "5cb0"],
  [63, "3f", "5db0"],
  [62, "3e", "5eb0"],
  [61, "3d", "5fb0"],
  [60, "3c", "60b0"],
])("with TTL %i the inner header's checksum follows", (ttl, digits, checksum) => {
  expect(toHex(encode(inner(ttl)))).toBe(toHex(hex(innerHex(digits, checksum))));
});

describe("the frame between the nodes", () => {
  test("udp: flanneld's datagram has DF and a checksum", () => {
    const packet: Packet = [
      UNDERLAY,
      outer({ df: true, ttl: 64 }),
      { kind: "udp", sport: 8285, dport: 8285 },
      ...inner(62),
    ];
    const head = `${UNDERLAY_HEX} 45000070beef4000401166390aa800020aa80003 205d205d005ca927`;
    expect(toHex(encode(packet))).toBe(toHex(hex(head + innerHex("3e", "5eb0"))));
    expect(lengthOf(packet)).toBe(126);
    expect(ipLengthOf(packet)).toBe(112);
  });

  test("vxlan: VNI 1 to port 8472, without DF", () => {
    const frame: Header = { kind: "ethernet", src: mac("a2:aa:aa:aa:aa:01"), dst: mac("b2:bb:bb:bb:bb:02") };
    const udp: Header = { kind: "udp", sport: 50000, dport: 8472 };
    const packet: Packet = [
      UNDERLAY,
      outer({ df: false, ttl: 64 }),
      udp,
      { kind: "vxlan", vni: 1 },
      frame,
      ...inner(63),
    ];
    const head = `${UNDERLAY_HEX} 45000086beef00004011a6230aa800020aa80003 c35021180072d37b`;
    const tunnel = "0800000000000100 b2bbbbbbbb02 a2aaaaaaaa01 0800";
    expect(toHex(encode(packet))).toBe(toHex(hex(head + tunnel + innerHex("3f", "5db0"))));
    expect(lengthOf(packet)).toBe(148);
  });

  test("host-gw: the packet as it is", () => {
    expect(toHex(encode([UNDERLAY, ...inner(63)]))).toBe(toHex(hex(UNDERLAY_HEX + innerHex("3f", "5db0"))));
  });

  test("wireguard: 84 bytes padded to 96, header 16, tag 16", () => {
    const udp: Header = { kind: "udp", sport: 51820, dport: 51820 };
    const sealed: Header = { kind: "wireguard", receiver: 0x01020304, counter: 5 };
    const packet: Packet = [UNDERLAY, outer({ df: false, ttl: 64 }), udp, sealed, ...inner(63)];
    const text = toHex(encode(packet));
    const head = `${UNDERLAY_HEX} 4500009cbeef00004011a60d0aa800020aa80003 ca6cca6c0088`;
    expect(text.slice(0, 80)).toBe(toHex(hex(head)));
    expect(text.slice(84, 116)).toBe(toHex(hex("04000000 04030201 0500000000000000")));
    expect(lengthOf(packet)).toBe(170);
    expect(text).toHaveLength(2 * 170);
  });

  test("ipip: TTL and DF inherited, protocol 4", () => {
    const packet: Packet = [UNDERLAY, outer({ df: true, ttl: 63 }), ...inner(63)];
    const head = `${UNDERLAY_HEX} 45000068beef40003f04674e0aa800020aa80003`;
    expect(toHex(encode(packet))).toBe(toHex(hex(head + innerHex("3f", "5db0"))));
    expect(lengthOf(packet)).toBe(118);
  });
});
