import { hash32 } from "../addr/mac.ts";
import type { Netns } from "../kernel/netns.ts";
import type { WireguardPeer } from "../kernel/wireguard.ts";
import type { Header, Payload } from "../wire/header.ts";

/** Bytes of each message, and its type (drivers/net/wireguard/messages.h). */
const MESSAGES = {
  initiation: { type: 1, length: 148 },
  response: { type: 2, length: 92 },
} as const;

/** AF41, on handshakes alone (messages.h, HANDSHAKE_DSCP). */
export const HANDSHAKE_TOS = 0x88;

/** What a session with a peer is kept under. */
export function sessionKey({ name }: Netns, { dev, publicKey }: WireguardPeer): string {
  return `${name} ${dev} ${publicKey}`;
}

/** What a session is called by the side that chose the number; real ones are drawn at random. */
export function indexFor(chooser: string, other: string): number {
  return hash32(`${chooser} ${other}`);
}

/**
 * A handshake message: its type, the sender's index, in a response also the other side's, and zeros for what is sealed
 * with keys that a trace has not.
 */
export function handshake(
  message: keyof typeof MESSAGES,
  { sender, receiver }: { readonly sender: number; readonly receiver?: number },
): Payload {
  const { type, length } = MESSAGES[message];
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint32(4, sender, true);
  if (receiver !== undefined) view.setUint32(8, receiver, true);
  return { kind: "payload", length, bytes };
}

/** The sender's index in a handshake message; `undefined` when it is none. */
export function senderIn(header: Header | undefined): number | undefined {
  const bytes = header?.kind === "payload" ? header.bytes : undefined;
  const known = Object.values(MESSAGES).some(({ type, length }) => bytes?.[0] === type && bytes.length === length);
  return bytes && known ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true) : undefined;
}

export function isResponse(header: Header | undefined): boolean {
  return header?.kind === "payload" && header.bytes?.[0] === MESSAGES.response.type;
}
