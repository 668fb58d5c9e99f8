import { sixteenBits } from "../wire/field.ts";

/*
 * PCAP Next Generation, draft-ietf-opsawg-pcapng §3.1 and §3.5, little-endian throughout.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                          Block Type                           |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                      Block Total Length                       |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  /  Block Body: fixed fields, data, options; each padded to 4    /
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                      Block Total Length                       |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |         Option Type           |        Option Length          |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  /  Option Value, padded; the last option is 0 of length 0       /
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** LINKTYPE_ETHERNET, and LINKTYPE_RAW: a packet that begins with its IP header, whatever its version. */
export const LINK_TYPE = { ethernet: 1, raw: 101 } as const;

const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const ENHANCED_PACKET = 6;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** What tcpdump captures at most; no frame here is longer. */
const SNAP_LENGTH = 262_144;

const END_OF_OPTIONS = 0;
const COMMENT = 1;
const USER_APPLICATION = 4;
const NAME = 2;
const FLAGS = 2;
/** §4.3.1: bits 0 and 1 of the flags word. */
const DIRECTION = { in: 1, out: 2 } as const;

/** A frame on one interface. */
export interface CapturedFrame {
  /** The place of its interface in the section, from 0. */
  readonly interface: number;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly bytes: Uint8Array;
  readonly direction: "in" | "out";
  readonly comment: string;
}

/** §4.1, the block that starts a section: everything up to the next one is in its words. Its length is left open. */
export function sectionHeader({ application, comment }: { readonly application: string; readonly comment: string }) {
  const body = new DataView(new ArrayBuffer(16));
  body.setUint32(0, BYTE_ORDER_MAGIC, true);
  body.setUint16(4, 1, true);
  body.setUint16(6, 0, true);
  body.setBigInt64(8, -1n, true);
  return block(SECTION, [bytesOf(body), text(COMMENT, comment), text(USER_APPLICATION, application), end()]);
}

/** §4.2, an interface; its times are in microseconds, as they are where nothing is said of them. */
export function interfaceDescription(name: string, linkType: number): Uint8Array {
  const body = new DataView(new ArrayBuffer(8));
  body.setUint16(0, linkType, true);
  body.setUint32(4, SNAP_LENGTH, true);
  return block(INTERFACE, [bytesOf(body), text(NAME, name), end()]);
}

/** §4.3, one frame, whole. */
export function enhancedPacket(frame: CapturedFrame): Uint8Array {
  const { time, bytes, direction, comment } = frame;
  const body = new DataView(new ArrayBuffer(20));
  body.setUint32(0, frame.interface, true);
  body.setUint32(4, Math.floor(time / 2 ** 32), true);
  body.setUint32(8, time % 2 ** 32, true);
  body.setUint32(12, bytes.length, true);
  body.setUint32(16, bytes.length, true);
  const flags = new DataView(new ArrayBuffer(4));
  flags.setUint32(0, DIRECTION[direction], true);
  const options = [text(COMMENT, comment), option(FLAGS, bytesOf(flags)), end()];
  return block(ENHANCED_PACKET, [bytesOf(body), bytes, ...options]);
}

/** One after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = 12 + parts.reduce((sum, part) => sum + padded(part.length), 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  let at = 8;
  for (const part of parts) {
    bytes.set(part, at);
    at += padded(part.length);
  }
  view.setUint32(length - 4, length, true);
  return bytes;
}

function text(code: number, value: string): Uint8Array {
  return option(code, new TextEncoder().encode(value));
}

function option(code: number, value: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(4));
  head.setUint16(0, code, true);
  head.setUint16(2, sixteenBits(value.length, "an option"), true);
  return joined([bytesOf(head), value]);
}

function end(): Uint8Array {
  return option(END_OF_OPTIONS, new Uint8Array());
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer);
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}
