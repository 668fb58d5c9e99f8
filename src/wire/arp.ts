import { type Codec, DecodeError, expect, holds } from "./codec.ts";
import { expectPadding } from "./ethernet.ts";
import { ipAt, macAt, putIp, putMac } from "./field.ts";
import type { Arp } from "./header.ts";

/*
 * RFC 826, "Packet format", for IPv4 over Ethernet.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |     Hardware type (1)         |    Protocol type (0x0800)     |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |   hln (6)     |   pln (4)     |  Opcode: 1 request, 2 reply   |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |   sha: sender's MAC, 6 bytes; spa: sender's IP, 4 bytes       |
 *  |   tha: target's MAC, 6 bytes; tpa: target's IP, 4 bytes       |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

const SIZE = 28;
const ETHERNET = 1;
const IPV4 = 0x0800;
const ADDRESS_LENGTHS = 0x0604;

export const arp: Codec<Arp> = {
  size: () => SIZE,

  encode(header, { view }, { inner }) {
    if (inner !== undefined) throw new Error(`${inner.kind} behind arp`);
    view.setUint16(0, ETHERNET);
    view.setUint16(2, IPV4);
    view.setUint16(4, ADDRESS_LENGTHS);
    view.setUint16(6, header.op === "request" ? 1 : 2);
    putMac(view, 8, header.sha);
    putIp(view, 14, { ip: header.spa, family: 4 });
    putMac(view, 18, header.tha);
    putIp(view, 24, { ip: header.tpa, family: 4 });
  },

  decode(input) {
    if (!holds(input, "arp", SIZE)) return undefined;
    const { view } = input;
    expect(input, "arp", { name: "hardware type", at: 0, found: view.getUint16(0), wanted: ETHERNET });
    expect(input, "arp", { name: "protocol type", at: 2, found: view.getUint16(2), wanted: IPV4 });
    expect(input, "arp", { name: "address lengths", at: 4, found: view.getUint16(4), wanted: ADDRESS_LENGTHS });
    const op = view.getUint16(6);
    if (op !== 1 && op !== 2) throw new DecodeError("arp", `opcode is ${op}, not 1 or 2`, input.offset + 6);
    expectPadding("arp", SIZE, input);
    return {
      header: {
        kind: "arp",
        op: op === 1 ? "request" : "reply",
        sha: macAt(view, 8),
        spa: ipAt(view, 14, 4),
        tha: macAt(view, 18),
        tpa: ipAt(view, 24, 4),
      },
      start: SIZE,
      length: 0,
      next: "payload",
    };
  },
};
