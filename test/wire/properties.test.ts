import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Ip } from "../../src/addr/ip.ts";
import { macOf } from "../../src/addr/mac.ts";
import { DecodeError } from "../../src/wire/codec.ts";
import type { Header, Ipv4, Ipv6, Packet, Payload } from "../../src/wire/header.ts";
import { protocolNumber } from "../../src/wire/protocol.ts";
import { decode, encode, ipLengthOf, lengthOf } from "../../src/wire/stack.ts";
import frames from "../fixtures/frames.json" with { type: "json" };
import { hex, toHex } from "./bytes.ts";

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const mac = fc.array(u8, { minLength: 6, maxLength: 6 }).map(macOf);
const ip4 = u32.map((word) => Ip.of(word));
const ip6 = fc.tuple(u32, u32, u32, u32).map((words) => Ip.of(...words));
const kind = <K extends string>(name: K) => fc.constant(name);

const ethernet = fc.record({ kind: kind("ethernet"), src: mac, dst: mac });
const ipv4: fc.Arbitrary<Ipv4> = fc.record({
  kind: kind("ipv4"),
  src: ip4,
  dst: ip4,
  ttl: u8,
  tos: u8,
  id: u16,
  df: fc.boolean(),
});
const ipv6: fc.Arbitrary<Ipv6> = fc.record({
  kind: kind("ipv6"),
  src: ip6,
  dst: ip6,
  ttl: u8,
  tos: u8,
  flow: fc.integer({ min: 0, max: 0xfffff }),
});
const arp = fc.record({
  kind: kind("arp"),
  op: fc.constantFrom("request" as const, "reply" as const),
  sha: mac,
  spa: ip4,
  tha: mac,
  tpa: ip4,
});
const ndp = fc.oneof(
  fc.record({ kind: kind("ndp"), op: fc.constant("solicit" as const), target: ip6, lladdr: mac }),
  fc.record(
    { kind: kind("ndp"), op: fc.constant("advert" as const), target: ip6, lladdr: mac, router: fc.constant(true) },
    { requiredKeys: ["kind", "op", "target", "lladdr"] },
  ),
);
const sctp = fc.record({
  kind: kind("sctp"),
  sport: u16,
  dport: u16,
  tag: u32,
  chunk: fc.constantFrom(
    "init" as const,
    "init-ack" as const,
    "cookie-echo" as const,
    "cookie-ack" as const,
    "data" as const,
    "sack" as const,
    "abort" as const,
  ),
});

/** In the one form that decoding gives: no payload of nothing, no bytes that are the pattern. */
const payload: fc.Arbitrary<Payload[]> = fc.oneof(
  fc.constant<Payload[]>([]),
  fc.integer({ min: 1, max: 300 }).map((length): Payload[] => [{ kind: "payload", length }]),
  fc
    .uint8Array({ minLength: 1, maxLength: 80 })
    .filter((bytes) => bytes.some((byte, at) => byte !== at))
    .map((bytes): Payload[] => [{ kind: "payload", length: bytes.length, bytes }]),
);

const TUNNEL_PORTS = [4789, 8472, 6081, 8285, 51820, 51821];
const port = u16.filter((value) => !TUNNEL_PORTS.includes(value));
const udp = fc.record({ kind: kind("udp"), sport: u16, dport: port });
const tcp = fc
  .record(
    {
      kind: kind("tcp"),
      sport: u16,
      dport: u16,
      seq: u32,
      ack: u32,
      flags: fc.subarray(["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"] as const),
      window: u16,
      mss: u16,
      options: fc.integer({ min: 1, max: 9 }).chain((n) => fc.uint8Array({ minLength: 4 * n, maxLength: 4 * n })),
    },
    { requiredKeys: ["kind", "sport", "dport", "seq", "ack", "flags", "window"] },
  )
  .filter(({ mss, options }) => mss !== undefined || options?.[0] !== 2);
const echo = fc.record({ kind: kind("icmp"), type: fc.constantFrom(8, 0, 128, 129), code: fc.constant(0), rest: u32 });

function concat(...parts: fc.Arbitrary<readonly Header[]>[]): fc.Arbitrary<Packet> {
  return fc.tuple(...parts).map((lists) => lists.flat());
}
const one = (header: fc.Arbitrary<Header>) => header.map((value) => [value]);
const udpTo = (dport: number): fc.Arbitrary<Header[]> => u16.map((sport) => [{ kind: "udp", sport, dport }]);

const transport: fc.Arbitrary<Packet> = fc.oneof(
  concat(one(udp), payload),
  concat(one(tcp), payload),
  concat(one(echo), payload),
  one(sctp),
  // the pattern's first byte is zero: no protocol but a payload's own
  concat(fc.constantFrom(89, 47, 50).chain((protocol) => fc.constant([{ kind: "payload", length: 20, protocol }]))),
);

const plain: fc.Arbitrary<Packet> = fc.oneof(
  concat(one(ipv4), transport),
  concat(one(ipv6), transport),
  concat(one(ipv6), one(ndp)),
);

const frame: fc.Arbitrary<Packet> = fc.oneof(concat(one(ethernet), plain), concat(one(ethernet), one(arp)));
const vni = fc.integer({ min: 0, max: 0xffffff });
const vxlan = one(fc.record({ kind: kind("vxlan"), vni }));
const geneve = one(fc.record({ kind: kind("geneve"), vni }));

const anyIp = fc.oneof(one(ipv4), one(ipv6));
const error = (inner: fc.Arbitrary<Packet>): fc.Arbitrary<Packet> =>
  fc.oneof(concat(one(ipv4), quoting(3, inner)), concat(one(ipv6), quoting(1, inner)));
const quoting = (type: number, inner: fc.Arbitrary<Packet>): fc.Arbitrary<Packet> =>
  fc.tuple(inner, fc.integer({ min: 0, max: 15 }), u32).map(([packet, code, rest]) => {
    const length = Math.min(lengthOf(packet), 548);
    return [
      { kind: "icmp", type, code, rest },
      { kind: "quote", packet, length },
    ];
  });

const packet: fc.Arbitrary<Packet> = fc.oneof(
  plain,
  concat(anyIp, plain),
  concat(anyIp, udpTo(8472), vxlan, frame),
  concat(anyIp, udpTo(6081), geneve, fc.oneof(frame, plain)),
  concat(anyIp, udpTo(8285), plain),
  error(plain),
  error(concat(anyIp, udpTo(4789), vxlan, frame)),
  concat(anyIp, udpTo(4789), vxlan, one(ethernet), error(plain)),
);

const start = (value: Packet) => (value[0]?.kind === "ethernet" ? "ethernet" : "ip");
const anyStart: fc.Arbitrary<Packet> = fc.oneof(packet, concat(one(ethernet), packet), frame);

describe("for every packet", () => {
  test("what is written is read back", () => {
    fc.assert(
      fc.property(anyStart, (value) => {
        expect(decode(encode(value), start(value))).toEqual(value);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  test("its length is known before it is written", () => {
    fc.assert(
      fc.property(anyStart, (value) => {
        expect(encode(value)).toHaveLength(lengthOf(value));
        expect(ipLengthOf(value)).toBe(value[0]?.kind === "ethernet" ? ipLengthOf(value.slice(1)) : lengthOf(value));
      }),
      { numRuns: 500, seed: 2 },
    );
  });

  test("sealed or sliced, its length is known too", () => {
    const wireguard = fc.record(
      { kind: kind("wireguard"), receiver: u32, counter: fc.maxSafeNat(), mtu: fc.integer({ min: 1280, max: 9000 }) },
      { requiredKeys: ["kind", "receiver", "counter"] },
    );
    const sealed = concat(anyIp, udpTo(51820), one(wireguard), plain);
    const sliced = fc.tuple(ipv4, transport, fc.nat(), fc.nat()).map(([header, message, from, to]): Packet => {
      const whole = lengthOf(message);
      const offset = 8 * (from % Math.ceil(whole / 8));
      const length = Math.min(whole - offset, 8 * (1 + (to % 8)));
      const fragment = { offset, more: offset + length < whole, protocol: protocolNumber(message[0]) };
      return [
        { ...header, fragment },
        { kind: "slice", packet: message, offset, length },
      ];
    });
    fc.assert(
      fc.property(fc.oneof(sealed, sliced), (value) => {
        const bytes = encode(value);
        expect(bytes).toHaveLength(lengthOf(value));
        expect(toHex(encode(decode(bytes, "ip")))).toBe(toHex(bytes));
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});

describe("whatever the bytes", () => {
  const truth = [...frames.lab, ...frames.kernel].map((one) => hex(one.hex));
  const bytesOf = fc.oneof(
    fc.constantFrom(...truth),
    anyStart.map((value) => encode(value)),
  );

  /** The packet, or `undefined` after a `DecodeError`; any other exception is passed on. */
  function read(bytes: Uint8Array, from: "ethernet" | "ip"): Packet | undefined {
    try {
      return decode(bytes, from);
    } catch (problem) {
      if (problem instanceof DecodeError) return undefined;
      throw problem;
    }
  }

  /** Decoding either refuses, or gives a packet that has these bytes: less a card's padding, wherever that is dropped. */
  function expectPacketOrRefusal(bytes: Uint8Array, from: "ethernet" | "ip"): void {
    const value = read(bytes, from);
    if (value === undefined) return;
    const again = encode(value);
    expect(lengthOf(value)).toBe(again.length);
    if (again.length === bytes.length) expect(toHex(again)).toBe(toHex(bytes));
    else expect(read(again, from)).toEqual(value);
  }

  test("a cut packet is refused or is another", () => {
    fc.assert(
      fc.property(bytesOf, fc.nat(), fc.constantFrom("ethernet", "ip"), (bytes, at, from) =>
        expectPacketOrRefusal(bytes.subarray(0, at % (bytes.length + 1)), from),
      ),
      { numRuns: 3000, seed: 4 },
    );
  });

  test("a changed byte is refused or makes another packet", () => {
    fc.assert(
      fc.property(bytesOf, fc.nat(), u8, fc.constantFrom("ethernet", "ip"), (bytes, at, value, from) => {
        const changed = bytes.slice();
        changed[at % changed.length] = value;
        expectPacketOrRefusal(changed, from);
      }),
      { numRuns: 5000, seed: 5 },
    );
  });

  test("noise is refused or is a packet", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom("ethernet", "ip"), expectPacketOrRefusal),
      { numRuns: 3000, seed: 6 },
    );
  });

  test("noise behind good headers is refused or is a packet, however deep it is believed", () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      fc.tuple(bytesOf, fc.nat(), fc.nat(), u8).map(([bytes, length, at, value]) => {
        const changed = bytes.slice(bytes[12] === 8 ? 14 : 0, length % (bytes.length + 1));
        if (changed.length > 0) changed[at % changed.length] = value;
        return changed;
      }),
    );
    const body = (bytes: Uint8Array, protocol?: number): Header => {
      return { kind: "payload", length: bytes.length, bytes, ...(protocol !== undefined && { protocol }) };
    };
    const protocols = fc.constantFrom(1, 4, 6, 17, 41, 44, 58, 132);
    const wrapped: fc.Arbitrary<Packet> = fc.oneof(
      fc.tuple(anyIp, protocols, noise).map(([ip, protocol, bytes]): Packet => [...ip, body(bytes, protocol)]),
      fc.tuple(ipv4, protocols, noise).map(([ip, protocol, bytes]): Packet => {
        return [{ ...ip, fragment: { offset: 0, more: true, protocol } }, body(bytes)];
      }),
      fc.tuple(anyIp, fc.constantFrom(...TUNNEL_PORTS), noise).map(([ip, dport, bytes]): Packet => {
        return [...ip, { kind: "udp", sport: 1, dport }, body(bytes)];
      }),
      fc.tuple(anyIp, fc.constantFrom(1, 2, 3, 11), noise).map(([ip, type, bytes]): Packet => {
        return [...ip, { kind: "icmp", type, code: 0, rest: 0 }, body(bytes)];
      }),
      fc.tuple(anyIp, udpTo(4789), vxlan, one(ethernet), noise).map(([ip, udp, tunnel, frame, bytes]): Packet => {
        return [...ip, ...udp, ...tunnel, ...frame, body(bytes, 0x0800)];
      }),
    );
    fc.assert(
      fc.property(wrapped, (value) => expectPacketOrRefusal(encode(value), "ip")),
      { numRuns: 5000, seed: 7 },
    );
  });

  test("a packet nested a thousand deep is read in bounded time", () => {
    const headers = Array.from({ length: 3000 }, (): Header => {
      return { kind: "ipv4", src: Ip.of(1), dst: Ip.of(2), ttl: 1, tos: 0, id: 0, df: false };
    });
    expect(decode(encode(headers), "ip")).toHaveLength(3000);
  });
});
