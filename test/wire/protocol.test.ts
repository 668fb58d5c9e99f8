import { describe, expect, test } from "vitest";
import type { Header } from "../../src/wire/header.ts";
import { ethertype, protocolName, protocolNumber } from "../../src/wire/protocol.ts";
import { ETHERNET, payload, v4, v6 } from "./bytes.ts";

const ECHO: Header = { kind: "icmp", type: 8, code: 0, rest: 0 };
const UDP: Header = { kind: "udp", sport: 1, dport: 2 };

describe("the protocol number", () => {
  test.each([
    [v4(), 4],
    [v6(), 41],
    [UDP, 17],
    [{ kind: "sctp", sport: 1, dport: 2, tag: 3, chunk: "init" } satisfies Header, 132],
    [{ ...payload(8), protocol: 89 }, 89],
    [{ kind: "slice", packet: [UDP], offset: 8, length: 8 } satisfies Header, 17],
    // RFC 3692: for experiments
    [payload(8), 253],
    [undefined, 253],
  ])("of $kind", (header, want) => expect(protocolNumber(header)).toBe(want));

  test("tells ICMP from ICMPv6 by the header around", () => {
    expect([protocolNumber(ECHO, "ipv4"), protocolNumber(ECHO, "ipv6")]).toEqual([1, 58]);
  });

  test("is refused for what never stands behind an IP header", () => {
    expect(() => protocolNumber(ETHERNET)).toThrow("ethernet does not stand behind an IP header");
  });
});

test("a protocol has the name users know, else its number as topology files write it", () => {
  expect([1, 4, 6, 17, 41, 58, 132, 89].map(protocolName)).toEqual([
    "icmp",
    "ipip",
    "tcp",
    "udp",
    "ipv6",
    "icmpv6",
    "sctp",
    "proto/89",
  ]);
});

test.each([
  [v4(), 0x0800],
  [v6(), 0x86dd],
  [{ ...payload(50), protocol: 0x88cc }, 0x88cc],
])("the ethertype of $kind", (header, want) => expect(ethertype(header)).toBe(want));
