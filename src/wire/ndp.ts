import { type Codec, DecodeError, holds, isCut, regionOf } from "./codec.ts";
import { ipAt, macAt, putIp, putMac } from "./field.ts";
import type { Header, Ndp } from "./header.ts";
import { icmpChecksum } from "./icmp.ts";

/*
 * RFC 4861 §4.3 (solicitation, 135), §4.4 (advertisement, 136), with the one option of §4.6.1 that says whose MAC.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |     Type      |     Code      |          Checksum             |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |R|S|O|                     Reserved                            |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                 Target Address, 16 bytes                      |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  | Option: 1 / 2 |  Length (1)   |  Link-layer address, 6 bytes  |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

const SIZE = 32;
const SOLICIT = 135;
const ADVERT = 136;
const ROUTER = 0x80000000;
const SOLICITED = 0x40000000;
const OVERRIDE = 0x20000000;

export const ndp: Codec<Ndp> = {
  size: () => SIZE,

  encode(header, { view }, { outer, inner }) {
    if (inner !== undefined) throw new Error(`${inner.kind} behind ndp`);
    const isAdvert = header.op === "advert";
    view.setUint8(0, isAdvert ? ADVERT : SOLICIT);
    view.setUint8(1, 0);
    view.setUint16(2, 0);
    view.setUint32(4, isAdvert ? flagsTo(outer) | (header.router ? ROUTER : 0) : 0);
    putIp(view, 8, { ip: header.target, family: 6 });
    view.setUint8(24, isAdvert ? 2 : 1);
    view.setUint8(25, 1);
    putMac(view, 26, header.lladdr);
    view.setUint16(2, icmpChecksum(view, outer));
  },

  decode(input) {
    if (!holds(input, "ndp", SIZE)) return undefined;
    const { view, outer } = input;
    if (!isCut(input) && icmpChecksum(view, outer) !== 0) {
      throw new DecodeError("ndp", "the checksum is wrong", input.offset + 2);
    }
    const router = view.getUint32(4) >= ROUTER;
    return {
      header: {
        kind: "ndp",
        op: view.getUint8(0) === ADVERT ? "advert" : "solicit",
        target: ipAt(view, 8, 6),
        lladdr: macAt(view, 26),
        ...(router && { router }),
      },
      start: SIZE,
      length: 0,
      next: "payload",
    };
  },
};

/**
 * Whether the ICMPv6 message behind `outer` is one that `Ndp` can say: a solicitation or advertisement with just its own
 * MAC option and the usual flags. Any other stays an `Icmp` with a payload.
 */
export function isNdp(bytes: Uint8Array, outer: Header): boolean {
  if (bytes.length !== SIZE) return false;
  const { view } = regionOf(bytes);
  const [type, code, flags] = [view.getUint8(0), view.getUint8(1), view.getUint32(4)];
  const option = view.getUint16(24);
  if (type === ADVERT) return code === 0 && (flags & ~ROUTER) === flagsTo(outer) && option === 0x0201;
  return type === SOLICIT && code === 0 && flags === 0 && option === 0x0101;
}

/** Solicited says that the answer goes to the one who asked, §4.4: an unsolicited one goes to all nodes. */
function flagsTo(outer: Header | undefined): number {
  return outer?.kind === "ipv6" && !outer.dst.isMulticast ? SOLICITED | OVERRIDE : OVERRIDE;
}
