import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Ip } from "../../src/addr/ip.ts";
import { Prefix } from "../../src/addr/prefix.ts";
import { fibLookup } from "../../src/kernel/fib.ts";
import { PrefixTrie } from "../../src/kernel/prefix-trie.ts";
import { byPreference } from "../../src/kernel/route.ts";
import { host, ip, prefix } from "./node.ts";

const WORDS = { 4: 1, 6: 4 } as const;

/** Addresses that often begin alike, so that prefixes cover one another. */
function address(family: 4 | 6): fc.Arbitrary<Ip> {
  const byte = fc.oneof({ arbitrary: fc.constantFrom(0, 1, 10, 127, 128, 255), weight: 4 }, fc.nat(255));
  const bytes = fc.array(byte, { minLength: 4 * WORDS[family], maxLength: 4 * WORDS[family] });
  return bytes.map((all) => {
    const words = Array.from({ length: WORDS[family] }, (_, i) =>
      all.slice(4 * i, 4 * i + 4).reduce((word, each) => word * 256 + each, 0),
    );
    return Ip.of(...words);
  });
}

function network(family: 4 | 6): fc.Arbitrary<Prefix> {
  return fc.tuple(address(family), fc.nat(32 * WORDS[family])).map(([base, length]) => Prefix.of(base, length));
}

describe.each([4, 6] as const)("over IPv%i", (family) => {
  test("the longest prefix that covers an address is found, and behind it all others that do", () => {
    const networks = fc.array(network(family), { maxLength: 60 });
    fc.assert(
      fc.property(networks, fc.array(address(family), { minLength: 1, maxLength: 20 }), (prefixes, asked) => {
        const trie = PrefixTrie.of(prefixes.map((each, place) => [each, place] as const));
        // Where prefixes begin and end is where a step's slots are filled wrongly, if anywhere.
        const ends = prefixes.flatMap((each) => [each.ip, each.ip.plus(-1), each.ip.plus(each.size)]);
        for (const dst of [...asked, ...ends]) {
          const found: number[] = [];
          for (let at = trie?.match(dst); at; at = at.wider) found.push(...at.items);
          const covering = prefixes.flatMap((each, place) => (each.contains(dst) ? [{ each, place }] : []));
          const expected = covering.sort((a, b) => b.each.length - a.each.length || a.place - b.place);
          expect(found).toEqual(expected.map(({ place }) => place));
        }
      }),
      { numRuns: 200 },
    );
  });
});

test("what would take too much memory is not made", () => {
  const scattered = Array.from({ length: 4000 }, (_, i) => {
    const words = [1, 2, 3, 4].map((salt) => Math.imul(i + 1, 0x9e3779b1 + 2 * salt) >>> 0);
    return [Prefix.of(Ip.of(...words)), i] as const;
  });
  expect(PrefixTrie.of(scattered)).toBeUndefined();
  expect(PrefixTrie.of(scattered.slice(0, 100))?.match(Ip.of(...(scattered[7]?.[0].ip.words ?? [])))?.items).toEqual([
    7,
  ]);
});

describe("a large table that is asked again and again", () => {
  const node = host("10.0.0.1/24");
  const write = (text: string, via: string, metric = 0) =>
    node.route({ dst: prefix(text), via: ip(via), metric, by: "operator" });
  const asked = Array.from({ length: 500 }, (_, i) => ip(`172.${16 + (i % 8)}.${(i * 37) & 255}.9`));

  /** The linear definition: of all rows those that cover it, the longest first, then by metric. */
  function isRight(): void {
    const rows = [...node.netns.routes.rows()];
    for (const dst of asked) {
      const [route, ...losers] = rows.filter((row) => row.dst.contains(dst)).sort(byPreference);
      const found = fibLookup(node.netns, { dst });
      expect([found?.route, found?.losers ?? []]).toEqual([route, losers]);
    }
  }

  test("answers as the linear definition does, whatever comes and goes in between", () => {
    for (let i = 0; i < 300; i++)
      write(`172.${16 + (i >> 6)}.${(i & 63) << 2}.0/${22 + (i % 3)}`, `10.0.0.${2 + (i % 200)}`);
    write("172.16.0.0/12", "10.0.0.250", 5);
    write("172.16.0.0/12", "10.0.0.251", 4);
    isRight();
    write("172.16.37.8/30", "10.0.0.77");
    isRight();
    write("172.16.37.8/30", "10.0.0.78");
    isRight();
    node.netns.routes.drop((row) => row.dst.length === 30);
    isRight();
    expect(fibLookup(node.netns, { dst: ip("172.16.37.9") })?.nexthop?.via).toEqual(ip("10.0.0.11"));
  });
});
