/**
 * The 32-bit word of a dotted IPv4 address, or -1: what `Ip.parse` accepts, without an object, for loops over every pod.
 *
 * Reads from `start` to `end` of a longer text.
 */
export function v4Word(text: string, start = 0, end = text.length): number {
  let word = 0;
  let octet = -1;
  let dots = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit === -2) {
      if (octet < 0 || ++dots > 3) return -1;
      word = word * 256 + octet;
      octet = -1;
    } else {
      if (digit < 0 || digit > 9 || octet === 0) return -1;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return -1;
    }
  }
  return dots === 3 && octet >= 0 ? word * 256 + octet : -1;
}
