import "../../src/modes/registry.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { PairsExpectation } from "../../src/expect/expectation.ts";
import { unnamed } from "../../src/query/unnamed.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Pod } from "../../src/topology/topology.ts";

const NAMES = ["a", "b", "c", "d", "e"];
const TEXT = `cni-trace: 1
subnets: { lan: 192.168.0.0/24 }
hosts: { n1: 192.168.0.11, n2: 192.168.0.12 }
pods: { a: n1, b: n1, c: n2, d: n2, e: n2 }
`;

function about(from: readonly string[], to: readonly string[]): PairsExpectation {
  const among = (names: readonly string[]) => (pod: Pod) => names.some((name) => pod.name === `default/${name}`);
  return {
    kind: "pairs",
    name: "",
    from: among(from),
    to: among(to),
    protocol: "udp",
    port: 9000,
    packet: "small",
    reachable: true,
    passes: [],
    avoids: [],
  };
}

test("a pair is in one part when no expectation is about it, and else in none", async () => {
  const loaded = await loadTopology({ text: TEXT, file: "t.yaml" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const topology = loaded.value;
  const pods = [...topology.hosts.keys()].flatMap((host) => [...topology.pods.on(host)]);
  const some = fc.subarray(NAMES);
  fc.assert(
    fc.property(fc.array(fc.tuple(some, some), { maxLength: 5 }), (drawn) => {
      const expectations = drawn.map(([from, to]) => about(from, to));
      const parts = unnamed(expectations, topology);
      for (const src of pods) {
        for (const dst of pods) {
          const holding = parts.filter(({ from = () => true, to = () => true }) => from(src) && to(dst));
          const named = expectations.some(({ from, to }) => from(src) && to(dst));
          expect(holding.length).toBe(named ? 0 : 1);
        }
      }
    }),
  );
});
