import { LIMITS } from "./limits.ts";
import type { MarkedTree } from "./marks.ts";
import { scanPods } from "./pod-scan.ts";
import { isMap } from "./read.ts";

/**
 * Parses a large JSON text with its pods scanned instead of parsed; `undefined` when that is not plainly possible.
 *
 * The pods are nine tenths of a large cluster, and `JSON.parse` would make four objects for each.
 */
export function parseAroundPods(text: string): MarkedTree | undefined {
  const section = scanPods(text);
  // A second "pods" may be a key that stands twice.
  if (!section || text.indexOf('"pods"', section.end) >= 0) return undefined;
  const rest = `${text.slice(0, section.start)}{}${text.slice(section.end)}`;
  const tree = parse(rest);
  if (!isMap(tree) || !Object.hasOwn(tree, "pods") || Object.hasOwn(tree, "generate")) return undefined;
  return hasTwins(rest, tree) ? undefined : { tree, marks: new Map(), pods: section.columns };
}

/**
 * Whether keys stand twice in a JSON text, of which `JSON.parse` kept only one: then the text has more strings than the
 * tree made of it.
 */
export function hasTwins(text: string, tree: unknown): boolean {
  let quotes = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) quotes++;
    else if (code === 92) at++;
  }
  return quotes !== 2 * strings(tree);
}

/**
 * Which map or list of a tree has more entries than are read, in words; `undefined` when none has. Of pods there may be
 * as many as the text has room for. What is nested too deep is not looked into.
 */
export function crowded(tree: unknown, name = "the file", depth = 0): string | undefined {
  if (typeof tree !== "object" || tree === null || depth > LIMITS.depth) return undefined;
  let count = 0;
  for (const key in tree) {
    count++;
    const found = crowded(Reflect.get(tree, key), depth === 0 ? key : `${name}.${key}`, depth + 1);
    if (found !== undefined) return found;
  }
  if (count <= LIMITS.entries || (name === "pods" && depth === 1)) return undefined;
  const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name;
  return `${shown} has ${count} entries, more than the ${LIMITS.entries} that are read`;
}

/** How many strings a tree has, keys included; more than any text has where it is nested too deep. */
function strings(tree: unknown, depth = 0): number {
  if (typeof tree === "string") return 1;
  if (typeof tree !== "object" || tree === null) return 0;
  if (depth > LIMITS.depth) return Number.POSITIVE_INFINITY;
  let count = 0;
  if (Array.isArray(tree)) for (const item of tree) count += strings(item, depth + 1);
  else for (const key in tree) count += 1 + strings(Reflect.get(tree, key), depth + 1);
  return count;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
