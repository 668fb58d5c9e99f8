import { bgpSchema } from "./schema-bgp.ts";
import { checkSchema } from "./schema-check.ts";
import { compareSchema } from "./schema-compare.ts";
import { diffSchema } from "./schema-diff.ts";
import { labSchema } from "./schema-lab.ts";
import { routeSchema, tablesSchema } from "./schema-tables.ts";
import { traceSchema } from "./schema-trace.ts";
import type { Schema } from "./schema-words.ts";

const SCHEMAS: ReadonlyMap<string, () => Schema> = new Map([
  ["trace", traceSchema],
  ["tables", tablesSchema],
  ["route", routeSchema],
  ["bgp", bgpSchema],
  ["compare", compareSchema],
  ["diff", diffSchema],
  ["check", checkSchema],
  ["lab", labSchema],
]);

/** The documents that have a schema. */
export const schemaNames: readonly string[] = [...SCHEMAS.keys()];

/** The JSON Schema (draft 2020-12) of a document; `undefined` when there is no such document. */
export function schemaOf(name: string): Schema | undefined {
  return SCHEMAS.get(name)?.();
}
