import { transportChecksum } from "./checksum.ts";
import { type Codec, DecodeError, holds, type Input, isCut } from "./codec.ts";
import { sixteenBits } from "./field.ts";
import { isGeneve } from "./geneve.ts";
import type { HeaderKind, Udp } from "./header.ts";
import { isVxlan } from "./vxlan.ts";
import { isWireguard } from "./wireguard.ts";

/*
 * RFC 768.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |          Source Port          |       Destination Port        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |            Length             |           Checksum            |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

const SIZE = 8;
const PROTOCOL = 17;
const CARRIED: readonly (HeaderKind | undefined)[] = [
  "payload",
  "vxlan",
  "geneve",
  "wireguard",
  "ipv4",
  "ipv6",
  undefined,
];

export const udp: Codec<Udp> = {
  size: () => SIZE,

  encode(header, { bytes, view }, { outer, inner }) {
    if (!CARRIED.includes(inner?.kind)) throw new Error(`${inner?.kind} behind udp`);
    view.setUint16(0, header.sport);
    view.setUint16(2, header.dport);
    view.setUint16(4, header.whole?.length ?? sixteenBits(bytes.length, "a UDP datagram"));
    view.setUint16(6, 0);
    if (header.noChecksum) return;
    // RFC 768: a sum of zero goes out as all ones, because zero means that there is none.
    view.setUint16(6, header.whole?.checksum ?? (transportChecksum(view, PROTOCOL, outer) || 0xffff));
  },

  decode(input) {
    if (!holds(input, "udp", SIZE)) return undefined;
    const { view } = input;
    const sport = view.getUint16(0);
    const dport = view.getUint16(2);
    const length = view.getUint16(4);
    if (input.partial ? length <= input.length : length !== input.length) {
      throw new DecodeError("udp", `length is ${length}, in ${input.length} bytes`, input.offset + 4);
    }
    const checksum = view.getUint16(6);
    checkChecksum(input, { checksum, dport });
    const header: Udp = {
      kind: "udp",
      sport,
      dport,
      ...(checksum === 0 && { noChecksum: true }),
      ...((input.partial || (isCut(input) && checksum !== 0)) && { whole: { length, checksum } }),
    };
    return { header, start: SIZE, length: input.length - SIZE, next: carried(input, dport) };
  },
};

function checkChecksum(input: Input, { checksum, dport }: { readonly checksum: number; readonly dport: number }): void {
  const wrong = (problem: string) => new DecodeError("udp", problem, input.offset + 6);
  if (checksum === 0) {
    // RFC 8200 §8.1 forbids it over IPv6, RFC 6935 §5 allows it to tunnels.
    if (input.outer?.kind === "ipv6" && !input.tunnels.has(dport)) throw wrong("no checksum, over IPv6");
  } else if (!isCut(input) && transportChecksum(input.view, PROTOCOL, input.outer) !== 0) {
    throw wrong("the checksum is wrong");
  }
}

/** What a datagram carries: the tunnel of its port, if its bytes begin like one. Anyone may send anything to a port. */
function carried(input: Input, dport: number): HeaderKind {
  const tunnel = input.partial ? undefined : input.tunnels.get(dport);
  const body = { bytes: input.bytes.subarray(SIZE), length: input.length - SIZE };
  if (tunnel === "vxlan") return isVxlan(body.bytes) ? "vxlan" : "payload";
  if (tunnel === "geneve") return isGeneve(body.bytes) ? "geneve" : "payload";
  if (tunnel === "wireguard") return isWireguard(body.bytes) ? "wireguard" : "payload";
  return tunnel === "ip" ? bareIp(body) : "payload";
}

/** flanneld reads the destination at its fixed place and trusts the socket for the rest: no header announces the packet. */
function bareIp({ bytes, length }: { readonly bytes: Uint8Array; readonly length: number }): HeaderKind {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length >= 20 && bytes[0] === 0x45 && view.getUint16(2) === length) return "ipv4";
  return bytes.length >= 40 && view.getUint8(0) >>> 4 === 6 && 40 + view.getUint16(4) === length ? "ipv6" : "payload";
}
