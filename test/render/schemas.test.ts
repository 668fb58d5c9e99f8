import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { Ip } from "../../src/addr/ip.ts";
import { fibLookup, selectSource } from "../../src/kernel/fib.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import { networkOf } from "../../src/modes/build.ts";
import { modes } from "../../src/modes/registry.ts";
import { schemaNames, schemaOf } from "../../src/render/schemas.ts";
import { routeLookupJson, tablesJson } from "../../src/render/tables-json.ts";
import { traceJson } from "../../src/render/trace-json.ts";
import { loadTopology } from "../../src/topology/load.ts";
import { answerTo, CASES } from "./cases.ts";
import { validator } from "./validator.ts";

test.each(schemaNames)("%s is a schema of draft 2020-12", (name) => {
  const ajv = new Ajv2020({ strict: true });
  expect(ajv.validateSchema(schemaOf(name) as object)).toBe(true);
});

test("a name without a document has no schema", () => {
  expect(schemaOf("constructor")).toBeUndefined();
});

describe("tables", () => {
  const validate = validator("tables");
  test.each(modes.map((mode) => mode.name))("of %s keep to the schema, and every field is described", async (mode) => {
    const built = await networkFor(mode, "two-subnets");
    const json = tablesJson(
      built,
      Array.from(built.names(), (name) => built.netns(name) as Netns),
    );
    const valid = validate(JSON.parse(JSON.stringify(json)));
    expect(validate.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });
});

describe("route", () => {
  const validate = validator("route");
  test.each(["10.244.2.7", "192.168.1.12", "203.0.113.1"])("to %s keeps to the schema", async (text) => {
    const built = await networkFor("flannel-host-gw", "two-subnets");
    const netns = built.netns("host/node-1") as Netns;
    const dst = Ip.parse(text) as Ip;
    const found = fibLookup(netns, { dst });
    const src = found && selectSource(netns, found, dst);
    const json = routeLookupJson({ ...LABEL, netns: netns.name, dst, found, src, refused: [...netns.refused()] });
    const valid = validate(JSON.parse(JSON.stringify(json)));
    expect(validate.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });
});

const LABEL = { mode: "flannel-host-gw", topology: "two-subnets" } as const;

async function networkFor(mode: string, topology: string) {
  const file = `topologies/${topology}.yaml`;
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const loaded = await loadTopology({ text, file });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const built = networkOf(loaded.value, mode);
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  return built.value;
}

describe("trace", () => {
  const validate = validator("trace");
  test.each([...CASES.keys()])("%s keeps to the schema, and describes every field", async (name) => {
    const json = JSON.parse(JSON.stringify(traceJson(await answerTo(name))));
    const valid = validate(json);
    expect(validate.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  test("a plain trace is readable in less than 100 KB", async () => {
    const text = JSON.stringify(traceJson(await answerTo("vxlan")), undefined, 2);
    expect(text.length).toBeLessThan(100_000);
  });

  test("what is not a trace is refused", async () => {
    const json = traceJson(await answerTo("vxlan"));
    expect(validate({ ...json, verdict: "FINE" })).toBe(false);
    expect(validate({ ...json, schemaVersion: "2.0" })).toBe(false);
    const { code: _, ...rest } = json;
    expect(validate(rest)).toBe(false);
  });

  test("the same question gives the same bytes", async () => {
    const [a, b] = [await answerTo("seed-udp"), await answerTo("seed-udp")];
    expect(JSON.stringify(traceJson(a))).toBe(JSON.stringify(traceJson(b)));
  });
});
