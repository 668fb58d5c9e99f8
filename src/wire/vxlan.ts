import type { Codec } from "./codec.ts";
import type { Vxlan } from "./header.ts";

/*
 * RFC 7348 §5. The kernel drops what sets a reserved bit (drivers/net/vxlan, vxlan_rcv).
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |R|R|R|R|I|R|R|R|            Reserved                           |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                VXLAN Network Identifier (VNI) |   Reserved    |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

const SIZE = 8;
const ETHERNET_SIZE = 14;

export const vxlan: Codec<Vxlan> = {
  size: () => SIZE,

  encode(header, { view }, { inner }) {
    if (inner?.kind !== "ethernet") throw new Error(`${inner?.kind ?? "nothing"} behind vxlan`);
    view.setUint32(0, 0x08000000);
    view.setUint32(4, header.vni << 8);
  },

  // Read only where `isVxlan` holds.
  decode: ({ view, length }) => ({
    header: { kind: "vxlan", vni: view.getUint32(4) >>> 8 },
    start: SIZE,
    length: length - SIZE,
    next: "ethernet",
  }),
};

/** Whether a datagram's bytes begin with a VXLAN header and a frame. */
export function isVxlan(bytes: Uint8Array): boolean {
  const [flags, ...rest] = bytes.subarray(0, SIZE);
  return flags === 8 && bytes.length >= SIZE + ETHERNET_SIZE && [0, 1, 2, 6].every((at) => rest[at] === 0);
}
