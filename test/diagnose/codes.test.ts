import { describe, expect, test } from "vitest";
import { CODES, explainCode, findCode } from "../../src/trace/codes.ts";
import { DROP_REASONS } from "../../src/trace/reason.ts";
import { beliefs } from "./beliefs.ts";
import { filter, layer2, outcome, routing, size, tunnel } from "./modelled.ts";
import { written } from "./written.ts";

/** Said of several walks together; conclusion.test.ts and test/query have them. */
const TOGETHER = [
  "RETURN_PATH_BROKEN",
  "RETURN_PATH_ASYMMETRIC",
  "ECMP_INCONSISTENT",
  "LOST_UNTIL_LEARNED",
  "NAT_MISSING",
  "REPLY_NOT_UNNATED",
  "UNEXPECTED_ENCAP",
];

test("every code of the registry comes from tables in some test, and no other does", () => {
  const cases = [...outcome, ...routing, ...beliefs, ...layer2, ...tunnel, ...filter, ...size, ...written];
  const produced = cases.flatMap(({ code, because = [] }) => [code, ...because]).map((line) => line.split(" ")[0]);
  expect([...new Set([...produced, ...TOGETHER])].sort()).toEqual(CODES.map(({ code }) => code).sort());
});

describe.each(CODES.map((entry) => [entry.code, entry] as const))("%s", (_code, entry) => {
  test("has a word of its own, and sentences", () => {
    expect(entry.code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
    expect(CODES.filter(({ code }) => code === entry.code)).toHaveLength(1);
    for (const sentence of [entry.meaning, entry.fix]) expect(sentence).toMatch(/\S/);
    expect(entry.meaning).toMatch(/^[A-Z].*\.$/);
    expect(entry.causes.length).toBeGreaterThan(0);
    expect(entry.look.length).toBeGreaterThan(0);
  });
  test("names the kernel's reasons as the kernel does", () => {
    const names = entry.kernel.split(/, | or /).filter((name) => name !== "");
    for (const name of names) expect(DROP_REASONS).toContain(name);
  });
});

test("a word is looked up, and a stranger is nobody", () => {
  expect(explainCode("NO_ROUTE").verdict).toBe("unreachable");
  expect(findCode("NO_ROUTE")).toBe(explainCode("NO_ROUTE"));
  expect(findCode("constructor")).toBeUndefined();
});
