import { createPrivateKey, createPublicKey } from "node:crypto";
import type { LinkOf } from "../kernel/link.ts";
import type { Netns } from "../kernel/netns.ts";
import type { WireguardPeer } from "../kernel/wireguard.ts";
import { kernelName, type Names } from "./names.ts";
import type { Command } from "./step.ts";

/** A WireGuard device and what `wg setconf` reads: said again, it ends every session, and nothing else. */
export interface Sealed {
  readonly dev: string;
  readonly conf: string;
}

/** Keys, port and peers of a namespace's WireGuard devices, before they are brought up. */
export function wireguardSteps(netns: Netns, names: Names): readonly Command[] {
  return sealedOf(netns).map(({ dev, conf }) => ({
    kind: "run",
    netns: kernelName(names, netns.name),
    place: netns.name,
    argv: ["wg", "setconf", dev, "/dev/stdin"],
    input: conf,
  }));
}

export function sealedOf(netns: Netns): readonly Sealed[] {
  return [...netns.links.values()]
    .filter((link) => link.kind === "wireguard")
    .map((link) => ({ dev: link.name, conf: confOf(netns, link) }));
}

function confOf(netns: Netns, { name, publicKey, port, fwmark }: LinkOf<"wireguard">): string {
  const peers = [...netns.wireguardPeers.rows()].filter(({ dev }) => dev === name);
  return [
    "[Interface]",
    `PrivateKey = ${publicKey}`,
    `ListenPort = ${port}`,
    ...(fwmark === undefined ? [] : [`FwMark = ${fwmark}`]),
    ...peers.flatMap((peer) => [
      "[Peer]",
      `PublicKey = ${labKey(peer.publicKey)}`,
      `Endpoint = ${endpointText(peer)}`,
      `AllowedIPs = ${peer.allowedIps.join(", ")}`,
      ...(peer.keepalive === undefined ? [] : [`PersistentKeepalive = ${peer.keepalive}`]),
    ]),
    "",
  ].join("\n");
}

/** An address and a port as wg(8) writes them. */
export function endpointText({ endpoint, port }: Pick<WireguardPeer, "endpoint" | "port">): string {
  return endpoint.family === 6 ? `[${endpoint}]:${port}` : `${endpoint}:${port}`;
}

/** RFC 8410 §7: what stands before the 32 bytes of an X25519 private key in PKCS #8. */
const PKCS8 = Buffer.from("302e020100300506032b656e04220420", "hex");

/**
 * The public key by which the lab knows a device. A model has no private keys: the bytes that it calls a device's public
 * key are the private one here, and this is what belongs to it.
 */
export function labKey(publicKey: string): string {
  const der = Buffer.concat([PKCS8, Buffer.from(publicKey, "base64")]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  return Buffer.from(x, "base64url").toString("base64");
}
