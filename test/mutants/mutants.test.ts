import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

/** A small edit of the source that some test has to notice. */
interface Mutant {
  readonly file: string;
  /** What it gets wrong, in words. */
  readonly breaks: string;
  readonly before: string;
  readonly after: string;
  /** The test file that notices. */
  readonly test: string;
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const mutants: readonly Mutant[] = JSON.parse(read("test/mutants/mutants.json"));

test("there are mutants of modes, of the data plane and of diagnoses, sixty at least", () => {
  expect(mutants.length).toBeGreaterThanOrEqual(60);
  expect([...new Set(mutants.map(({ file }) => file.split("/")[1]))].sort()).toEqual([
    "dataplane",
    "diagnose",
    "modes",
  ]);
});

describe.each(mutants.map((mutant) => [`${mutant.file}: ${mutant.breaks}`, mutant] as const))("%s", (_, mutant) => {
  test("is an edit of one place, and a test is to notice it", () => {
    expect(read(mutant.file).split(mutant.before)).toHaveLength(2);
    expect(mutant.after).not.toBe(mutant.before);
    expect(existsSync(new URL(`../../${mutant.test}`, import.meta.url))).toBe(true);
  });
});
