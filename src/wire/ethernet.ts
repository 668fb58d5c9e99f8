import { type Codec, DecodeError, holds } from "./codec.ts";
import { macAt, putMac } from "./field.ts";
import type { Ethernet } from "./header.ts";
import { ethertype, kindOfEthertype } from "./protocol.ts";

/*
 * IEEE 802.3 §3.2.6 with a type instead of a length, as RFC 894 uses it. No frame check sequence: a packet socket shows none.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                      Destination address                      |
 *  +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                               |                               |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
 *  |                        Source address                         |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |           EtherType           |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

const SIZE = 14;
/** IEEE 802.3 §3.2.8: the least frame is 64 bytes with the check sequence. A card fills up what is shorter. */
const LEAST_FRAME = 60;

export const ethernet: Codec<Ethernet> = {
  size: () => SIZE,

  encode(header, { view }, { inner }) {
    putMac(view, 0, header.dst);
    putMac(view, 6, header.src);
    view.setUint16(12, ethertype(inner));
  },

  decode(input) {
    if (!holds(input, "ethernet", SIZE)) return undefined;
    const { view } = input;
    const type = view.getUint16(12);
    return {
      header: { kind: "ethernet", src: macAt(view, 6), dst: macAt(view, 0) },
      start: SIZE,
      length: input.length - SIZE,
      next: kindOfEthertype(type),
      protocol: type,
    };
  },
};

/**
 * Checks the bytes an Ethernet frame has behind the packet in it, of `length` bytes. What a card put there to reach the
 * least frame is let pass, and `encode` does not bring it back: a veth pair does not pad. Throws `DecodeError` otherwise.
 */
export function expectPadding(
  protocol: "arp" | "ipv4" | "ipv6",
  length: number,
  input: { readonly length: number; readonly offset: number; readonly outer: { readonly kind: string } | undefined },
): void {
  const extra = input.length - length;
  if (extra === 0 || (input.outer?.kind === "ethernet" && SIZE + input.length <= LEAST_FRAME)) return;
  throw new DecodeError(protocol, `${extra} bytes behind the end`, input.offset + length);
}
