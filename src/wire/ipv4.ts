import { checksum } from "./checksum.ts";
import { type Codec, DecodeError, expect, holds } from "./codec.ts";
import { expectPadding } from "./ethernet.ts";
import { ipAt, putIp, sixteenBits } from "./field.ts";
import type { HeaderKind, Ipv4 } from "./header.ts";
import { kindOfProtocol, protocolNumber } from "./protocol.ts";

/*
 * RFC 791 §3.1, without options.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |Version|  IHL  |Type of Service|          Total Length         |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |         Identification        |0|D|M|     Fragment Offset     |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  Time to Live |    Protocol   |         Header Checksum       |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                       Source Address                          |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                    Destination Address                        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

const SIZE = 20;
const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;

export const ipv4: Codec<Ipv4> = {
  size: () => SIZE,

  encode(header, { bytes, view }, { inner }) {
    const { fragment } = header;
    const offset = fragment === undefined ? 0 : fragmentUnits(fragment.offset);
    view.setUint8(0, 0x45);
    view.setUint8(1, header.tos);
    view.setUint16(2, sixteenBits(bytes.length, "an IPv4 packet"));
    view.setUint16(4, header.id);
    view.setUint16(6, (header.df ? DONT_FRAGMENT : 0) | (fragment?.more ? MORE_FRAGMENTS : 0) | offset);
    view.setUint8(8, header.ttl);
    view.setUint8(9, fragment?.protocol ?? protocolNumber(inner, "ipv4"));
    view.setUint16(10, 0);
    putIp(view, 12, { ip: header.src, family: 4 });
    putIp(view, 16, { ip: header.dst, family: 4 });
    view.setUint16(10, checksum(new DataView(bytes.buffer, bytes.byteOffset, SIZE)));
  },

  decode(input) {
    if (!holds(input, "ipv4", SIZE)) return undefined;
    const { bytes, view, offset } = input;
    expect(input, "ipv4", { name: "version and header length", at: 0, found: view.getUint8(0), wanted: 0x45 });
    const total = view.getUint16(2);
    if (total < SIZE || total > input.length) {
      throw new DecodeError("ipv4", `total length is ${total}, in ${input.length} bytes`, offset + 2);
    }
    expectPadding("ipv4", total, input);
    const flags = view.getUint16(6);
    if (flags & 0x8000) throw new DecodeError("ipv4", "the reserved flag is set", offset + 6);
    const left = checksum(new DataView(bytes.buffer, bytes.byteOffset, SIZE));
    if (left !== 0) throw new DecodeError("ipv4", "the header checksum is wrong", offset + 10);
    const protocol = view.getUint8(9);
    const fragment = {
      offset: (flags & 0x1fff) * 8,
      more: (flags & MORE_FRAGMENTS) !== 0,
      protocol,
    };
    const isFragment = fragment.more || fragment.offset > 0;
    const next = kindOfProtocol(protocol, "ipv4");
    return {
      header: {
        kind: "ipv4",
        src: ipAt(view, 12, 4),
        dst: ipAt(view, 16, 4),
        ttl: view.getUint8(8),
        tos: view.getUint8(1),
        id: view.getUint16(4),
        df: (flags & DONT_FRAGMENT) !== 0,
        ...(isFragment && { fragment }),
      },
      start: SIZE,
      length: total - SIZE,
      ...(isFragment ? { next: nextInFragment(next, fragment.offset), partial: true } : { next, protocol }),
    };
  },
};

/** Only a first fragment shows a transport header, and a tunnel's content is not looked for before reassembly. */
export function nextInFragment(next: HeaderKind, offset: number): HeaderKind {
  return offset === 0 && (next === "udp" || next === "tcp" || next === "icmp") ? next : "payload";
}

/** The offset as the wire counts it; throws when it is no multiple of eight bytes or too far. */
export function fragmentUnits(offset: number): number {
  if (offset % 8 !== 0 || offset > 0xfff8) throw new Error(`no fragment starts at byte ${offset}`);
  return offset / 8;
}
