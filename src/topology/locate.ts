import { markJson } from "./json-source.ts";
import { type Mark, type MarkedTree, placeAt, ROOT } from "./marks.ts";
import type { Path } from "./path.ts";
import type { Place } from "./problem.ts";

/** The place of a path, or of the innermost part of it that is in a text; `undefined` when the tree has no marks. */
export function locate(read: MarkedTree, path: Path, part: "key" | "value"): Place | undefined {
  const { mark, depth } = follow(read, path);
  if (!mark) return undefined;
  return placeAt(mark.source, depth === path.length && part === "value" ? mark.value : mark.key);
}

/** The place of a path that is in a text as it stands; `undefined` when it is not. */
export function locateWhole(read: MarkedTree, path: Path, part: "key" | "value"): Place | undefined {
  const { mark, depth } = follow(read, path);
  return mark && depth === path.length ? placeAt(mark.source, mark[part]) : undefined;
}

/** The mark of the innermost part of a path that has one, and how many steps down that is. */
function follow({ tree, marks, podsUnmarked }: MarkedTree, path: Path): { mark: Mark | undefined; depth: number } {
  let node = tree;
  let known = marks;
  let mark = marks.get(ROOT)?.get(0);
  let depth = 0;
  for (const step of path) {
    if (typeof node !== "object" || node === null) break;
    if (podsUnmarked && !known.has(node) && mark) {
      // Inside a pod of a large text: the value is read again, with marks.
      const again = markJson(mark.source, { start: mark.value, insidePods: true, twin: () => undefined });
      node = again?.tree;
      known = again?.marks ?? marks;
    }
    const next = known.get(Object(node))?.get(step);
    if (!next) break;
    mark = next;
    depth++;
    node = Reflect.get(Object(node), step);
  }
  return { mark, depth };
}
