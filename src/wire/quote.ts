import { type Codec, DecodeError, regionOf } from "./codec.ts";
import type { Quote } from "./header.ts";

/*
 * What an ICMP error says it is about, RFC 792 and RFC 4443 §3: "as much of the invoking packet as possible" without the
 * error getting too long. Linux stops an ICMP error at 576 bytes and an ICMPv6 one at 1280.
 *
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |   The first bytes of a packet, from its IP header on. Its     |
 *  |   lengths and checksums are the whole packet's.               |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** Enough to tell how long the quoted packet was. */
const LEAST = 20;

export const quote: Codec<Quote> = {
  size: (header) => header.length,

  encode(header, { bytes }, { outer, inner, encode }) {
    if (outer?.kind !== "icmp" || inner !== undefined) throw new Error("a quote ends an ICMP error");
    const packet = encode(header.packet);
    if (packet.length < header.length) throw new Error(`${header.length} bytes of a packet of ${packet.length}`);
    bytes.set(packet.subarray(0, header.length));
  },

  decode({ bytes, length, offset, quoted }) {
    if (bytes.length < LEAST || quoted === undefined) return undefined;
    const whole = packetLength(bytes, offset);
    if (whole < length) {
      throw new DecodeError("quote", `${length - whole} bytes behind the quoted packet`, offset + whole);
    }
    const packet = quoted({ bytes, length: whole, offset });
    if (packet === undefined) return undefined;
    return { header: { kind: "quote", packet, length }, start: bytes.length, length: 0, next: "payload" };
  },
};

/** How long the packet that `bytes` start says it is, cut off or not. */
function packetLength(bytes: Uint8Array, offset: number): number {
  const { view } = regionOf(bytes);
  const version = view.getUint8(0) >>> 4;
  if (version !== 4 && version !== 6) throw new DecodeError("quote", `IP version ${version}`, offset);
  return version === 4 ? view.getUint16(2) : 40 + view.getUint16(4);
}
