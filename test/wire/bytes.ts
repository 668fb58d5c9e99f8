import { Ip } from "../../src/addr/ip.ts";
import { type Mac, parseMac } from "../../src/addr/mac.ts";
import type { Header, Ipv4, Ipv6, Packet, Payload } from "../../src/wire/header.ts";

/** Bytes from hex digits; spaces are for the reader. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function ip(text: string): Ip {
  const parsed = Ip.parse(text);
  if (!parsed) throw new Error(`${text} is no address`);
  return parsed;
}

export function mac(text: string): Mac {
  const parsed = parseMac(text);
  if (!parsed) throw new Error(`${text} is no MAC address`);
  return parsed;
}

export function v4(fields: Partial<Ipv4> = {}): Ipv4 {
  return { kind: "ipv4", src: ip("10.1.0.2"), dst: ip("10.2.0.2"), ttl: 64, tos: 0, id: 1, df: true, ...fields };
}

export function v6(fields: Partial<Ipv6> = {}): Ipv6 {
  return { kind: "ipv6", src: ip("fd00:1::2"), dst: ip("fd00:2::2"), ttl: 64, tos: 0, flow: 0, ...fields };
}

export const ETHERNET: Header = {
  kind: "ethernet",
  src: mac("02:00:00:00:0a:01"),
  dst: mac("02:00:00:00:0a:02"),
};

/** `length` bytes of the usual pattern. */
export function payload(length: number): Payload {
  return { kind: "payload", length };
}

/** `ethernet ipv4 udp payload`, and `quote[ipv4 udp payload]`. */
export function stackOf(packet: Packet): string {
  return packet.map((header) => (header.kind === "quote" ? `quote[${stackOf(header.packet)}]` : header.kind)).join(" ");
}
