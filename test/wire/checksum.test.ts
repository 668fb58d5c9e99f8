import { describe, expect, test } from "vitest";
import { checksum, crc32c, transportChecksum } from "../../src/wire/checksum.ts";
import { regionOf } from "../../src/wire/codec.ts";
import { hex, v4, v6 } from "./bytes.ts";

describe("the Internet checksum", () => {
  test.each([
    // the example of RFC 1071 §3, whose sum is ddf2
    ["0001f203f4f5f6f7", 0x220d],
    ["", 0xffff],
    ["ffff", 0],
    // an odd byte is the high half of a word
    ["ab", 0xffff - 0xab00],
    // the carry of the carry
    ["ffffffff0001", 0xfffe],
  ])("of %j is %i", (bytes, want) => expect(checksum(regionOf(hex(bytes)).view)).toBe(want));

  test("reads a view that starts inside its buffer", () => {
    expect(checksum(regionOf(hex("dead0001f203f4f5f6f7").subarray(2)).view)).toBe(0x220d);
  });

  test("does not overflow over the longest packet there is", () => {
    expect(checksum(regionOf(new Uint8Array(65536).fill(0xff)).view)).toBe(0);
  });

  test("of a transport message covers the addresses of either family", () => {
    const { view } = regionOf(hex("0035003500080000"));
    // 0a01+0002+0a02+0002 + 17+8 + 0035+0035+0008
    expect(transportChecksum(view, 17, v4())).toBe(0xffff - 0x1492);
    // 2·fd00+0001+0002+2·0002 + 17+8 + 0035+0035+0008 = 1 fa92 → fa93
    expect(transportChecksum(view, 17, v6())).toBe(0xffff - 0xfa93);
  });

  test("of a transport message behind Ethernet does not exist", () => {
    expect(() => transportChecksum(regionOf(hex("")).view, 17, undefined)).toThrow("behind nothing");
  });
});

describe("CRC-32C", () => {
  test.each([
    // RFC 3720 §B.4, the bytes of the CRC in the order they are sent
    ["00".repeat(32), 0x8a9136aa],
    ["ff".repeat(32), 0x62a8ab43],
    // the check value of the usual catalogues, for "123456789"
    ["313233343536373839", 0xe3069283],
  ])("of %s", (bytes, want) => expect(crc32c(hex(bytes), 1000)).toBe(want));

  test("takes its own place for zeros", () => {
    expect(crc32c(hex("31320000000033"), 2)).toBe(crc32c(hex("3132deadbeef33"), 2));
  });
});
