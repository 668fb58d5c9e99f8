/** An Ethernet address in lower case with colons: `5e:f8:4f:00:e3:37`. */
export type Mac = string & { readonly brand: "Mac" };

export const BROADCAST = "ff:ff:ff:ff:ff:ff" as Mac;
export const NO_MAC = "00:00:00:00:00:00" as Mac;

/** Reads six colon- or dash-separated hex octets; `undefined` when malformed. */
export function parseMac(text: string): Mac | undefined {
  return /^[0-9a-fA-F]{2}(?:([:-])[0-9a-fA-F]{2})(?:\1[0-9a-fA-F]{2}){4}$/.test(text)
    ? (text.toLowerCase().replaceAll("-", ":") as Mac)
    : undefined;
}

/** The six bytes of an address. */
export function macBytes(mac: Mac): number[] {
  return mac.split(":").map((octet) => Number.parseInt(octet, 16));
}

/** An address from its six bytes. */
export function macOf(bytes: readonly number[]): Mac {
  let text = "";
  for (const byte of bytes) text += text === "" ? OCTETS[byte] : `:${OCTETS[byte]}`;
  return text as Mac;
}

const OCTETS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * A locally administered unicast address that follows from a name alone, where a kernel would draw one at random:
 * the same topology gives the same bytes.
 */
export function macFromName(name: string): Mac {
  const high = hash32(name);
  const low = hash32(`${name}#`);
  const first = ((high >>> 24) & 0xfc) | 0x02;
  return macOf([first, (high >>> 16) & 255, (high >>> 8) & 255, high & 255, (low >>> 8) & 255, low & 255]);
}

/** The group bit: broadcast and multicast frames. */
export function isGroup(mac: Mac): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

/** The Ethernet group an IPv4 (RFC 1112 §6.4) or IPv6 (RFC 2464 §7) multicast address maps to. */
export function multicastMac(words: readonly number[]): Mac {
  const last = words[words.length - 1] as number;
  return words.length === 1
    ? macOf([1, 0, 0x5e, (last >>> 16) & 127, (last >>> 8) & 255, last & 255])
    : macOf([0x33, 0x33, last >>> 24, (last >>> 16) & 255, (last >>> 8) & 255, last & 255]);
}

/** FNV-1a with a final avalanche: spreads names that differ in one digit. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
