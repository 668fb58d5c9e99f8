import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { modes } from "../../src/modes/registry.ts";
import { CODES } from "../../src/trace/codes.ts";
import { agreements, agreementTable, tableOf } from "./agreement.ts";
import { cells } from "./cells.ts";
import { UNSHOWN } from "./unshown.ts";

test("the README's table of agreement is the one of the runs that are recorded", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  expect(tableOf(readme)).toBe(agreementTable(agreements()));
});

test("what is recorded has no disagreement, and every mode was in a kernel on every topology", async () => {
  const all = Object.values(agreements()).flatMap(({ labs }) => labs);
  expect(all.filter(({ disagreements }) => disagreements > 0)).toEqual([]);
  const seen = new Set(all.map(({ mode, topology }) => `${mode} on ${topology}`));
  const possible = (await cells()).map(({ mode, topology }) => `${mode} on ${topology}`);
  expect(possible.filter((cell) => !seen.has(cell))).toEqual([]);
  expect(new Set(all.map(({ mode }) => mode)).size).toBe(modes.length);
});

test("every code was seen in a kernel, but for those that no lab shows", () => {
  const seen = Object.values(agreements()).flatMap(({ codes }) => codes);
  const all = [...new Set(seen), ...UNSHOWN.map(([code]) => code)];
  expect(all.sort()).toEqual(CODES.map(({ code }) => code).sort());
});
