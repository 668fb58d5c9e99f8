import { afterAll, describe, expect, test } from "vitest";
import { lacking } from "../../src/lab/possible.ts";
import { takeDown } from "../../src/lab/up.ts";
import { casesBetween, podPairs, verify } from "../../src/lab/verify.ts";
import { recorded } from "./agreement.ts";
import { cells, complaint, kernelOf, type Result, resultOf } from "./cells.ts";
import { showings } from "./shown.ts";

const PREFIX = "cnihost-";

const all = await cells();
const shown = await showings();
const lacks = new Map([...all, ...shown].map((one) => [one, lacking(one.network, PREFIX)]));
const possible = all.filter((cell) => lacks.get(cell)?.length === 0);
/** A kernel need not have every kind of device: the guest's has them. */
const reasons = [...new Set([...lacks.values()].flat())].filter(
  (reason) => !reason.startsWith("this kernel has no devices"),
);

if (reasons.length > 0 || possible.length === 0) {
  test(`LEFT OUT: nothing was compared with this kernel, because ${reasons.join(", ")}`, () => {
    expect(process.env.CI).toBeUndefined();
  });
} else {
  afterAll(() => takeDown(PREFIX));
  const started = performance.now();
  const found = new Map<string, Result>();
  const codes = new Set<string>();
  let kernel = "";

  describe("a mode on a topology is this kernel's in every frame, both ways", () => {
    test.each(possible)(
      "$mode on $topology",
      ({ network }) => {
        const { agreement } = verify(network, casesBetween(network, podPairs(network, 2)), PREFIX);
        kernel = kernelOf(agreement);
        found.set(`${network.mode} on ${network.topology}`, resultOf(agreement));
        expect(complaint(agreement)).toBe("");
      },
      120_000,
    );
  });

  describe("what a diagnosis says of tables made for it is this kernel's", () => {
    test.each(shown.filter((one) => lacks.get(one)?.length === 0))(
      "$name",
      (one) => {
        const { agreement } = verify(one.network, one.cases, PREFIX);
        expect(complaint(agreement)).toBe("");
        for (const code of one.codes) codes.add(code);
      },
      120_000,
    );
  });

  test("as many frames were compared, and the codes seen, as the README says", () => {
    const results = { labs: [...found.values()], codes: [...codes].sort() };
    console.log(`${found.size} labs in Linux ${kernel}: ${Math.round((performance.now() - started) / 1000)} s`);
    expect(results).toEqual(recorded(kernel, results));
  });
}
