import type { Codec, Input } from "./codec.ts";
import type { Payload } from "./header.ts";

/*
 * No protocol: bytes that end a packet. Where nobody said which, they count up from zero, as ping(8) fills its echoes.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |      00       |      01       |      02       |  03 ... ff 00 |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

export const payload: Codec<Payload> = {
  size: (header) => header.length,

  encode(header, { bytes }, { inner }) {
    if (inner !== undefined) throw new Error(`${inner.kind} behind a payload`);
    const known = header.bytes?.length ?? 0;
    for (let at = known; at < bytes.length; at++) bytes[at] = at;
    if (header.bytes !== undefined) bytes.set(header.bytes);
  },

  decode: (input) => ({ header: payloadOf(input), start: input.bytes.length, length: 0, next: "payload" }),
};

/** The payload that fills a region, `protocol` if it has to state one. */
export function payloadOf({ bytes, length }: Pick<Input, "bytes" | "length">, protocol?: number): Payload {
  return {
    kind: "payload",
    length,
    ...(!bytes.every((byte, at) => byte === (at & 0xff)) && { bytes: bytes.slice() }),
    ...(protocol !== undefined && { protocol }),
  };
}
