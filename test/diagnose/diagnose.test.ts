import { describe, expect, test } from "vitest";
import { diagnose } from "../../src/diagnose/diagnose.ts";
import { mends, networkFrom, send, where } from "./ask.ts";
import { beliefs } from "./beliefs.ts";
import { type Case, filter, layer2, outcome, routing, size, tunnel } from "./modelled.ts";
import { written } from "./written.ts";

describe.each([
  ["how packets end", outcome],
  ["routes and settings", routing],
  ["beliefs", beliefs],
  ["devices, neighbours and bridges", layer2],
  ["tunnels", tunnel],
  ["filters", filter],
  ["size", size],
])("%s", (_group, cases) => {
  test.each(cases)("$name", async (row: Case) => {
    const network = await networkFrom(row.mode, row.document);
    const found = diagnose(network, send(network, row.probe));
    expect({ code: where(found), because: found.because.map(where) }).toEqual({
      code: row.code,
      because: row.because ?? [],
    });
    expect(found.verdict).toBe(row.verdict ?? "UNREACHABLE");
    if (row.reason) expect(found.reason).toBe(row.reason);
    if (row.mended) expect(await mends(row.mode, row.document, row.probe ?? {})).toContain(row.mended);
  });
});

test.each(written)("$name", async ({ network: build, probe, code, because = [], verdict = "UNREACHABLE" }) => {
  const network = await build();
  const found = diagnose(network, send(network, probe));
  expect({ code: where(found), because: found.because.map(where) }).toEqual({ code, because });
  expect(found.verdict).toBe(verdict);
});
