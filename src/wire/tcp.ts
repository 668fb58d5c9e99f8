import { transportChecksum } from "./checksum.ts";
import { type Codec, DecodeError, holds, isCut } from "./codec.ts";
import type { Tcp, TcpFlag } from "./header.ts";

/*
 * RFC 9293 §3.1; CWR and ECE are RFC 3168's.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |          Source Port          |       Destination Port        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                        Sequence Number                        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                    Acknowledgment Number                      |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  | Offset| Rsrvd |C|E|U|A|P|R|S|F|            Window             |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |           Checksum            |         Urgent Pointer        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |   Options; maximum segment size: kind 2, length 4, two bytes  |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

const SIZE = 20;
const MSS_SIZE = 4;
const PROTOCOL = 6;
const FLAGS: readonly TcpFlag[] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];

export const tcp: Codec<Tcp> = {
  size: sizeOf,

  encode(header, { bytes, view }, { outer, inner }) {
    if (inner !== undefined && inner.kind !== "payload") throw new Error(`${inner.kind} behind tcp`);
    const size = sizeOf(header);
    const options = header.options ?? new Uint8Array();
    if (size > 60 || size % 4 !== 0) throw new Error(`a TCP header of ${size} bytes`);
    view.setUint16(0, header.sport);
    view.setUint16(2, header.dport);
    view.setUint32(4, header.seq);
    view.setUint32(8, header.ack);
    view.setUint8(12, size << 2);
    view.setUint8(
      13,
      header.flags.reduce((bits, flag) => bits | (1 << FLAGS.indexOf(flag)), 0),
    );
    view.setUint16(14, header.window);
    view.setUint32(16, 0);
    if (header.mss !== undefined) {
      view.setUint16(SIZE, 0x0204);
      view.setUint16(SIZE + 2, header.mss);
    }
    bytes.set(options, size - options.length);
    view.setUint16(16, header.whole?.checksum ?? transportChecksum(view, PROTOCOL, outer));
  },

  decode(input) {
    if (!holds(input, "tcp", SIZE)) return undefined;
    const { bytes, view } = input;
    const size = (view.getUint8(12) >>> 4) * 4;
    if (size < SIZE || (size > input.length && !input.partial)) {
      throw new DecodeError("tcp", `header length is ${size}, in ${input.length} bytes`, input.offset + 12);
    }
    if (!holds(input, "tcp", size)) return undefined;
    if (!isCut(input) && transportChecksum(view, PROTOCOL, input.outer) !== 0) {
      throw new DecodeError("tcp", "the checksum is wrong", input.offset + 16);
    }
    const reserved = view.getUint8(12) & 15;
    const urgent = view.getUint16(18);
    if (reserved !== 0 || urgent !== 0) return undefined;
    const flags = view.getUint8(13);
    return {
      header: {
        kind: "tcp",
        sport: view.getUint16(0),
        dport: view.getUint16(2),
        seq: view.getUint32(4),
        ack: view.getUint32(8),
        flags: FLAGS.filter((_, bit) => flags & (1 << bit)),
        window: view.getUint16(14),
        ...optionsIn(bytes.subarray(SIZE, size)),
        ...(isCut(input) && { whole: { checksum: view.getUint16(16) } }),
      },
      start: size,
      length: input.length - size,
      next: "payload",
    };
  },
};

function sizeOf(header: Tcp): number {
  return SIZE + (header.mss === undefined ? 0 : MSS_SIZE) + (header.options?.length ?? 0);
}

function optionsIn(area: Uint8Array): Pick<Tcp, "mss" | "options"> {
  const [kind, length, high = 0, low = 0] = area;
  const hasMss = kind === 2 && length === MSS_SIZE;
  const rest = hasMss ? area.subarray(MSS_SIZE) : area;
  return { ...(hasMss && { mss: (high << 8) | low }), ...(rest.length > 0 && { options: rest.slice() }) };
}
