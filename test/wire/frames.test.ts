import { describe, expect, test } from "vitest";
import { Ip } from "../../src/addr/ip.ts";
import type { Header, Ipv4, Packet } from "../../src/wire/header.ts";
import { protocolNumber } from "../../src/wire/protocol.ts";
import { decode, encode, ipLengthOf, lengthOf, TUNNELS } from "../../src/wire/stack.ts";
import frames from "../fixtures/frames.json" with { type: "json" };
import { hex, stackOf, toHex } from "./bytes.ts";

// Over IPv6 the kernel's frames use a port of their own.
const tunnels = new Map([...TUNNELS, [4790, "vxlan" as const]]);

describe("frames of the lab", () => {
  test.each(frames.lab)("$name is read as the lab's dissector read it, and written back", (frame) => {
    const bytes = hex(frame.hex);
    const packet = decode(bytes, frame.layers[0]?.p === "eth" ? "ethernet" : "ip");
    expect(layersOf(packet)).toEqual(frame.layers);
    expect(toHex(encode(packet))).toBe(frame.hex);
    expect(lengthOf(packet)).toBe(bytes.length);
  });
});

describe("frames of a kernel", () => {
  test.each(frames.kernel)("$name is $stack, and written back", (frame) => {
    const packet = decode(hex(frame.hex), "ethernet", tunnels);
    expect(stackOf(packet)).toBe(frame.stack);
    expect(toHex(encode(packet))).toBe(frame.hex);
    expect(lengthOf(packet)).toBe(frame.hex.length / 2);
  });
});

describe("a packet made by hand is the kernel's", () => {
  const MESSAGE = Uint8Array.from({ length: 3000 }, (_, i) => 7 * i + 3);

  test.each([
    [["udp fragment 1", "udp fragment 2", "udp fragment 3"], 3000],
    [["echo fragment 1", "echo fragment 2"], 2000],
    [["udp fragment 1 over IPv6", "udp fragment 2 over IPv6", "udp fragment 3 over IPv6"], 3000],
  ])("slices of one message are %j", (names, length) => {
    const pieces = names.map(kernel);
    const transport = pieces[0]?.[2];
    if (transport?.kind !== "udp" && transport?.kind !== "icmp") throw new Error("no first fragment");
    const { whole: _, ...plain } = transport;
    const packet: Packet = [plain, { kind: "payload", length, bytes: MESSAGE.slice(0, length) }];
    for (const piece of pieces) {
      const [ethernet, header] = piece;
      if (!ethernet || (header?.kind !== "ipv4" && header?.kind !== "ipv6")) throw new Error("no fragment");
      const offset = header.fragment?.offset ?? 0;
      const slice = { kind: "slice" as const, packet, offset, length: lengthOf(piece.slice(2)) };
      const sliced: Packet = [ethernet, header, slice];
      expect(toHex(encode(sliced))).toBe(toHex(encode(piece)));
      expect(lengthOf(sliced)).toBe(lengthOf(piece));
      expect(ipLengthOf(sliced)).toBe(ipLengthOf(piece));
    }
  });

  test.each([
    // 576 bytes less the outer IP header and ICMP's
    ["port unreachable, about more than it can quote", 548, 1028],
    ["fragmentation needed, about udp", 548, 1478],
    // 1280 less the outer IPv6 header and ICMPv6's
    ["ICMPv6 packet too big", 1232, 1488],
  ])("%s quotes %i bytes of a packet whose length stays %i", (name, quoted, length) => {
    const quote = kernel(name).at(-1);
    if (quote?.kind !== "quote") throw new Error("no quote");
    expect(quote.length).toBe(quoted);
    expect(lengthOf(quote.packet)).toBe(length);
  });

  test("an error about a datagram of our own quotes it, TTL as it arrived", () => {
    const [ethernet, ip, udp, payload] = kernel("udp to a closed port");
    const error = kernel("port unreachable");
    if (ip?.kind !== "ipv4" || !udp || !payload || !ethernet) throw new Error("no datagram");
    const packet: Packet = [{ ...ip, ttl: 63 }, udp, payload];
    expect(error.at(-1)).toEqual({ kind: "quote", packet, length: 61 });
    expect(error[2]).toEqual({ kind: "icmp", type: 3, code: 3, rest: 0 });
  });
});

function kernel(name: string): Packet {
  const frame = frames.kernel.find((candidate) => candidate.name === name);
  if (!frame) throw new Error(`no frame ${name}`);
  return decode(hex(frame.hex), "ethernet", tunnels);
}

/** The packet in the words of the lab's dissector, with the lengths that follow from the stack. */
function layersOf(packet: Packet): unknown {
  const layers = packet.map((header, at) => {
    const length = lengthOf(packet.slice(at));
    return header.kind === "ipv4" ? ipLayer(header, packet[at + 1], length) : layerOf(header, length);
  });
  return JSON.parse(JSON.stringify(layers.filter((layer) => layer !== undefined)));
}

function ipLayer({ kind: _, ...header }: Ipv4, inner: Header | undefined, len: number): object {
  return { p: "ip", ...header, proto: protocolNumber(inner), len, mf: false, fragoff: 0 };
}

function layerOf({ kind, ...header }: Header, len: number): object | undefined {
  switch (kind) {
    case "payload":
      return undefined;
    case "ethernet":
      return { p: "eth", ...header };
    case "udp":
      return { p: kind, ...header, len };
    default:
      return { p: kind, ...header };
  }
}

test("an address in a packet is a value, not text", () => {
  expect(kernel("udp")[1]).toMatchObject({ src: Ip.of(0x0a010002), dst: Ip.of(0x0a020002) });
});
