import type { Header } from "./header.ts";

/**
 * The Internet checksum, RFC 1071 §1: the ones' complement of the ones' complement sum of all 16-bit words, an odd last
 * byte padded with zero. Over bytes that contain their own checksum it is 0.
 */
export function checksum(view: DataView, sum = 0): number {
  const even = view.byteLength & ~1;
  let total = sum;
  for (let at = 0; at < even; at += 2) total += view.getUint16(at);
  if (even < view.byteLength) total += view.getUint8(even) << 8;
  return ~fold(total) & 0xffff;
}

/**
 * The checksum of a transport message in `view`, with the pseudo-header of RFC 768 / RFC 9293 §3.1 (IPv4) or
 * RFC 8200 §8.1 (IPv6) in front. Throws when `outer` is no IP header, because then there is no such checksum.
 */
export function transportChecksum(view: DataView, protocol: number, outer: Header | undefined): number {
  if (outer?.kind !== "ipv4" && outer?.kind !== "ipv6") {
    throw new Error(`a transport header stands behind ${outer?.kind ?? "nothing"}, not behind an IP header`);
  }
  let sum = protocol + view.byteLength;
  for (const ip of [outer.src, outer.dst]) {
    for (const word of ip.words) sum += (word >>> 16) + (word & 0xffff);
  }
  return checksum(view, sum);
}

/** CRC-32C (Castagnoli) as SCTP uses it, RFC 9260 appendix A; the bytes from `skip` to `skip + 4` count as zero. */
export function crc32c(bytes: Uint8Array, skip: number): number {
  const table = castagnoli();
  let crc = 0xffffffff;
  for (const [at, byte] of bytes.entries()) {
    const masked = at >= skip && at < skip + 4 ? 0 : byte;
    crc = (crc >>> 8) ^ (table[(crc ^ masked) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return folded;
}

let known: readonly number[] | undefined;

/** Made when the first SCTP packet asks: few programs do, and every start would pay for it. */
function castagnoli(): readonly number[] {
  known ??= Array.from({ length: 256 }, (_, index) => {
    let crc = index;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    return crc;
  });
  return known;
}
