import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "../../src/cli/program.ts";
import { quickRequest } from "../../src/cli/quick.ts";
import { commands } from "../../src/cli/words.ts";

const names = commands.map(({ name }) => name);
const options = [
  ...new Set(commands.flatMap((command) => command.options.flatMap(({ long, short }) => [`--${long}`, `-${short}`]))),
];
const odd = [
  "--",
  "-",
  "",
  "-h",
  "--help",
  "-V",
  "--version",
  "help",
  "--no-ascii",
  "-vq",
  "--mode=udp",
  "-tx",
  "--mod",
  "constructor",
  "-1",
];
const plain = ["pod-a", "node-1", "two-nodes", "10.244.2.2", "udp", "topology", "bash", "a b", "→"];

const word = fc.oneof(
  { arbitrary: fc.constantFrom(...plain), weight: 4 },
  { arbitrary: fc.constantFrom(...options), weight: 4 },
  { arbitrary: fc.constantFrom(...names), weight: 1 },
  { arbitrary: fc.constantFrom(...odd), weight: 1 },
);
/** Lines that mostly begin as a right one does. */
const line = fc
  .tuple(
    fc.constantFrom<readonly string[]>([], ["pod-a", "pod-b"], ...names.map((name) => [name])),
    fc.array(word, { maxLength: 7 }),
  )
  .map(([start, rest]) => [...start, ...rest]);

describe("the quick reading of a command line", () => {
  test("is none, or what the whole grammar makes of it", () => {
    let quick = 0;
    fc.assert(
      fc.property(line, (argv) => {
        const request = quickRequest(argv);
        if (!request) return;
        quick++;
        expect(parse(argv, "1")).toEqual({ kind: "request", request });
      }),
      { numRuns: 3000, seed: 7 },
    );
    expect(quick).toBeGreaterThan(300);
  });

  test.each([
    [["pod-a", "pod-b"]],
    [["--mode", "vxlan", "-t", "-", "pod-a", "pod-b", "-v"]],
    [["tables"]],
    [["--fault", "a: b", "--fault", "c: d", "x", "y"]],
  ])("%j is plainly right", (argv) => {
    expect(quickRequest(argv)).toBeDefined();
  });
});
