import type { Codec } from "./codec.ts";
import type { Geneve, Header, HeaderKind } from "./header.ts";
import { kindOfEthertype } from "./protocol.ts";

/*
 * RFC 8926 §3.4, without options.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |Ver|  Opt Len  |O|C|    Rsvd.  |          Protocol Type        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |        Virtual Network Identifier (VNI)       |    Reserved   |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

const SIZE = 8;
const LEAST_INNER = 14;
/** "Transparent Ethernet bridging", RFC 1701's number for a frame. */
const ETHERNET = 0x6558;

export const geneve: Codec<Geneve> = {
  size: () => SIZE,

  encode(header, { view }, { inner }) {
    view.setUint16(0, 0);
    view.setUint16(2, typeOf(inner));
    view.setUint32(4, header.vni << 8);
  },

  // Read only where `isGeneve` holds.
  decode: ({ view, length }) => ({
    header: { kind: "geneve", vni: view.getUint32(4) >>> 8 },
    start: SIZE,
    length: length - SIZE,
    next: kindOf(view.getUint16(2)),
    protocol: view.getUint16(2),
  }),
};

/** Whether a datagram's bytes begin with a Geneve header without options, and a frame or packet behind. */
export function isGeneve(bytes: Uint8Array): boolean {
  const [version, flags, high = 0, low = 0] = bytes;
  const next = kindOf((high << 8) | low);
  return version === 0 && flags === 0 && bytes[7] === 0 && next !== "payload" && bytes.length >= SIZE + LEAST_INNER;
}

function typeOf(inner: Header | undefined): number {
  switch (inner?.kind) {
    case "ethernet":
      return ETHERNET;
    case "ipv4":
      return 0x0800;
    case "ipv6":
      return 0x86dd;
    default:
      if (inner?.kind === "payload" && inner.protocol !== undefined) return inner.protocol;
      throw new Error(`${inner?.kind ?? "nothing"} behind geneve`);
  }
}

function kindOf(type: number): HeaderKind {
  const next = type === ETHERNET ? "ethernet" : kindOfEthertype(type);
  return next === "arp" ? "payload" : next;
}
