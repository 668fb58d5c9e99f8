import "../../src/modes/registry.ts";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, expectTypeOf, test, vi } from "vitest";
import { parse } from "yaml";
import type * as z from "zod";
import type { TopologyFile } from "../../src/topology/file.ts";
import { STARTER } from "../../src/topology/init.ts";
import { isMap, isPodEntry, isTopologyFile } from "../../src/topology/read.ts";
import { topologyJsonSchema, topologySchema } from "../../src/topology/schema.ts";
import { documents, mutated } from "./documents.ts";

vi.setConfig({ testTimeout: 60_000 });

function readerAccepts(tree: unknown): boolean {
  return isTopologyFile(tree) && Object.values(tree.pods ?? {}).every(isPodEntry);
}

function schemaAccepts(tree: unknown): boolean {
  return topologySchema.safeParse(tree).success;
}

describe("the fast reader and the schema", () => {
  test("accept every document of the right shape", () => {
    fc.assert(
      fc.property(documents, (document) => {
        expect([readerAccepts(document), schemaAccepts(document)]).toEqual([true, true]);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test("agree on mutated documents, of which they accept some", () => {
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(mutated, (document) => {
        const verdict = schemaAccepts(document);
        if (verdict) accepted++;
        else refused++;
        expect(readerAccepts(document)).toBe(verdict);
      }),
      { seed: 2, numRuns: 1500 },
    );
    expect(Math.min(accepted, refused)).toBeGreaterThan(150);
  });

  test("have the same type", () => {
    expectTypeOf<z.infer<typeof topologySchema>["hosts"]>().toExtend<TopologyFile["hosts"]>();
    expectTypeOf<z.infer<typeof topologySchema>["pods"]>().toExtend<TopologyFile["pods"]>();
    expectTypeOf<z.infer<typeof topologySchema>["generate"]>().toExtend<TopologyFile["generate"]>();
  });
});

describe("the published schema", () => {
  const ajv = new Ajv2020({ strict: false });
  const validate = ajv.compile(topologyJsonSchema());

  test("accepts what the program accepts", () => {
    expect(validate(parse(STARTER)), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ "cni-trace": 1, nodes: {} })).toBe(false);
    expect(validate({ "cni-trace": 1, hosts: { Node: "192.168.0.11" } })).toBe(false);
  });

  test("describes every key", () => {
    const bare: string[] = [];
    const walk = (schema: unknown, path: string) => {
      if (!isMap(schema)) return;
      if (isMap(schema.properties)) {
        for (const [key, child] of Object.entries(schema.properties)) {
          const text = JSON.stringify(child);
          if (!text.includes('"description"') && !text.includes('"examples"')) bare.push(`${path}.${key}`);
          walk(child, `${path}.${key}`);
        }
      }
      walk(schema.additionalProperties, `${path}.*`);
      for (const part of Array.isArray(schema.anyOf) ? schema.anyOf : []) walk(part, path);
    };
    walk(topologyJsonSchema(), "");
    expect(bare).toEqual([]);
  });
});
