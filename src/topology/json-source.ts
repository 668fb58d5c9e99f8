import { LIMITS } from "./limits.ts";
import { type Mark, type MarkedTree, type Marks, ROOT, type SourceText } from "./marks.ts";

/** What to do on the way through a JSON text. */
export interface MarkOptions {
  /** Where the value to read starts; default: the start of the text. */
  readonly start?: number;
  /** Whether values inside a pod are marked; a large text has a million of them, and `locate` can mark them later. */
  readonly insidePods: boolean;
  /** Called for each key that stands twice in its map, which `JSON.parse` swallows. */
  readonly twin: (offset: number, key: string) => void;
}

/**
 * Reads JSON that `JSON.parse` has already accepted once more, with the place of every entry. `undefined` when it is
 * nested too deep, or has a map or list of absurd length.
 */
export function markJson(source: SourceText, { start = 0, insidePods, twin }: MarkOptions): MarkedTree | undefined {
  const { text } = source;
  const marks: Marks = new Map();
  const path: (string | number)[] = [];
  let at = start;
  let beyond = false;

  function space(): void {
    for (let code = text.charCodeAt(at); code === 32 || (code >= 9 && code <= 13); code = text.charCodeAt(at)) at++;
  }

  function string(): string {
    const from = at++;
    let plain = true;
    for (let code = text.charCodeAt(at); code !== 34; code = text.charCodeAt(at)) {
      if (code === 92) {
        plain = false;
        at++;
      }
      at++;
    }
    at++;
    return plain ? text.slice(from + 1, at - 1) : String(JSON.parse(text.slice(from, at)));
  }

  function word(): unknown {
    const from = at;
    while (at < text.length && !/[\s,\]}]/.test(text.charAt(at))) at++;
    return JSON.parse(text.slice(from, at));
  }

  function value(): unknown {
    const first = text.charCodeAt(at);
    if (first === 34) return string();
    if (first !== 123 && first !== 91) return word();
    if (path.length >= LIMITS.depth) beyond = true;
    return first === 123 ? map() : list();
  }

  /** A place for the marks of a container; none inside a pod. */
  function entriesOf(found: object): Map<string | number, Mark> | undefined {
    if (!insidePods && path.length >= 2 && path[0] === "pods") return undefined;
    const entries = new Map<string | number, Mark>();
    marks.set(found, entries);
    return entries;
  }

  function enter(step: string | number, length: number): void {
    if (length > LIMITS.entries && path[0] !== "pods") beyond = true;
    path.push(step);
  }

  function leave(): void {
    path.pop();
    space();
    if (text.charCodeAt(at) === 44) at++;
  }

  function map(): object {
    const found = {};
    const entries = entriesOf(found);
    at++;
    let length = 0;
    for (space(); !beyond && text.charCodeAt(at) !== 125; space()) {
      const key = at;
      const name = string();
      space();
      at++;
      space();
      entries?.set(name, { source, key, value: at });
      if (Object.hasOwn(found, name)) twin(key, name);
      enter(name, length++);
      own(found, name, value());
      leave();
    }
    at++;
    return found;
  }

  function list(): unknown[] {
    const found: unknown[] = [];
    const entries = entriesOf(found);
    at++;
    for (space(); !beyond && text.charCodeAt(at) !== 93; space()) {
      entries?.set(found.length, { source, key: at, value: at });
      enter(found.length, found.length);
      found.push(value());
      leave();
    }
    at++;
    return found;
  }

  space();
  marks.set(ROOT, new Map([[0, { source, key: at, value: at }]]));
  const tree = value();
  return beyond ? undefined : { tree, marks, podsUnmarked: !insidePods };
}

/** Sets an entry of a map whatever its name; `__proto__` becomes an entry like any other. */
export function own(map: object, name: string, value: unknown): void {
  if (name === "__proto__")
    Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
  else Reflect.set(map, name, value);
}
