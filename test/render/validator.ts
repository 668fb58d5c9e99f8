import { Ajv2020 } from "ajv/dist/2020.js";
import { schemaOf } from "../../src/render/schemas.ts";

/** The same schema with every object closed, so that a field nobody described is an error. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const open = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return "properties" in schema ? { ...open, additionalProperties: false } : open;
}

/** Checks documents against the closed schema of that name. */
export function validator(name: string) {
  return new Ajv2020({ strict: true }).compile(closed(schemaOf(name)) as object);
}
