import { type Codec, DecodeError, expect, holds } from "./codec.ts";
import { expectPadding } from "./ethernet.ts";
import { ipAt, putIp, sixteenBits } from "./field.ts";
import type { HeaderKind, Ipv6 } from "./header.ts";
import { fragmentUnits, nextInFragment } from "./ipv4.ts";
import { isNdp } from "./ndp.ts";
import { kindOfProtocol, protocolNumber } from "./protocol.ts";

/*
 * RFC 8200 §3, and the Fragment header of §4.5; other extension headers stay a payload.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |Version| Traffic Class |           Flow Label                  |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |         Payload Length        |  Next Header  |   Hop Limit   |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                 Source Address, 16 bytes                      |
 *  |                 Destination Address, 16 bytes                 |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  Next Header  |   Reserved    |      Fragment Offset    |Res|M|
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                         Identification                        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

const SIZE = 40;
const FRAGMENT_SIZE = 8;
const FRAGMENT = 44;

export const ipv6: Codec<Ipv6> = {
  size: (header) => (header.fragment === undefined ? SIZE : SIZE + FRAGMENT_SIZE),

  encode(header, { bytes, view }, { inner }) {
    const { fragment } = header;
    const protocol = fragment?.protocol ?? protocolNumber(inner, "ipv6");
    view.setUint32(0, (6 << 28) | (header.tos << 20) | header.flow);
    view.setUint16(4, sixteenBits(bytes.length - SIZE, "an IPv6 payload"));
    view.setUint8(6, fragment === undefined ? protocol : FRAGMENT);
    view.setUint8(7, header.ttl);
    putIp(view, 8, { ip: header.src, family: 6 });
    putIp(view, 24, { ip: header.dst, family: 6 });
    if (fragment === undefined) return;
    view.setUint8(SIZE, protocol);
    view.setUint8(SIZE + 1, 0);
    view.setUint16(SIZE + 2, (fragmentUnits(fragment.offset) << 3) | (fragment.more ? 1 : 0));
    view.setUint32(SIZE + 4, fragment.id);
  },

  decode(input) {
    if (!holds(input, "ipv6", SIZE)) return undefined;
    const { view, offset } = input;
    expect(input, "ipv6", { name: "version", at: 0, found: view.getUint8(0) >>> 4, wanted: 6 });
    const total = SIZE + view.getUint16(4);
    if (total > input.length) {
      throw new DecodeError("ipv6", `payload length is ${total - SIZE}, in ${input.length} bytes`, offset + 4);
    }
    expectPadding("ipv6", total, input);
    const header = {
      kind: "ipv6" as const,
      src: ipAt(view, 8, 6),
      dst: ipAt(view, 24, 6),
      ttl: view.getUint8(7),
      tos: (view.getUint16(0) >>> 4) & 0xff,
      flow: view.getUint32(0) & 0xfffff,
    };
    const protocol = view.getUint8(6);
    if (protocol !== FRAGMENT) {
      const body = { bytes: input.bytes.subarray(SIZE, total), length: total - SIZE };
      return { header, start: SIZE, length: body.length, next: nextHeader(protocol, header, body), protocol };
    }
    if (total < SIZE + FRAGMENT_SIZE) throw new DecodeError("ipv6", "no room for a Fragment header", offset + 4);
    if (!holds(input, "ipv6", SIZE + FRAGMENT_SIZE)) return undefined;
    const field = view.getUint16(SIZE + 2);
    const reserved = (view.getUint8(SIZE + 1) << 8) | (field & 6);
    expect(input, "ipv6", { name: "reserved bits of the Fragment header", at: SIZE + 1, found: reserved, wanted: 0 });
    const fragment = {
      offset: field & 0xfff8,
      more: (field & 1) !== 0,
      protocol: view.getUint8(SIZE),
      id: view.getUint32(SIZE + 4),
    };
    const start = SIZE + FRAGMENT_SIZE;
    const isWhole = !fragment.more && fragment.offset === 0;
    const body = { bytes: input.bytes.subarray(start, total), length: total - start };
    const next = nextHeader(fragment.protocol, header, body);
    return {
      header: { ...header, fragment },
      start,
      length: body.length,
      next: isWhole ? next : nextInFragment(next, fragment.offset),
      partial: !isWhole,
    };
  },
};

function nextHeader(
  protocol: number,
  header: Ipv6,
  body: { readonly bytes: Uint8Array; readonly length: number },
): HeaderKind {
  const next = kindOfProtocol(protocol, "ipv6");
  return next === "icmp" && body.length === body.bytes.length && isNdp(body.bytes, header) ? "ndp" : next;
}
