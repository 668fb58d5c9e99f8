import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Agreement } from "../../src/lab/agree.ts";
import { casesBetween, podPairs } from "../../src/lab/verify.ts";
import { modes } from "../../src/modes/registry.ts";
import { recorded } from "./agreement.ts";
import { cells, complaint, EVERYWHERE, kernelOf, resultOf } from "./cells.ts";
import { answered, answerInGuests, GUEST_LACKS, type Lab } from "./guest/answer.ts";
import { againText, Census, drawings, subjectOf } from "./random.ts";
import { needsTunnels, showings } from "./shown.ts";

const HOUR = 3_600_000;
/** As many machines at once as small computers have processors. */
const GUESTS = 2;
const SEED = 20261126;
const RANDOM = 30;

if (GUEST_LACKS.length > 0) {
  test(`LEFT OUT: nothing was compared with a guest's kernel, because ${GUEST_LACKS.join(", ")}`, () => {
    expect(process.env.CI).toBeUndefined();
  });
} else {
  const every: readonly string[] = EVERYWHERE;
  const packaged = (await cells())
    .filter(({ topology, network }) => every.includes(topology) || needsTunnels(network))
    .map((cell) => ({ ...cell, cases: casesBetween(cell.network, podPairs(cell.network, 2)) }));
  const drawn = await Promise.all(fc.sample(drawings(modes), { seed: SEED, numRuns: RANDOM }).map(subjectOf));
  const random = drawn.map((subject, k) => ({ ...subject, name: `${k + 1} of ${RANDOM}, ${subject.mode.name}` }));
  const shown = (await showings()).filter(({ network }) => needsTunnels(network));
  const work = mkdtempSync(join(tmpdir(), "cni-trace-guest-"));
  const agreed = new Map<Lab, Agreement>();
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  beforeAll(async () => {
    const labs: readonly Lab[] = [...packaged, ...shown, ...random];
    const started = performance.now();
    const folders = await answerInGuests(labs, GUESTS, work);
    labs.forEach((lab, k) => {
      agreed.set(lab, answered(lab.network, folders[k] ?? ""));
    });
    console.log(`${labs.length} labs in ${GUESTS} guests: ${Math.round((performance.now() - started) / 1000)} s`);
  }, HOUR);

  describe("a mode on a topology is the guest's kernel's in every frame, both ways", () => {
    test.each(packaged)("$mode on $topology", (lab) => {
      const agreement = agreed.get(lab);
      expect(agreement && complaint(agreement)).toBe("");
    });
  });

  describe("what a diagnosis says of tables made for it is the guest's kernel's", () => {
    test.each(shown)("$name", (lab) => {
      const agreement = agreed.get(lab);
      expect(agreement && complaint(agreement)).toBe("");
    });
  });

  test("as many frames were compared, and the codes seen, as the README says", () => {
    const agreements = packaged.flatMap((lab) => agreed.get(lab) ?? []);
    const codes = [...new Set(shown.flatMap((one) => one.codes))].sort();
    const results = { labs: agreements.map(resultOf), codes };
    expect(results).toEqual(recorded(kernelOf(agreements[0] as Agreement), results));
  });

  describe(`random topologies, most of them broken, are the guest's kernel's in every frame (seed ${SEED})`, () => {
    test.each(random)("$name", (lab) => {
      const agreement = agreed.get(lab);
      expect(agreement && complaint(agreement), againText(lab)).toBe("");
    });

    test("more than half of them were broken", () => {
      const census = new Census();
      for (const lab of random) census.count(lab, agreed.get(lab) ?? { pairs: [] });
      console.log(census.text());
      expect(census.broken / census.all).toBeGreaterThanOrEqual(0.6);
    });
  });
}
