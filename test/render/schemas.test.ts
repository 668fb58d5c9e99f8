import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { schemaNames, schemaOf } from "../../src/render/schemas.ts";
import { traceJson } from "../../src/render/trace-json.ts";
import { answerTo, CASES } from "./cases.ts";
import { validator } from "./validator.ts";

test.each(schemaNames)("%s is a schema of draft 2020-12", (name) => {
  const ajv = new Ajv2020({ strict: true });
  expect(ajv.validateSchema(schemaOf(name) as object)).toBe(true);
});

test("a name without a document has no schema", () => {
  expect(schemaOf("constructor")).toBeUndefined();
});

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
