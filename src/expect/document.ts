import * as z from "zod";
import { type Complain, type Complaints, collectComplaints } from "../topology/complaint.ts";
import type { MarkedTree, SourceText } from "../topology/marks.ts";
import { nearest } from "../topology/nearest.ts";
import type { Path } from "../topology/path.ts";
import type { Outcome } from "../topology/problem.ts";
import { markedSource, readSource } from "../topology/source.ts";

/** A small file that has kept to its schema; further complaints about it get their places. */
export interface Document<T> {
  readonly data: T;
  readonly read: MarkedTree;
  readonly complaints: Complaints;
}

/** Reads a small YAML or JSON file by a schema, or tells everything that is wrong with it; `name` is its schema's. */
export async function readDocument<T>(
  source: SourceText,
  schema: z.ZodType<T>,
  name: string,
): Promise<Outcome<Document<T>>> {
  const first = await readSource(source, { scan: false });
  const { read, problems } = first.read && first.read.marks.size === 0 ? markedSource(source) : first;
  if (!read || problems.length > 0) return { ok: false, problems };
  const complaints = collectComplaints(read, problems);
  const parsed = schema.safeParse(read.tree, { reportInput: true });
  if (parsed.success) return { ok: true, value: { data: parsed.data, read, complaints } };
  const hint = `cni-trace schema ${name} has every key`;
  const keys = [...new Set(keysOf(z.toJSONSchema(schema)))];
  for (const issue of parsed.error.issues) explain(issue, [], { keys, hint, complain: complaints.complain });
  return { ok: false, problems: complaints.problems() };
}

/** Every key that a JSON Schema knows, wherever it stands. */
function keysOf(schema: unknown): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const own = "properties" in schema ? Object.keys(schema.properties ?? {}) : [];
  const names =
    "propertyNames" in schema ? ((schema.propertyNames as { readonly enum?: readonly string[] }).enum ?? []) : [];
  return [...own, ...names, ...Object.values(schema).flatMap(keysOf)];
}

interface Telling {
  readonly keys: readonly string[];
  readonly hint: string;
  readonly complain: Complain;
}

/** An issue of the schema in our words; of a union's alternatives the one that was meant. */
function explain(issue: z.core.$ZodIssue, base: Path, telling: Telling): void {
  const { keys, hint, complain } = telling;
  const path = [...base, ...issue.path.map((step) => (typeof step === "number" ? step : String(step)))];
  if (issue.code === "invalid_union") {
    const meant = issue.errors.filter(isMeant).toSorted((a, b) => a.length - b.length)[0];
    for (const each of meant ?? []) explain(each, path, telling);
    if (!meant) complain({ code: "wrong-type", path, message: "this has no right form", hint });
    return;
  }
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) {
      const close = nearest(key, keys);
      const message = `${key} is not a key here`;
      const better = close === undefined ? hint : `did you mean ${close}?`;
      complain({ code: "unknown-key", path: [...path, key], part: "key", message, hint: better });
    }
    return;
  }
  const missing = issue.code === "invalid_type" && issue.input === undefined;
  const name = path.at(-1) ?? "the file";
  const message = missing ? `${name} is missing` : `${name}: ${issue.message.replace(/\.$/, "")}`;
  complain({ code: missing ? "missing-key" : "bad-value", path, message, hint });
}

/** Of an alternative that was meant, only parts are wrong. */
function isMeant(errors: readonly z.core.$ZodIssue[]): boolean {
  return errors.every(({ path, code }) => path.length > 0 || code === "unrecognized_keys");
}
