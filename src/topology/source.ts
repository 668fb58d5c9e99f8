import { markJson } from "./json-source.ts";
import { crowded, hasTwins, parseAroundPods } from "./large-json.ts";
import { LIMITS } from "./limits.ts";
import { placeAt, type SourceText, type SourceTree } from "./marks.ts";
import type { Problem } from "./problem.ts";
import { tooLarge, tooMuchYaml } from "./yaml-size.ts";

/**
 * A text as a tree: JSON when it is JSON, else YAML.
 *
 * Small texts come with marks. A large JSON text comes without any, its pods scanned if they are plain and `scan` is
 * asked for, and costs about what `JSON.parse` does; `markedSource` reads it again when there is something to point at.
 */
export async function readSource(source: SourceText, { scan }: { readonly scan: boolean }): Promise<SourceTree> {
  const { text } = source;
  if (text.length > LIMITS.json) return refuse(source, "file-too-large", tooLarge(text, LIMITS.json), ADVICE);
  if (/^\s*\{/.test(text)) {
    const scanned = scan && isLarge(source) ? parseAroundPods(text) : undefined;
    if (!scanned && separators(text) > LIMITS.values) {
      const message = `this has more than ${LIMITS.values} lines and commas`;
      return refuse(source, "file-too-large", message, ADVICE);
    }
    const json = scanned ? ({ ok: true, value: scanned.tree } as const) : parseJson(text);
    const crowd = json.ok ? crowded(json.value) : undefined;
    if (crowd !== undefined) return refuse(source, "file-too-large", crowd, ADVICE);
    if (scanned) return { problems: [], read: scanned };
    if (json.ok && isLarge(source) && !hasTwins(text, json.value)) {
      return { problems: [], read: { tree: json.value, marks: new Map() } };
    }
    if (json.ok) return markedSource(source);
    if (text.length > LIMITS.yaml || source.file.endsWith(".json")) {
      return refuse(source, "not-json", "this is not JSON", json.message, json.offset);
    }
  }
  const tooMuch = tooMuchYaml(text);
  if (tooMuch !== undefined) return refuse(source, "file-too-large", tooMuch, `write it as JSON, or ${ADVICE}`);
  const { readYaml } = await import("./yaml-source.ts");
  const yaml = readYaml(source);
  const crowd = isLarge(source) && yaml.read ? crowded(yaml.read.tree) : undefined;
  return crowd === undefined ? yaml : refuse(source, "file-too-large", crowd, ADVICE);
}

/** Whether a JSON text is so large that its marks are made only when needed. */
function isLarge({ text }: SourceText): boolean {
  return text.length > 64 * 1024;
}

/** The tree of a JSON text with marks, and a problem for every key that stands twice. */
export function markedSource(source: SourceText): SourceTree {
  const problems: Problem[] = [];
  const twin = (offset: number, key: string) => {
    if (problems.length >= MOST_TWINS) return;
    const message = `${key} stands here twice`;
    problems.push({ code: "duplicate-key", message, place: placeAt(source, offset), hint: "merge the two" });
  };
  const read = markJson(source, { insidePods: !isLarge(source), twin });
  if (!read) return refuse(source, "too-deep", BEYOND);
  return { problems, read };
}

/** How many keys that stand twice are told. */
const MOST_TWINS = 1000;

const BEYOND = `more than ${LIMITS.depth} maps and lists inside one another, or more than ${LIMITS.entries} entries in one`;
const ADVICE = "describe a large cluster with `generate`";

/** How many entries a JSON text has at most: what stands between two of them is a comma, or a line's end in a broken one. */
function separators(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 10 || code === 44) count++;
  }
  return count;
}

function refuse(source: SourceText, code: string, message: string, hint?: string, offset = 0): SourceTree {
  return { problems: [{ code, message, place: placeAt(source, offset), ...(hint !== undefined && { hint }) }] };
}

/** What a JSON text holds, or why it is none, and where. */
type Parsed = { ok: true; value: unknown } | { ok: false; message: string; offset: number };

export function parseJson(text: string): Parsed {
  const parsed = tryJson(text);
  if (parsed.ok) return parsed;
  if (parsed.offset !== undefined) return { ...parsed, offset: parsed.offset };
  // V8 gives no place for a token that it did not expect: it is behind the longest start that only lacks its end.
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const start = tryJson(text.slice(0, middle));
    if (start.ok || start.offset === middle) low = middle;
    else high = middle - 1;
  }
  return { ...parsed, offset: low };
}

type Tried = { ok: true; value: unknown } | { ok: false; message: string; offset: number | undefined };

function tryJson(text: string): Tried {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const [, what = error.message, position] = /^(.*?) in JSON at position (\d+)/s.exec(error.message) ?? [];
    const [message = what] = what.split(/, (?:\.\.\.)?"/, 1);
    const isCutOff = /^Unexpected end/.test(message);
    return {
      ok: false,
      message,
      offset: isCutOff ? text.length : position === undefined ? undefined : Number(position),
    };
  }
}
