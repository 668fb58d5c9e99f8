import { type Codec, type Region, regionOf } from "./codec.ts";
import type { Header, Wireguard } from "./header.ts";

/*
 * "WireGuard: Next Generation Kernel Network Tunnel" (Donenfeld, NDSS 2017) §5.4.6: transport data. Little-endian.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |   Type (4)    |                 Reserved (0)                  |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                        Receiver Index                         |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                      Counter, 8 bytes                         |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |     The packet, padded with zeros and sealed; 16-byte tag     |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * A trace has no keys: sealing here only makes bytes that nobody on the way can read, of the right length and always the
 * same. A payload behind the header is such a sealed part as it was read, tag included.
 */

const SIZE = 16;
const TAG_SIZE = 16;
const BLOCK = 16;
const TRANSPORT = 4;

export const wireguard: Codec<Wireguard> = {
  size: () => SIZE,

  behind: (header, length, inner) => (inner?.kind === "payload" ? 0 : padding(header, length) + TAG_SIZE),

  encode(header, region, { inner }) {
    const { view } = region;
    if (!isSealable(inner)) throw new Error(`${inner?.kind} behind wireguard`);
    view.setUint32(0, TRANSPORT, true);
    view.setUint32(4, header.receiver, true);
    view.setUint32(8, header.counter % 2 ** 32, true);
    view.setUint32(12, Math.floor(header.counter / 2 ** 32), true);
    if (inner?.kind !== "payload") seal(region);
  },

  // Read only where `isWireguard` holds.
  decode: ({ view, length }) => ({
    header: { kind: "wireguard", receiver: view.getUint32(4, true), counter: counterIn(view) },
    start: SIZE,
    length: length - SIZE,
    next: "payload",
  }),
};

/** Whether a datagram's bytes begin like transport data; handshakes (types 1 to 3) stay a payload. */
export function isWireguard(bytes: Uint8Array): boolean {
  const { view } = regionOf(bytes);
  return (
    bytes.length >= SIZE + TAG_SIZE && view.getUint32(0, true) === TRANSPORT && Number.isSafeInteger(counterIn(view))
  );
}

function counterIn(view: DataView): number {
  return view.getUint32(12, true) * 2 ** 32 + view.getUint32(8, true);
}

/** drivers/net/wireguard/send.c, calculate_skb_padding(): to 16 bytes, but not beyond the device's MTU. */
function padding({ mtu }: Wireguard, length: number): number {
  const last = mtu !== undefined && length > mtu ? length % mtu : length;
  return Math.min(mtu ?? Number.POSITIVE_INFINITY, Math.ceil(last / BLOCK) * BLOCK) - last;
}

function isSealable(inner: Header | undefined): boolean {
  return inner === undefined || inner.kind === "ipv4" || inner.kind === "ipv6" || inner.kind === "payload";
}

/** Mixes a keystream into what stands behind the header; the tag is the stream's state after all of it. */
function seal({ bytes, view }: Region): void {
  let state = (view.getUint32(4, true) ^ Math.imul(view.getUint32(8, true) + 1, 0x9e3779b1)) | 1;
  const next = () => {
    // xorshift32 (Marsaglia 2003)
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  };
  for (let at = SIZE; at < bytes.length; at++) {
    const plain = view.getUint8(at);
    view.setUint8(at, plain ^ next());
    state = (state + Math.imul(plain, 0x01000193)) | 1;
  }
}
