import type { Ip } from "../addr/ip.ts";

/** An address as a key of a map: for IPv4 its word as a signed number, which the engine keeps without a box. */
export function wordsKey(ip: Ip): string | number {
  return ip.family === 4 ? (ip.words[0] as number) | 0 : ip.words.join(".");
}
