import type { Codec } from "./codec.ts";
import type { Slice } from "./header.ts";

/*
 * No protocol: the piece of a message that one fragment carries, RFC 791 §3.2 and RFC 8200 §4.5.
 *
 *  +------------------+---------//----------------+
 *  |     offset       |         length            |  of the message behind the IP header
 *  +------------------+---------//----------------+
 */

export const slice: Codec<Slice> = {
  size: (header) => header.length,

  encode({ packet, offset, length }, { bytes }, { outer, inner, encode }) {
    if (inner !== undefined) throw new Error(`${inner.kind} behind a slice`);
    if (outer?.kind !== "ipv4" && outer?.kind !== "ipv6") throw new Error("a slice stands behind an IP header");
    const { fragment: _, ...header } = outer;
    const start = (header.kind === "ipv4" ? 20 : 40) + offset;
    const whole = encode([header, ...packet]);
    if (whole.length < start + length) throw new Error(`a slice ends ${start + length - whole.length} bytes too late`);
    bytes.set(whole.subarray(start, start + length));
  },

  decode: () => undefined,
};
