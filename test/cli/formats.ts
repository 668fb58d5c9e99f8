import schema from "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json" with { type: "json" };
import { Ajv } from "ajv";
import { SaxesParser } from "saxes";
import { expect } from "vitest";
import { loadTopology } from "../../src/topology/load.ts";
import { validator } from "../render/validator.ts";

/** Whether what a command printed is well made, by the format that was asked for; throws when it is not. */
export type WellMade = (out: string, command: string) => void | Promise<void>;

export const formats: ReadonlyMap<string, WellMade> = new Map<string, WellMade>([
  ["text", isText],
  ["json", isJson],
  ["ndjson", isNdjson],
  ["markdown", isMarkdown],
  ["csv", isCsv],
  ["patch", isPatch],
  ["yaml", isTopology],
  ["junit", isJunit],
  ["github", isGithub],
  ["sarif", isSarif],
  ["baseline", isBaseline],
]);

/** Lines of text that nobody forgot to finish, and nothing that steers a terminal. */
export function isText(out: string): void {
  expect(out).toMatch(/^[^\p{Cc}][\s\S]*\n$/u);
  expect(out.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  expect(out).not.toMatch(/undefined|\[object|NaN/);
}

/** One document that keeps to its published schema, or a topology. */
async function isJson(out: string, command: string): Promise<void> {
  if (command === "import") return isTopology(out);
  const validate = validator(command);
  validate(JSON.parse(out));
  expect(validate.errors ?? []).toEqual([]);
}

/** A document a line, and the first says what it is. */
function isNdjson(out: string, command: string): void {
  const lines = out.split("\n");
  expect(lines.pop()).toBe("");
  const [head, ...rest] = lines.map((line) => JSON.parse(line));
  expect(head).toMatchObject({ schemaVersion: expect.stringMatching(/^1\.\d+$/), kind: command });
  for (const { kind } of rest) expect(kind).toMatch(/^[a-z]+$/);
}

/** Every row of a table has as many cells as its head. */
function isMarkdown(out: string): void {
  isText(out);
  const tables = out.split(/\n\n+/).filter((block) => block.startsWith("|"));
  for (const table of tables) {
    const [head = "", line = "", ...rows] = table.trimEnd().split("\n");
    expect(line).toMatch(/^\|( ?:?-+:? ?\|)+$/);
    const width = cells(head);
    for (const row of [line, ...rows]) expect([row, cells(row)]).toEqual([row, width]);
  }
}

function cells(row: string): number {
  return row.replaceAll("\\|", "").split("|").length - 2;
}

/** RFC 4180: as many fields in every record as in the head. */
function isCsv(out: string): void {
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n)/gy;
  const records: string[][] = [[]];
  let end = 0;
  for (const [whole, value = "", behind] of out.matchAll(field)) {
    end += whole.length;
    records.at(-1)?.push(value);
    if (behind !== ",") records.push([]);
  }
  expect(end).toBe(out.length);
  expect(records.pop()).toEqual([]);
  expect(records.length).toBeGreaterThan(1);
  expect(new Set(records.map(({ length }) => length)).size).toBe(1);
}

/** A unified diff in sections; nothing at all where nothing differs. */
function isPatch(out: string): void {
  if (out === "") return;
  const [left, right, ...lines] = out.trimEnd().split("\n");
  expect([left, right]).toEqual([expect.stringMatching(/^--- \S/), expect.stringMatching(/^\+\+\+ \S/)]);
  expect(lines[0]).toMatch(/^@@ \S+ @@$/);
  for (const line of lines) expect(line).toMatch(/^(@@ \S+ @@|[-+]\S.*)$/);
}

async function isTopology(out: string): Promise<void> {
  expect(await loadTopology({ text: out, file: "out" })).toMatchObject({ ok: true });
}

/** XML that a strict parser takes, with as many cases and failures as it says. */
function isJunit(out: string): void {
  const counts = new Map<string, number>();
  const said = { tests: 0, failures: 0 };
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (name !== "testsuite") return;
    said.tests += Number(attributes.tests);
    said.failures += Number(attributes.failures);
  });
  parser.write(out).close();
  expect(counts.get("testsuites")).toBe(1);
  expect(said).toEqual({ tests: counts.get("testcase") ?? 0, failures: counts.get("failure") ?? 0 });
}

/** Workflow commands, a line each; nothing at all where nothing is found. */
function isGithub(out: string): void {
  if (out === "") return;
  expect(out.endsWith("\n")).toBe(true);
  for (const line of out.trimEnd().split("\n")) {
    expect(line).toMatch(/^::(error|warning|notice)( [a-zA-Z]+=[^,:]+(,[a-zA-Z]+=[^,:]+)*)?::\S/);
  }
}

/** It calls itself draft 4 and has nothing that a later draft reads otherwise, but for its name. */
const { id: _id, $schema: _draft, ...body } = schema;
const sarif = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(body);

/** By the published schema of SARIF 2.1.0. */
function isSarif(out: string): void {
  sarif(JSON.parse(out));
  expect(sarif.errors ?? []).toEqual([]);
}

async function isBaseline(out: string): Promise<void> {
  const { readBaseline } = await import("../../src/expect/baseline.ts");
  if (/^accept: \[\]$/m.test(out)) return;
  expect(await readBaseline({ file: "out", text: out })).toMatchObject({ ok: true });
}
