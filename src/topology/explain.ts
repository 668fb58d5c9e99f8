import type * as z from "zod";
import type { Complain, Complaint } from "./complaint.ts";
import { own } from "./json-source.ts";
import type { MarkedTree } from "./marks.ts";
import { expectedAt, RANGES, typeWord, unknownKeyHint, valueHint } from "./mistakes.ts";
import type { Path } from "./path.ts";
import { isMap, isPodEntry } from "./read.ts";
import { topologyJsonSchema, topologySchema } from "./schema.ts";

/**
 * Tells every structural mistake of a tree and mends the tree in place as well as can be guessed, so that the checks
 * that come after can look at the rest: a misspelt key gets its right name, what has no right form goes.
 *
 * Returns the paths of what went, so that nobody complains of missing it.
 */
export function explainAndMend(read: MarkedTree, complain: Complain): readonly Path[] {
  const gone: Path[] = [];
  dropProto(read.tree, [], (path) => {
    complain({ code: "bad-name", path, part: "key", message: "__proto__ cannot be a name here" });
    gone.push(path);
  });
  if (read.tree === null) {
    complain({ code: "empty-file", path: [], message: "the file is empty", hint: START });
    return [[]];
  }
  if (!isMap(read.tree)) {
    complain({ code: "wrong-type", path: [], message: `a topology is a map, not ${typeWord(read.tree)}`, hint: START });
    return [[]];
  }
  const rest = dropMostBadPods(read);
  const went = new Set<string>();
  // A mended key may uncover mistakes below it; nothing nests deeper than this.
  for (let round = 0; round < 20; round++) {
    const result = topologySchema.safeParse(withBadPods(read.tree), { reportInput: true });
    if (result.success) {
      for (let i = 0; i < rest; i++) complain(ONE_MORE);
      return rest > 0 ? [...gone, ["pods"]] : gone;
    }
    const all = flatten(result.error.issues, []);
    // Misspelt keys first: with their right names, what was missing may be there.
    const misspelt = all.filter(({ issue }) => issue.code === "unrecognized_keys");
    const mistakes = misspelt.length > 0 ? misspelt : all;
    for (const mistake of mistakes) {
      // What was wrong and went is not missing as well.
      if (!went.has(mistake.path.join("\0"))) tell(read, mistake, complain);
    }
    // Backwards, so that taking an entry out of a list leaves the earlier ones where they are.
    for (const mistake of mistakes.reverse()) {
      for (const path of mend(read, mistake)) {
        gone.push(path);
        went.add(path.join("\0"));
      }
    }
  }
  throw new Error("a topology file could not be mended");
}

const START = "`cni-trace init` prints one to start from";

interface Mistake {
  readonly issue: z.core.$ZodIssue;
  readonly path: Path;
}

/** Issues without unions: of the alternatives, the one whose type the value has. */
function flatten(issues: readonly z.core.$ZodIssue[], base: Path): Mistake[] {
  return issues.flatMap((issue): Mistake[] => {
    const path = [...base, ...issue.path.map((step) => (typeof step === "number" ? step : String(step)))];
    if (issue.code !== "invalid_union") return [{ issue, path }];
    const meant = issue.errors.find((errors) => !errors.every((error) => isOfOtherType(error)));
    return meant ? flatten(meant, path) : [{ issue, path }];
  });
}

function isOfOtherType(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === "invalid_union") return issue.errors.every((errors) => errors.every(isOfOtherType));
  return issue.code === "invalid_type" && issue.expected !== "int";
}

function tell(read: MarkedTree, { issue, path }: Mistake, complain: Complain): void {
  const last = path.at(-1) ?? "the file";
  const name = typeof last === "number" ? `an entry of ${path.at(-2)}` : shown(last);
  const value = valueAt(read.tree, path);
  switch (issue.code) {
    case "unrecognized_keys":
      for (const [key, { text: hint }] of rightKeys(issue.keys, path)) {
        complain({
          code: "unknown-key",
          path: [...path, key],
          part: "key",
          message: `${shown(key)} is not a key here`,
          hint,
        });
      }
      return;
    case "invalid_value":
      if (value === undefined) {
        complain({
          code: "missing-key",
          path,
          message: `${name} is missing`,
          hint: `add ${name}: ${issue.values.join(" or ")}`,
        });
        return;
      }
      if (path.length === 1 && path[0] === "cni-trace") {
        const hint = "this program reads version 1 of the format";
        complain({ code: "unknown-version", path, message: `${name} cannot be ${show(value)}`, hint });
        return;
      }
      complain({
        code: "unknown-value",
        path,
        message: `${name} cannot be ${show(value)}`,
        hint: valueHint(value, issue.values.map(String)),
      });
      return;
    case "too_small":
    case "too_big": {
      if (Array.isArray(value)) {
        const message = value.length === 0 ? `${name} is an empty list` : `${name} is a list of ${value.length}`;
        complain({ code: "wrong-length", path, message, hint: expectedAt(path) });
        return;
      }
      const range = RANGES.get(name);
      const message = `${name} cannot be ${show(value)}`;
      const hint = range ?? `${issue.code === "too_small" ? `at least ${issue.minimum}` : `at most ${issue.maximum}`}`;
      complain({ code: "out-of-range", path, message, hint });
      return;
    }
    default: {
      if (value === undefined) {
        complain({ code: "missing-key", path, message: `${name} is missing`, hint: expectedAt(path) });
        return;
      }
      const types = expectedTypes(issue);
      const message = `${name} cannot be ${typeWord(value)}`;
      const right = types.map((type) => valueHint(value, [], type)).find((hint) => hint !== undefined);
      complain({ code: "wrong-type", path, message, hint: expectedAt(path) ?? right ?? expectedAt(path, types) });
    }
  }
}

/** What each unknown key should have been; nobody reads the hints past the first thousand. */
function rightKeys(
  keys: readonly string[],
  path: Path,
): readonly (readonly [string, { key?: string; text?: string }])[] {
  const known = keysAt(path);
  return keys.map((key, i) => [key, i < MOST_EXPLAINED ? unknownKeyHint(path, key, known) : {}]);
}

/** How many pods, or unknown keys of one map, are explained one by one. */
const MOST_EXPLAINED = 1000;

/** A wrong pod behind the first thousand: it only counts. */
const ONE_MORE: Complaint = { code: "wrong-type", path: ["pods"], message: "this is not a pod" };

/** Takes wrong pods out of a tree but for the first thousand; how many went. */
function dropMostBadPods({ tree, marks }: MarkedTree): number {
  const pods: unknown = Reflect.get(Object(tree), "pods");
  if (!isMap(pods)) return 0;
  const kept: Record<string, unknown> = {};
  let bad = 0;
  for (const name in pods) if (isPodEntry(pods[name]) || ++bad <= MOST_EXPLAINED) own(kept, name, pods[name]);
  if (bad <= MOST_EXPLAINED) return 0;
  marks.set(kept, marks.get(pods) ?? new Map());
  own(Object(tree), "pods", kept);
  return bad - MOST_EXPLAINED;
}

/** The same tree with none but wrong pods: the right ones have nothing to explain. */
function withBadPods(tree: object): object {
  const pods: unknown = Reflect.get(tree, "pods");
  if (!isMap(pods)) return tree;
  const bad = {};
  for (const [name, entry] of Object.entries(pods)) if (!isPodEntry(entry)) own(bad, name, entry);
  return { ...tree, pods: bad };
}

/** The types that would have done, of all alternatives. */
function expectedTypes(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === "invalid_type") return [issue.expected];
  return issue.code === "invalid_union" ? issue.errors.flatMap((errors) => errors.flatMap(expectedTypes)) : [];
}

/** A word, cut where it is long. */
function shown(word: string): string {
  return word.length > 60 ? `${word.slice(0, 60)}…` : word;
}

function show(value: unknown): string {
  return typeof value === "object" ? typeWord(value) : shown(String(value));
}

/** Renames or removes what a mistake speaks of; answers what went. */
function mend(read: MarkedTree, { issue, path }: Mistake): Path[] {
  if (issue.code === "unrecognized_keys") {
    const map = valueAt(read.tree, path);
    return rightKeys(issue.keys, path).flatMap(([key, { key: right }]) => {
      const value: unknown = Reflect.get(Object(map), key);
      const mark = read.marks.get(Object(map))?.get(key);
      Reflect.deleteProperty(Object(map), key);
      if (right === undefined || Object.hasOwn(Object(map), right)) return [[...path, key]];
      own(Object(map), right, value);
      if (mark) read.marks.get(Object(map))?.set(right, mark);
      return [];
    });
  }
  if (path.length === 0) return [path];
  if (path.length === 1 && path[0] === "cni-trace") {
    own(Object(read.tree), "cni-trace", 1);
    return [];
  }
  return [remove(read, path)];
}

/** Takes the wrong value out, or, where it was needed or stands in a list, the thing that holds it. */
function remove(read: MarkedTree, path: Path): Path {
  const up = path.slice(0, -1);
  const holder = valueAt(read.tree, up);
  const key = path.at(-1) ?? "";
  if (up.length > 0 && !Object.hasOwn(Object(holder), key)) return remove(read, up);
  if (!Array.isArray(holder)) Reflect.deleteProperty(Object(holder), key);
  else if (holder.length === 1) return remove(read, up);
  else {
    const marks = [...(read.marks.get(holder)?.values() ?? [])];
    holder.splice(Number(key), 1);
    marks.splice(Number(key), 1);
    read.marks.set(holder, new Map(marks.entries()));
  }
  return path;
}

function valueAt(tree: unknown, path: Path): unknown {
  let value = tree;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

/** The keys that the schema knows at a path. */
function keysAt(path: Path): readonly string[] {
  let schemas: unknown[] = [topologyJsonSchema()];
  for (const step of path) {
    schemas = schemas.flatMap(alternatives).flatMap((schema) => {
      const { properties, additionalProperties, items } = Object(schema);
      if (typeof step === "number") return items === undefined ? [] : [items];
      if (isMap(properties) && Object.hasOwn(properties, step)) return [properties[step]];
      return isMap(additionalProperties) ? [additionalProperties] : [];
    });
  }
  return schemas.flatMap(alternatives).flatMap((schema) => Object.keys(Object(Object(schema).properties)));
}

function alternatives(schema: unknown): unknown[] {
  const { anyOf } = Object(schema);
  return Array.isArray(anyOf) ? anyOf.flatMap(alternatives) : [schema];
}

function dropProto(node: unknown, path: Path, found: (path: Path) => void): void {
  if (typeof node !== "object" || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    const here = [...path, Array.isArray(node) ? Number(key) : key];
    if (key !== "__proto__") dropProto(value, here, found);
    else {
      found(here);
      Reflect.deleteProperty(node, key);
    }
  }
}
