import type { Mark, SourceText } from "./marks.ts";
import type { Path } from "./path.ts";

/**
 * Where entries of a JSON text stand. The text is known to be JSON; it is read no further than what is asked for, and
 * what lies beside the way there is passed over.
 */
export class JsonPlaces {
  readonly #source: SourceText;
  /** By the offsets of their opening brackets. */
  readonly #containers = new Map<number, Entries>();

  constructor(source: SourceText) {
    this.#source = source;
  }

  /** Where the entry of a path stands; `undefined` when there is none. */
  find(path: Path): Mark | undefined {
    const { text } = this.#source;
    const start = blanks(text, 0);
    let found: Found | undefined = { key: start, value: start };
    for (const step of path) {
      found = this.#container(found.value)?.find(step);
      if (!found) return undefined;
    }
    return { source: this.#source, ...found };
  }

  #container(at: number): Entries | undefined {
    const { text } = this.#source;
    const code = text.charCodeAt(at);
    if (code !== OPEN && code !== OPEN_LIST) return undefined;
    const known = this.#containers.get(at) ?? new Entries(text, at);
    this.#containers.set(at, known);
    return known;
  }
}

type Found = Pick<Mark, "key" | "value">;

/** The entries of one map or list, as far as they were read. */
class Entries {
  readonly #text: string;
  readonly #isList: boolean;
  readonly #found = new Map<string | number, Found>();
  /** Behind the last entry that was read, or its opening bracket. */
  #at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#isList = text.charCodeAt(at) === OPEN_LIST;
    this.#at = at + 1;
  }

  find(step: string | number): Found | undefined {
    let found = this.#found.get(step);
    while (!found) {
      const next = this.#next();
      if (next === undefined) return undefined;
      if (next === step) found = this.#found.get(step);
    }
    return found;
  }

  /** Reads one more entry; its name. */
  #next(): string | number | undefined {
    const text = this.#text;
    let key = blanks(text, this.#at);
    if (text.charCodeAt(key) === COMMA) key = blanks(text, key + 1);
    const code = text.charCodeAt(key);
    if (code === CLOSE || code === CLOSE_LIST) return undefined;
    let name: string | number = this.#found.size;
    let value = key;
    if (!this.#isList) {
      const end = behindText(text, key);
      const word = text.slice(key, end);
      name = word.includes("\\") ? String(JSON.parse(word)) : word.slice(1, -1);
      value = blanks(text, blanks(text, end) + 1);
    }
    this.#found.set(name, { key, value });
    this.#at = behind(text, value);
    return name;
  }
}

/** Where the next character that is no blank stands. */
function blanks(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code === 32 || (code >= 9 && code <= 13); code = text.charCodeAt(at)) at++;
  return at;
}

function behindText(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at++;
  }
}

/** Where a value ends. */
function behind(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = behindText(text, at) - 1;
      if (depth === 0) return at + 1;
    } else if (code === OPEN || code === OPEN_LIST) depth++;
    else if (code === CLOSE || code === CLOSE_LIST) {
      // Behind a bare word stands the end of what it is in.
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (code === COMMA && depth === 0) return at;
  }
  return text.length;
}

const QUOTE = 34;
const COMMA = 44;
const OPEN = 123;
const CLOSE = 125;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const BACKSLASH = 92;
