import type { Ip } from "../addr/ip.ts";

/** An address as a key of a map: the word itself for IPv4. */
export function wordsKey(ip: Ip): string | number {
  return ip.family === 4 ? (ip.words[0] as number) : ip.words.join(".");
}
