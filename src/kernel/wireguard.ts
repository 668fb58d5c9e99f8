import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Written } from "./row.ts";

/**
 * A peer of a WireGuard device, in the words of wg(8): who it is, where its datagrams go, and which inner addresses are
 * its own. What leaves by the device is for the peer whose `allowedIps` hold the destination; what comes from a peer
 * must have a source in them (drivers/net/wireguard/allowedips.c).
 */
export interface WireguardPeer extends Written {
  readonly dev: string;
  /** In base64, as `wg show` prints it. */
  readonly publicKey: string;
  readonly endpoint: Ip;
  readonly port: number;
  readonly allowedIps: readonly Prefix[];
  /** Seconds between keepalives; absent: none. */
  readonly keepalive?: number;
}

export function wireguardPeerKey(row: WireguardPeer): string {
  return `${row.dev} ${row.publicKey}`;
}

/** The peer of a device that an inner address belongs to: the longest of the allowed prefixes over it. */
export function peerOf(rows: Iterable<WireguardPeer>, dev: string, ip: Ip): WireguardPeer | undefined {
  let best: { readonly row: WireguardPeer; readonly length: number } | undefined;
  for (const row of rows) {
    if (row.dev !== dev) continue;
    for (const { ip: network, length } of row.allowedIps) {
      const covers = network.family === ip.family && ip.masked(length).equals(network);
      // An allowed prefix belongs to one peer: the one that was given it last.
      if (covers && length >= (best?.length ?? 0)) best = { row, length };
    }
  }
  return best?.row;
}
