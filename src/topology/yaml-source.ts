import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument } from "yaml";
import { own } from "./json-source.ts";
import { LIMITS } from "./limits.ts";
import { type Mark, type Marks, placeAt, ROOT, type SourceText, type SourceTree } from "./marks.ts";
import type { Problem } from "./problem.ts";

/**
 * Reads YAML 1.2 (core schema) into plain maps and lists with the place of every entry, or says what is wrong with it.
 *
 * Duplicate keys, custom tags, aliases that stand for themselves or for too much, and deep nesting are problems.
 * What stands before `offset` is not part of the value: columns of a `--set` count from its start.
 */
export function readYaml(source: SourceText, offset = 0): SourceTree {
  const problems: Problem[] = [];
  let whole = true;
  const complain = (code: string, at: number, message: string, hint?: string) =>
    problems.push({ code, message, place: placeAt(source, at), ...(hint === undefined ? {} : { hint }) });
  const tooDeep = (at: number): SourceTree => {
    whole = false;
    complain("too-deep", at, `more than ${LIMITS.depth} maps and lists inside one another`);
    return { problems };
  };

  const text = source.text;
  const deep = deepAt(text);
  if (deep >= 0) return tooDeep(deep);
  const document = parse(text);
  if (document === undefined) return tooDeep(offset);
  const warnings = document.warnings.filter(({ code }) => code !== "TAG_RESOLVE_FAILED");
  for (const { pos, message } of [...document.errors, ...warnings].slice(0, MOST_ERRORS)) {
    const hint = message.includes("multiple documents") ? "keep one topology in a file" : undefined;
    complain(
      "not-yaml",
      Math.min(pos[0], text.length),
      hint ? "there is more than one document here" : oneSentence(message),
      hint,
    );
  }
  if (problems.length > 0) return { problems };

  const marks: Marks = new Map();
  const anchors = new Map<string, Node>();
  const open = new Set<unknown>();
  let aliased = 0;
  let inAlias = 0;
  let bombed = false;

  function scalar(node: unknown): unknown {
    return isScalar(node) ? node.value : null;
  }

  function convert(node: unknown): unknown {
    if (isAlias(node)) return resolve(node.source, node.range?.[0] ?? 0);
    if (inAlias > 0 && ++aliased > LIMITS.aliased) return null;
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return null;
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    const start = node.range?.[0] ?? 0;
    if (node.tag !== undefined && !CORE_TAGS.has(node.tag)) {
      complain(
        "custom-tag",
        start,
        `the tag ${node.tag.replace(CORE, "!!")} is not read here`,
        "write the plain value",
      );
      whole = false;
      return null;
    }
    if (isScalar(node)) return scalar(node);
    if (open.size >= LIMITS.depth) {
      tooDeep(start);
      return null;
    }
    open.add(node);
    const entries = new Map<string | number, Mark>();
    const found = isMap(node) ? map(node.items, entries) : list(node.items, entries);
    marks.set(found, entries);
    open.delete(node);
    return found;
  }

  function resolve(anchor: string, at: number): unknown {
    const target = anchors.get(anchor);
    if (target === undefined || open.has(target)) {
      const why = target === undefined ? "is not set above" : "stands inside itself";
      complain("bad-alias", at, `the anchor ${anchor} ${why}`, "write the value out");
      whole = false;
      return null;
    }
    inAlias++;
    const found = convert(target);
    inAlias--;
    if (!bombed && inAlias === 0 && aliased > LIMITS.aliased) {
      complain("alias-bomb", at, `aliases stand for more than ${LIMITS.aliased} values`, "write the values out");
      bombed = true;
      whole = false;
    }
    return found;
  }

  function map(items: readonly { key: unknown; value: unknown }[], entries: Map<string | number, Mark>): object {
    const found = {};
    for (const { key, value } of items) {
      const at = startOf(key) ?? startOf(value) ?? offset;
      const name = isScalar(key) && key.value !== null ? (typeof key.value === "string" ? key.value : key.source) : "";
      if (name === undefined || name === "") {
        complain("bad-key", at, "a key must be a plain word");
        continue;
      }
      if (entries.has(name)) {
        const first = placeAt(source, entries.get(name)?.key ?? 0);
        complain("duplicate-key", at, `${name} stands here twice; the first is in line ${first.line}`, "merge the two");
        continue;
      }
      const mark = { source, key: at, value: startOf(value) ?? at };
      entries.set(name, mark);
      own(found, name, convert(value));
    }
    return found;
  }

  function list(items: readonly unknown[], entries: Map<string | number, Mark>): unknown[] {
    return items.map((item, index) => {
      const at = startOf(item) ?? offset;
      entries.set(index, { source, key: at, value: at });
      return convert(item);
    });
  }

  const start = startOf(document.contents) ?? offset;
  marks.set(ROOT, new Map([[0, { source, key: start, value: start }]]));
  const tree = convert(document.contents);
  return whole ? { problems, read: { tree, marks } } : { problems };
}

const CORE = "tag:yaml.org,2002:";
const CORE_TAGS = new Set(["str", "int", "float", "bool", "null", "map", "seq"].map((tag) => CORE + tag));

/** What is wrong after so many syntax errors is anybody's guess. */
const MOST_ERRORS = 20;

/** `undefined` when the parser ran out of stack. */
function parse(text: string) {
  try {
    return parseDocument(text, {
      schema: "core",
      merge: false,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "error",
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function startOf(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range?.[0] : undefined;
}

function oneSentence(message: string): string {
  const [first = message] = message.split("\n");
  return first.replace(/[.:]$/, "");
}

/** Where nesting passes what any parser should be asked to follow, before one is asked; -1 when nowhere. */
function deepAt(text: string): number {
  const most = 2 * LIMITS.depth;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 91 || code === 123) {
      if (++depth > most) return i;
    } else if ((code === 93 || code === 125) && depth > 0) depth--;
  }
  const indents: number[] = [];
  for (const { 0: line, index } of text.matchAll(/^ *(?=[^\s#])/gm)) {
    while ((indents.at(-1) ?? -1) >= line.length) indents.pop();
    indents.push(line.length);
    if (indents.length > most) return index;
  }
  return text.search(/(?:[-?:][ \t]+){64}/);
}
