import { describe, expect, test } from "vitest";
import type { Header, Packet, Wireguard } from "../../src/wire/header.ts";
import { decode, encode, ipLengthOf, lengthOf } from "../../src/wire/stack.ts";
import { ETHERNET, hex, ip, mac, payload, stackOf, toHex, v4, v6 } from "./bytes.ts";

const UDP: Header = { kind: "udp", sport: 40000, dport: 9000 };

describe("lengths", () => {
  test.each<[number, number, Packet]>([
    [74, 60, [ETHERNET, v4(), UDP, payload(32)]],
    [60, 60, [v4(), UDP, payload(32)]],
    [42, 0, [ETHERNET, arp()]],
    [102, 88, [ETHERNET, v4(), UDP, v4(), UDP, payload(32)]],
    [94, 80, [ETHERNET, v4(), v4(), UDP, payload(32)]],
    [86, 72, [ETHERNET, v6(), { kind: "ndp", op: "solicit", target: ip("fd00::1"), lladdr: mac("02:00:00:00:00:01") }]],
    [66, 66, [v6({ fragment: { offset: 8, more: false, protocol: 17, id: 1 } }), payload(18)]],
    [40, 40, [v4(), { kind: "tcp", sport: 1, dport: 2, seq: 0, ack: 0, flags: [], window: 0 }]],
    [44, 44, [v4(), { kind: "tcp", sport: 1, dport: 2, seq: 0, ack: 0, flags: ["SYN"], window: 0, mss: 1460 }]],
  ])("%i bytes, %i of them the IP packet", (length, ipLength, packet) => {
    expect(lengthOf(packet)).toBe(length);
    expect(ipLengthOf(packet)).toBe(ipLength);
    expect(encode(packet)).toHaveLength(length);
  });
});

describe("wireguard", () => {
  const sealed = (length: number, header: Partial<Wireguard> = {}): Packet => [
    v4(),
    { kind: "udp", sport: 51820, dport: 51820 },
    { kind: "wireguard", receiver: 1, counter: 0, ...header },
    v4(),
    UDP,
    payload(length - 28),
  ];

  // 60 bytes around the padded packet: 20 + 8 + 16 + 16
  test.each([
    [60, 124],
    [64, 124],
    [84, 156],
    [1408, 1468],
    // as much as fits, not up to 1424
    [1420, 1480],
    // no more than its own MTU even where 16 do not go into what is left
    [1419, 1480],
  ])("carries a packet of %i in one of %i at an MTU of 1420", (inner, outer) => {
    expect(lengthOf(sealed(inner, { mtu: 1420 }))).toBe(outer);
    expect(encode(sealed(inner, { mtu: 1420 }))).toHaveLength(outer);
  });

  test("pads to 16 bytes where no MTU is known", () => expect(lengthOf(sealed(1420))).toBe(1424 + 60));

  test("keeps alive with a bare tag", () => {
    expect(lengthOf([v4(), UDP, { kind: "wireguard", receiver: 1, counter: 0 }])).toBe(20 + 8 + 32);
  });

  test("shows nobody what it carries, but the same bytes every time", () => {
    const text = toHex(encode(sealed(84)));
    expect(text).toBe(toHex(encode(sealed(84))));
    expect(text).not.toContain(toHex(encode(v4Inner())));
    expect(text).not.toBe(toHex(encode(sealed(84, { counter: 1 }))).slice(0, text.length));
    expect(stackOf(decode(encode(sealed(84)), "ip"))).toBe("ipv4 udp wireguard payload");
  });

  test("seals different packets differently", () => {
    const other = sealed(84).with(3, v4({ ttl: 63 }));
    expect(toHex(encode(other)).slice(88)).not.toBe(toHex(encode(sealed(84))).slice(88));
  });

  test("counts beyond 32 bits", () => {
    const packet = decode(encode(sealed(84, { counter: 2 ** 40 + 3 })), "ip");
    expect(packet[2]).toEqual({ kind: "wireguard", receiver: 1, counter: 2 ** 40 + 3 });
  });

  function v4Inner(): Packet {
    return [v4(), UDP, payload(56)];
  }
});

describe("tunnels", () => {
  const carried: Packet = [v4(), UDP, payload(32)];

  test.each<[string, number, Packet]>([
    ["vxlan", 4789, [{ kind: "vxlan", vni: 4096 }, ETHERNET, ...carried]],
    ["vxlan", 8472, [{ kind: "vxlan", vni: 1 }, ETHERNET, ...carried]],
    ["geneve", 6081, [{ kind: "geneve", vni: 0xffffff }, ETHERNET, ...carried]],
    ["a bare packet in geneve", 6081, [{ kind: "geneve", vni: 1 }, v6(), UDP]],
    ["flannel-udp", 8285, carried],
    ["IPv6 in flannel-udp", 8285, [v6(), UDP]],
  ])("%s is looked for at port %i", (_, dport, inner) => {
    const packet: Packet = [v4(), { ...UDP, dport } as Header, ...inner];
    expect(decode(encode(packet), "ip")).toEqual(packet);
    const elsewhere: Packet = [v4(), { ...UDP, dport: 999 } as Header, ...inner];
    expect(stackOf(decode(encode(elsewhere), "ip"))).toBe("ipv4 udp payload");
    expect(decode(encode(elsewhere), "ip", new Map([[999, kindOf(inner)]]))).toEqual(elsewhere);
  });

  test("a checksum of zero over IPv6 is good for a tunnel", () => {
    const udp: Header = { kind: "udp", sport: 1, dport: 8472, noChecksum: true };
    const packet: Packet = [v6(), udp, { kind: "vxlan", vni: 1 }, ETHERNET, ...carried];
    expect(decode(encode(packet), "ip")).toEqual(packet);
  });

  function kindOf(inner: Packet): "vxlan" | "geneve" | "ip" {
    const [first] = inner;
    return first?.kind === "vxlan" || first?.kind === "geneve" ? first.kind : "ip";
  }
});

describe("what bytes say twice is said once", () => {
  test("a payload of the usual pattern has no bytes", () => {
    expect(decode(encode([v4(), UDP, payload(600)]), "ip").at(-1)).toEqual({ kind: "payload", length: 600 });
    expect(encode([v4(), UDP, payload(258)]).slice(28)).toEqual(Uint8Array.from({ length: 258 }, (_, i) => i));
  });

  test("a sum of zero goes out as ffff, and is no missing checksum", () => {
    // chosen so that all words of datagram and pseudo-header add up to ffff
    const rest = 0xffff - (0x0a01 + 2 + 0x0a02 + 2 + 17 + 10 + 10);
    const packet: Packet = [v4(), { kind: "udp", sport: 0, dport: 0 }, { ...payload(2), bytes: word(rest) }];
    const bytes = encode(packet);
    expect(toHex(bytes.slice(26, 28))).toBe("ffff");
    expect(decode(bytes, "ip")).toEqual(packet);
  });

  test("an advertisement is solicited when it goes to one, and says whether a router sent it", () => {
    const advert: Header = { kind: "ndp", op: "advert", target: ip("fd00::1"), lladdr: mac("02:00:00:00:00:01") };
    const flags = (packet: Packet) => toHex(encode(packet).slice(44, 48));
    expect(flags([v6(), advert])).toBe("60000000");
    expect(flags([v6({ dst: ip("ff02::1") }), advert])).toBe("20000000");
    expect(flags([v6(), { ...advert, router: true }])).toBe("e0000000");
  });

  test("an INIT names its tag inside, with none in front", () => {
    const bytes = encode([v4(), { kind: "sctp", sport: 1, dport: 2, tag: 0x01020304, chunk: "init" }]);
    expect(toHex(bytes.slice(24, 28))).toBe("00000000");
    expect(toHex(bytes.slice(32, 40))).toBe("0100001401020304");
  });
});

describe("a first fragment", () => {
  const whole = { length: 3008, checksum: 0x1234 };
  const fragment = { offset: 0, more: true, protocol: 17 };

  test("says the length and checksum of the whole, which it cannot check", () => {
    const packet: Packet = [v4({ fragment }), { kind: "udp", sport: 1, dport: 8472, whole }, payload(1472)];
    const bytes = encode(packet);
    expect(toHex(bytes.slice(24, 28))).toBe("0bc01234");
    expect(decode(bytes, "ip")).toEqual(packet);
  });

  test("is wrong when its datagram ends inside it", () => {
    const short: Packet = [v4({ fragment }), { kind: "udp", sport: 1, dport: 2, whole: { length: 1480, checksum: 1 } }];
    expect(() => decode(encode([...short, payload(1472)]), "ip")).toThrow("udp: length is 1480, in 1480 bytes");
  });

  test("too short for a header is a payload", () => {
    const packet: Packet = [v4({ fragment: { ...fragment, protocol: 6 } }), payload(8)];
    expect(decode(encode(packet), "ip")).toEqual(packet);
  });

  test("of a tunnelled packet is not looked into", () => {
    const packet: Packet = [
      v4({ fragment: { ...fragment, protocol: 4 } }),
      { ...payload(16), bytes: hex(`45${"00".repeat(15)}`) },
    ];
    expect(decode(encode(packet), "ip")).toEqual(packet);
  });

  test("that is also the last is whole, and checked (an atomic fragment, RFC 6946)", () => {
    const atomic = v6({ fragment: { offset: 0, more: false, protocol: 17, id: 7 } });
    expect(decode(encode([atomic, UDP, payload(9)]), "ip")).toEqual([atomic, UDP, payload(9)]);
    const spoilt = encode([atomic, UDP, payload(9)]);
    spoilt.set([9], 60);
    expect(() => decode(spoilt, "ip")).toThrow("udp: the checksum is wrong");
  });
});

describe("a quote", () => {
  const UNREACHABLE: Header = { kind: "icmp", type: 3, code: 3, rest: 0 };
  const about = (packet: Packet, length: number): Packet => [v4(), UNREACHABLE, { kind: "quote", packet, length }];
  const read = (packet: Packet) => {
    const quote = decode(encode(packet), "ip").at(-1);
    return quote?.kind === "quote" ? quote.packet : undefined;
  };

  test("keeps what the packet was, though most of it is missing", () => {
    const packet: Packet = [v4(), UDP, payload(1400)];
    expect(decode(encode(about(packet, 28)), "ip")).toEqual(about(packet, 28));
  });

  test("states the checksum of bytes that nobody can know", () => {
    const bytes = hex("ff".repeat(100));
    const known = read(about([v4(), UDP, { ...payload(100), bytes }], 40));
    expect(known?.[1]).toMatchObject({ whole: { length: 108 } });
    expect(known?.[2]).toEqual({ kind: "payload", length: 100, bytes: bytes.slice(0, 12) });
  });

  test("of eight bytes behind the header, as RFC 792 asks for, shows no TCP header", () => {
    const tcp: Header = { kind: "tcp", sport: 1, dport: 2, seq: 0, ack: 0, flags: ["SYN"], window: 0 };
    const cut = read(about([v4(), tcp], 28));
    expect(cut).toMatchObject([{ kind: "ipv4" }, { kind: "payload", length: 20, protocol: 6 }]);
  });

  test("may hold an error again, inside a tunnel's packet, eight deep", () => {
    let packet: Packet = [v4(), UDP, payload(8)];
    for (let depth = 0; depth < 8; depth++) packet = about(packet, lengthOf(packet));
    expect(decode(encode(packet), "ip")).toEqual(packet);
    const ninth = about(packet, lengthOf(packet));
    expect(decode(encode(ninth), "ip")).not.toEqual(ninth);
    expect(encode(decode(encode(ninth), "ip"))).toEqual(encode(ninth));
  });

  test.each([
    ["bytes behind it", `${toHex(encode([v4(), UDP]))}00`, "quote: 1 bytes behind the quoted packet (byte 56)"],
    ["no IP packet", "00".repeat(28), "quote: IP version 0 (byte 28)"],
  ])("with %s is refused", (_, text, message) => {
    const bytes = hex(text);
    const packet: Packet = [v4(), UNREACHABLE, { kind: "payload", length: bytes.length, bytes }];
    expect(() => decode(encode(packet), "ip")).toThrow(message);
  });
});

function arp(): Header {
  const sha = mac("02:00:00:00:0a:01");
  return { kind: "arp", op: "reply", sha, spa: ip("10.1.0.2"), tha: sha, tpa: ip("10.1.0.1") };
}

function word(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 255);
}
