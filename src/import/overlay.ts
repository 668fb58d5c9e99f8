import { own } from "../topology/json-source.ts";
import { type MarkedTree, ROOT } from "../topology/marks.ts";
import { isMap } from "../topology/read.ts";

/** The fact that the short form of an entry is. */
const SHORT: Readonly<Record<string, string>> = { subnets: "cidr", routers: "address", hosts: "address", pods: "host" };

/**
 * Lays a topology document over another, in place: maps are joined key by key, everything else takes the place of what
 * was there. Each value keeps the place it was read at.
 */
export function layOver(base: MarkedTree, over: MarkedTree): void {
  for (const [container, entries] of over.marks) if (container !== ROOT) base.marks.set(container, entries);
  if (isMap(base.tree) && isMap(over.tree)) join(base, base.tree, over.tree, []);
}

function join(
  base: MarkedTree,
  below: object,
  above: Readonly<Record<string, unknown>>,
  path: readonly string[],
): void {
  const entries = base.marks.get(above);
  for (const key of Object.keys(above)) {
    const there: unknown = Object.hasOwn(below, key) ? Reflect.get(below, key) : undefined;
    const mark = entries?.get(key);
    const short = path.length === 1 ? SHORT[path[0] ?? ""] : undefined;
    const [low, high] =
      short === undefined ? [there, above[key]] : [long(base, there, short), long(base, above[key], short)];
    if (isMap(low) && isMap(high)) {
      if ("address" in high || "addresses" in high)
        for (const form of ["address", "addresses"]) Reflect.deleteProperty(low, form);
      join(base, low, high, [...path, key]);
      own(below, key, low);
    } else own(below, key, there === undefined || short === undefined ? above[key] : high);
    if (there === undefined && mark) marksOf(base, below).set(key, mark);
  }
}

/** An entry in its long form; a short one stands where the long one's fact would. */
function long(base: MarkedTree, entry: unknown, fact: string): unknown {
  if (entry === undefined || isMap(entry)) return entry;
  const made = { [fact === "address" && Array.isArray(entry) ? "addresses" : fact]: entry };
  base.marks.set(made, new Map());
  return made;
}

function marksOf({ marks }: MarkedTree, container: object) {
  const known = marks.get(container);
  if (known) return known;
  const made = new Map();
  marks.set(container, made);
  return made;
}
