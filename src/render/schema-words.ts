import { type Json, SCHEMA_VERSION } from "./json.ts";

export type Schema = { readonly [key: string]: Json };

export const TEXT: Schema = { type: "string" };
export const COUNT: Schema = { type: "integer", minimum: 0 };
export const NUMBER: Schema = { type: "integer" };
export const TRUTH: Schema = { type: "boolean" };
export const IP: Schema = { type: "string", description: "IPv4 or IPv6 address as text" };
export const PREFIX: Schema = { type: "string", description: "address/length" };
export const NETNS: Schema = { type: "string", pattern: "^(host|pod|router)/" };

/** An object: every field is there unless its name ends in `?`. */
export function object(properties: Readonly<Record<string, Schema>>, description?: string): Schema {
  const names = Object.keys(properties);
  const required = names.filter((name) => !name.endsWith("?"));
  return {
    type: "object",
    ...(description !== undefined && { description }),
    properties: Object.fromEntries(names.map((name) => [name.replace(/\?$/, ""), properties[name] as Schema])),
    ...(required.length > 0 && { required }),
  };
}

export function list(items: Schema, description?: string): Schema {
  return { type: "array", items, ...(description !== undefined && { description }) };
}

export function one(...words: readonly (string | number | boolean)[]): Schema {
  return words.length === 1 && words[0] !== undefined ? { const: words[0] } : { enum: words };
}

export function ref(name: string): Schema {
  return { $ref: `#/$defs/${name}` };
}

export function either(...schemas: readonly Schema[]): Schema {
  return { anyOf: schemas };
}

/** A whole document: its version, its kind, its own fields. */
export function document(
  kind: string,
  title: string,
  properties: Readonly<Record<string, Schema>>,
  defs: Readonly<Record<string, Schema>>,
): Schema {
  const [major] = SCHEMA_VERSION.split(".");
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title,
    ...object({ schemaVersion: { type: "string", pattern: `^${major}\\.[0-9]+$` }, kind: one(kind), ...properties }),
    $defs: defs,
  };
}
