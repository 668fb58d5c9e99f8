/** What a JSON document is made of; absent is absent, never `null`. */
export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** The `major.minor` of every document: a new minor adds, a new major changes or takes away. */
export const SCHEMA_VERSION = "1.3";

/** Fields without those that are absent. */
export function fields(entries: Readonly<Record<string, Json | undefined>>): { readonly [key: string]: Json } {
  const present: Record<string, Json> = {};
  for (const [key, value] of Object.entries(entries)) if (value !== undefined) present[key] = value;
  return present;
}

/**
 * Plain data from data: addresses and prefixes become text, bytes become hex, keyed collections become objects, what is
 * absent goes. For small values without cycles; what refers to more than itself is written out by hand.
 */
export function plainOf(value: unknown): Json {
  const plain = convert(value);
  if (plain === undefined) throw new Error(`${typeof value} is no data`);
  return plain;
}

function convert(value: unknown): Json | undefined {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if ("toJSON" in value && typeof value.toJSON === "function") return convert(value.toJSON());
  if (Array.isArray(value)) return value.flatMap((item) => convert(item) ?? []);
  const entries = value instanceof Map ? [...value].map(([key, item]) => [String(key), item]) : Object.entries(value);
  // A key may be called __proto__, and is then a key like any other.
  const object: Record<string, Json> = Object.create(null);
  for (const [key, item] of entries) {
    const plain = convert(item);
    if (plain !== undefined) object[String(key)] = plain;
  }
  return { ...object };
}
