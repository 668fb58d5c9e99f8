import "../../src/modes/registry.ts";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadTopology } from "../../src/topology/load.ts";
import { problemText } from "../../src/topology/problem-text.ts";

const folder = "test/fixtures/topology/broken";
const files = readdirSync(folder).sort();
const inputs = files.filter((file) => !file.endsWith(".txt"));

test("every golden has its broken file", () => {
  const goldens = files.filter((file) => file.endsWith(".txt")).map((file) => file.replace(".txt", ""));
  expect(goldens.filter((name) => !inputs.some((file) => file.startsWith(`${name}.`)))).toEqual([]);
  expect(inputs.length).toBeGreaterThanOrEqual(35);
});

describe.each(inputs)("%s", (file) => {
  test("is refused with all its problems", async () => {
    const outcome = await loadTopology({ text: readFileSync(`${folder}/${file}`, "utf8"), file });
    const problems = outcome.ok ? [] : outcome.problems;
    const lines = problems.map((problem) => `${problemText(problem)}\n`);
    await expect(lines.join("")).toMatchFileSnapshot(`../fixtures/topology/broken/${file.replace(/\..*/, ".txt")}`);
    expect(problems).not.toEqual([]);
    expect(problems.every(({ place, code }) => place !== undefined && /^[a-z-]+$/.test(code))).toBe(true);
  });
});
