import { hash32 } from "../addr/mac.ts";
import type { HostPeer } from "./peer.ts";

/** The public key of a node's WireGuard device, in base64. Real ones are drawn at random; here it follows from the names. */
export function publicKeyOf(peer: HostPeer, dev: string): string {
  const words = Array.from({ length: 8 }, (_, i) => hash32(`${peer.netns} ${dev} ${i}`));
  const bytes = words.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]);
  return btoa(String.fromCharCode(...bytes));
}
