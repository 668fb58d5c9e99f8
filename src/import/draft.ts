import { own } from "../topology/json-source.ts";
import { type Mark, type MarkedTree, type Marks, ROOT } from "../topology/marks.ts";
import type { Path } from "../topology/path.ts";

/**
 * A topology document in the making: the tree that the loader checks, the place of each entry in the objects it came
 * from, and a word on where that was.
 */
export class Draft {
  readonly tree = {};
  readonly marks: Marks = new Map();
  /** What each entry came from, by its path. */
  readonly origins = new Map<string, string>();

  constructor(mark: Mark) {
    this.marks.set(ROOT, new Map([[0, mark]]));
    this.put(["cni-trace"], 1, mark);
  }

  /** Sets a value, with the maps on the way to it. What it holds has no places of its own: theirs is the entry's. */
  put(path: readonly [string, ...string[]], value: unknown, mark: Mark, origin?: string): void {
    let map: object = this.tree;
    for (const key of path.slice(0, -1)) map = this.#below(map, key, mark);
    own(map, path.at(-1) ?? "", value);
    this.#entries(map).set(path.at(-1) ?? "", mark);
    if (origin !== undefined) this.origins.set(pathKey(path), origin);
  }

  #below(map: object, key: string, mark: Mark): object {
    const there: unknown = Object.hasOwn(map, key) ? Reflect.get(map, key) : undefined;
    if (typeof there === "object" && there !== null) return there;
    const made = {};
    own(map, key, made);
    this.#entries(map).set(key, mark);
    return made;
  }

  #entries(map: object): Map<string | number, Mark> {
    const known = this.marks.get(map);
    if (known) return known;
    const made = new Map<string | number, Mark>();
    this.marks.set(map, made);
    return made;
  }

  get read(): MarkedTree {
    return { tree: this.tree, marks: this.marks };
  }
}

/**
 * What the entries of each section came from, by section and entry; what stands deeper is told with the entry it is in.
 */
export function originsOf({ origins }: Draft): ReadonlyMap<string, string> {
  const found = new Map<string, Set<string>>();
  for (const [path, origin] of origins) {
    const key = path.split("\0").slice(0, 2).join("\0");
    found.set(key, (found.get(key) ?? new Set()).add(origin));
  }
  return new Map([...found].map(([key, all]) => [key, [...all].join("; ")]));
}

/** A path as a key of a map. */
function pathKey(path: Path): string {
  return path.join("\0");
}
