import { expect, test } from "vitest";
import { nearest, suggester } from "../../src/topology/nearest.ts";

test.each([
  ["hots", ["pods", "hosts", "subnets"], "hosts"],
  ["nod-1", ["node-2", "node-1"], "node-1"],
  ["ndoe-1", ["node-2", "node-1"], "node-1"],
  ["VNI", ["vni"], "vni"],
  ["adress", ["addresses", "address"], "address"],
  ["x", ["y", "z"], "y"],
  ["elsewhere", ["node-1"], undefined],
  ["", ["a"], "a"],
  ["abc", [], undefined],
])("%s of %s is %s", (word, candidates, meant) => expect(nearest(word, candidates)).toBe(meant));

test("a word of absurd length is near nothing", () => {
  expect(nearest("a".repeat(100_000), ["a".repeat(100_001)])).toBeUndefined();
});

test("a suggester answers a hundred different words and no more", () => {
  let passes = 0;
  const suggest = suggester(() => {
    passes++;
    return ["node-1"];
  });
  for (let i = 0; i < 1000; i++) suggest(`nod-${i}`);
  expect(suggest("nod-1")).toBe("node-1");
  expect(passes).toBe(100);
});
