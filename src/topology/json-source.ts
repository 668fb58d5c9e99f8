import { LIMITS } from "./limits.ts";
import { type Mark, type MarkedTree, type Marks, ROOT, type SourceText } from "./marks.ts";

/**
 * Reads JSON that `JSON.parse` has already accepted once more, with the place of every entry, and tells of each key
 * that stands twice, which `JSON.parse` swallows. `undefined` when it is nested too deep.
 */
export function markJson(source: SourceText, complain: (offset: number, key: string) => void): MarkedTree | undefined {
  const { text } = source;
  const marks: Marks = new Map();
  const path: (string | number)[] = [];
  let at = 0;
  let tooDeep = false;

  function space(): void {
    for (let code = text.charCodeAt(at); code === 32 || (code >= 9 && code <= 13); code = text.charCodeAt(at)) at++;
  }

  function string(): string {
    const start = at++;
    let plain = true;
    for (let code = text.charCodeAt(at); code !== 34; code = text.charCodeAt(at)) {
      if (code === 92) {
        plain = false;
        at++;
      }
      at++;
    }
    at++;
    return plain ? text.slice(start + 1, at - 1) : String(JSON.parse(text.slice(start, at)));
  }

  function word(): unknown {
    const start = at;
    while (at < text.length && !/[\s,\]}]/.test(text.charAt(at))) at++;
    return JSON.parse(text.slice(start, at));
  }

  function value(): unknown {
    const first = text.charCodeAt(at);
    if (first === 34) return string();
    if (first !== 123 && first !== 91) return word();
    if (path.length >= LIMITS.depth) tooDeep = true;
    return first === 123 ? map() : list();
  }

  function map(): object {
    const found = {};
    const entries = new Map<string | number, Mark>();
    marks.set(found, entries);
    at++;
    for (space(); !tooDeep && text.charCodeAt(at) !== 125; space()) {
      const key = at;
      const name = string();
      space();
      at++;
      space();
      path.push(name);
      entries.set(name, { source, key, value: at });
      if (Object.hasOwn(found, name)) complain(key, name);
      own(found, name, value());
      path.pop();
      space();
      if (text.charCodeAt(at) === 44) at++;
    }
    at++;
    return found;
  }

  function list(): unknown[] {
    const found: unknown[] = [];
    const entries = new Map<string | number, Mark>();
    marks.set(found, entries);
    at++;
    for (space(); !tooDeep && text.charCodeAt(at) !== 93; space()) {
      path.push(found.length);
      entries.set(found.length, { source, key: at, value: at });
      found.push(value());
      path.pop();
      space();
      if (text.charCodeAt(at) === 44) at++;
    }
    at++;
    return found;
  }

  space();
  marks.set(ROOT, new Map([[0, { source, key: at, value: at }]]));
  const tree = value();
  return tooDeep ? undefined : { tree, marks };
}

/** Sets an entry of a map whatever its name; `__proto__` becomes an entry like any other. */
export function own(map: object, name: string, value: unknown): void {
  if (name === "__proto__")
    Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
  else Reflect.set(map, name, value);
}
