import { crc32c } from "./checksum.ts";
import { type Codec, DecodeError, holds, isCut, regionOf } from "./codec.ts";
import type { Sctp } from "./header.ts";

/*
 * RFC 9260 §3 (common header), §3.3.1 DATA, §3.3.2 INIT, §3.3.3 INIT ACK, §3.3.4 SACK, §3.3.7 ABORT, §3.3.11 COOKIE
 * ECHO, §3.3.12 COOKIE ACK. The checksum is little-endian.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |          Source Port          |        Destination Port       |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                       Verification Tag                        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                       Checksum (CRC-32C)                      |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  Chunk Type   |  Chunk Flags  |         Chunk Length          |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                 INIT, INIT ACK: Initiate Tag                  |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |             Advertised Receiver Window Credit                 |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  Number of Outbound Streams   |   Number of Inbound Streams   |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |             Initial TSN; INIT ACK: State Cookie (7)           |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

const COMMON = 12;
const CHUNKS = {
  init: { type: 1, size: 20 },
  "init-ack": { type: 2, size: 28 },
  abort: { type: 6, size: 4 },
  "cookie-echo": { type: 10, size: 8 },
  "cookie-ack": { type: 11, size: 4 },
  /** Four bytes of a message of its own. */
  data: { type: 0, size: 20 },
  sack: { type: 3, size: 16 },
} as const;
const KINDS = Object.keys(CHUNKS) as readonly Sctp["chunk"][];
/** What Linux offers: half its default receive buffer (net.core.rmem_default), and net/sctp's stream counts. */
const WINDOW = 106496;
const STREAMS_OUT = 10;
const STREAMS_IN = 65535;
const STATE_COOKIE = 7;
/** Flags of a message in one piece: beginning and end. */
const WHOLE_MESSAGE = 3;

export const sctp: Codec<Sctp> = {
  size: (header) => COMMON + CHUNKS[header.chunk].size,

  encode(header, region, { inner }) {
    if (inner !== undefined) throw new Error(`${inner.kind} behind sctp`);
    write(header, region.bytes);
  },

  decode(input) {
    if (!holds(input, "sctp", COMMON + 4) || isCut(input)) return undefined;
    const { bytes, view } = input;
    if (view.getUint32(8, true) !== crc32c(bytes, 8)) {
      throw new DecodeError("sctp", "the checksum is wrong", input.offset + 8);
    }
    const chunk = KINDS.find((kind) => CHUNKS[kind].type === view.getUint8(12));
    if (chunk === undefined || bytes.length !== COMMON + CHUNKS[chunk].size) return undefined;
    const header: Sctp = {
      kind: "sctp",
      sport: view.getUint16(0),
      dport: view.getUint16(2),
      tag: view.getUint32(chunk === "init" ? 16 : 4),
      chunk,
    };
    const plain = new Uint8Array(bytes.length);
    write(header, plain);
    if (!plain.every((byte, at) => byte === bytes[at])) return undefined;
    return { header, start: bytes.length, length: 0, next: "payload" };
  },
};

/**
 * An INIT names its own tag in the chunk, where its verification tag is zero (§8.5.1); what answers it carries that tag
 * in front. What no router and no filter looks at is as plain as the RFC allows.
 */
function write(header: Sctp, bytes: Uint8Array): void {
  const { view } = regionOf(bytes);
  const { type, size } = CHUNKS[header.chunk];
  view.setUint16(0, header.sport);
  view.setUint16(2, header.dport);
  view.setUint32(4, header.chunk === "init" ? 0 : header.tag);
  view.setUint32(8, 0);
  view.setUint8(12, type);
  view.setUint8(13, header.chunk === "data" ? WHOLE_MESSAGE : 0);
  view.setUint16(14, size);
  body(header, view);
  view.setUint32(8, crc32c(bytes, 8), true);
}

/** What a chunk says behind its length; every number that a side chooses is its tag. */
function body({ chunk, tag }: Sctp, view: DataView): void {
  switch (chunk) {
    case "init":
    case "init-ack":
      view.setUint32(16, tag);
      view.setUint32(20, WINDOW);
      view.setUint16(24, STREAMS_OUT);
      view.setUint16(26, STREAMS_IN);
      view.setUint32(28, tag);
      if (chunk === "init") return;
      view.setUint16(32, STATE_COOKIE);
      view.setUint16(34, 8);
      view.setUint32(36, tag);
      return;
    case "sack":
      view.setUint32(16, tag);
      view.setUint32(20, WINDOW);
      return;
    case "data":
    case "cookie-echo":
      // The first TSN, and the cookie as it came.
      view.setUint32(16, tag);
      return;
    case "cookie-ack":
    case "abort":
      return;
  }
}
