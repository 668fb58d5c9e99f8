import { checksum, transportChecksum } from "./checksum.ts";
import { type Codec, DecodeError, holds, isCut } from "./codec.ts";
import type { Header, HeaderKind, Icmp } from "./header.ts";

/*
 * RFC 792 (IPv4), RFC 4443 §2.1 (IPv6). The second word means something else in each type.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |     Type      |     Code      |          Checksum             |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |     Echo: Identifier, Sequence Number. Too big: 0, MTU        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

const SIZE = 8;
/** RFC 792: unreachable, source quench, redirect, time exceeded, parameter problem. */
const ERRORS: readonly number[] = [3, 4, 5, 11, 12];
/** RFC 4443 §2.1: the high bit tells information from error; these four are in use. */
const ERRORS_V6: readonly number[] = [1, 2, 3, 4];

const CARRIED: readonly (HeaderKind | undefined)[] = ["payload", "quote", undefined];

export const icmp: Codec<Icmp> = {
  size: () => SIZE,

  encode(header, { view }, { outer, inner }) {
    if (!CARRIED.includes(inner?.kind)) throw new Error(`${inner?.kind} behind icmp`);
    view.setUint8(0, header.type);
    view.setUint8(1, header.code);
    view.setUint16(2, 0);
    view.setUint32(4, header.rest);
    view.setUint16(2, header.whole?.checksum ?? icmpChecksum(view, outer));
  },

  decode(input) {
    if (!holds(input, "icmp", SIZE)) return undefined;
    const { view, outer } = input;
    if (!isCut(input) && icmpChecksum(view, outer) !== 0) {
      throw new DecodeError("icmp", "the checksum is wrong", input.offset + 2);
    }
    const type = view.getUint8(0);
    const quotes = !input.partial && input.quoted !== undefined && isIcmpError(type, outer);
    return {
      header: {
        kind: "icmp",
        type,
        code: view.getUint8(1),
        rest: view.getUint32(4),
        ...(isCut(input) && { whole: { checksum: view.getUint16(2) } }),
      },
      start: SIZE,
      length: input.length - SIZE,
      next: quotes ? "quote" : "payload",
    };
  },
};

/** The checksum of an ICMP message in `view`: only ICMPv6 has a pseudo-header, RFC 4443 §2.3. */
export function icmpChecksum(view: DataView, outer: Header | undefined): number {
  return outer?.kind === "ipv6" ? transportChecksum(view, 58, outer) : checksum(view);
}

function isIcmpError(type: number, outer: Header | undefined): boolean {
  return (outer?.kind === "ipv6" ? ERRORS_V6 : ERRORS).includes(type);
}
