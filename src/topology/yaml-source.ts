import {
  boolCoreTag,
  EVENT_ID,
  type Event,
  floatCoreTag,
  getScalarValue,
  intCoreTag,
  NOT_RESOLVED,
  nullCoreTag,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
} from "js-yaml";
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
  const complain = (code: string, at: number, message: string, hint?: string) => {
    if (problems.length >= MOST_PROBLEMS) return;
    problems.push({ code, message, place: placeAt(source, at), ...(hint === undefined ? {} : { hint }) });
  };

  const text = source.text;
  const parsed = parse(text);
  if (!parsed.ok) {
    complain(parsed.code, parsed.at, parsed.message, ADVICE.get(parsed.message));
    return { problems };
  }
  const { events } = parsed;
  const second = secondDocument(events, text);
  if (second !== undefined) {
    complain("not-yaml", second, "there is more than one document here", "keep one topology in a file");
    return { problems };
  }

  const marks: Marks = new Map();
  /** Where the node with an anchor begins among the events. */
  const anchors = new Map<string, number>();
  const open = new Set<number>();
  let next = 0;
  let aliased = 0;
  let inAlias = 0;
  let bombed = false;

  /** The value of the node that begins at `next`, which is then behind it. */
  function convert(): unknown {
    const at = next;
    const event = events[next++];
    if (event === undefined) return null;
    if (event.type === EVENT_ID.ALIAS) return resolve(text.slice(event.anchorStart, event.anchorEnd), event);
    if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) return null;
    if (inAlias > 0 && ++aliased > LIMITS.aliased) {
      next = behind(at);
      return null;
    }
    if (event.anchorStart >= 0) anchors.set(text.slice(event.anchorStart, event.anchorEnd), at);
    const tag = event.tagStart < 0 ? undefined : text.slice(event.tagStart, event.tagEnd);
    if (event.type === EVENT_ID.SCALAR) {
      const value = scalar(event, tag);
      return value === NOT_RESOLVED ? refuseTag(tag ?? "", event, at) : value;
    }
    const isMap = event.type === EVENT_ID.MAPPING;
    if (tag !== undefined && tag !== "!" && coreTag(tag) !== (isMap ? "map" : "seq")) return refuseTag(tag, event, at);
    open.add(at);
    const entries = new Map<string | number, Mark>();
    const found = isMap ? map(entries) : list(entries);
    next++;
    marks.set(found, entries);
    open.delete(at);
    return found;
  }

  function scalar(event: ScalarEvent, tag: string | undefined): unknown {
    const written = event.valueStart < 0 ? "" : getScalarValue(text, event);
    if (tag !== undefined) return tagged(written, tag);
    return event.style === SCALAR_STYLE.PLAIN ? plain(written) : written;
  }

  function refuseTag(tag: string, event: Event, at: number): null {
    const name = tag.replace(/^!<(.*)>$/, "$1");
    complain("custom-tag", startOf(event) ?? offset, `the tag ${name} is not read here`, "write the plain value");
    whole = false;
    next = behind(at);
    return null;
  }

  function resolve(anchor: string, event: Event): unknown {
    const target = anchors.get(anchor);
    if (target === undefined || open.has(target)) {
      const why = target === undefined ? "is not set above" : "stands inside itself";
      complain("bad-alias", startOf(event) ?? offset, `the anchor ${anchor} ${why}`, "write the value out");
      whole = false;
      return null;
    }
    const back = next;
    next = target;
    inAlias++;
    const found = convert();
    inAlias--;
    next = back;
    if (!bombed && inAlias === 0 && aliased > LIMITS.aliased) {
      const at = startOf(event) ?? offset;
      complain("alias-bomb", at, `aliases stand for more than ${LIMITS.aliased} values`, "write the values out");
      bombed = true;
      whole = false;
    }
    return found;
  }

  /** What stands behind the node at an index. */
  function behind(at: number): number {
    let depth = 0;
    for (let k = at; ; k++) {
      const type = events[k]?.type;
      if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE) depth++;
      else if (type === EVENT_ID.POP) depth--;
      if (depth <= 0) return k + 1;
    }
  }

  function map(entries: Map<string | number, Mark>): object {
    const found = {};
    while (events[next] !== undefined && events[next]?.type !== EVENT_ID.POP) {
      const key = events[next];
      next = behind(next);
      const value = events[next];
      const at = startOf(key) ?? startOf(value) ?? offset;
      const name = nameOf(key);
      if (name === "") {
        complain("bad-key", at, "a key must be a plain word");
        next = behind(next);
        continue;
      }
      if (entries.has(name)) {
        const first = placeAt(source, entries.get(name)?.key ?? 0);
        complain("duplicate-key", at, `${name} stands here twice; the first is in line ${first.line}`, "merge the two");
        next = behind(next);
        continue;
      }
      entries.set(name, { source, key: at, value: startOf(value) ?? at });
      own(found, name, convert());
    }
    return found;
  }

  /** The name that a key is; "" for one that is none. */
  function nameOf(key: Event | undefined): string {
    if (key?.type !== EVENT_ID.SCALAR || key.valueStart < 0) return "";
    const written = getScalarValue(text, key);
    return key.style === SCALAR_STYLE.PLAIN && plain(written) === null ? "" : written;
  }

  function list(entries: Map<string | number, Mark>): unknown[] {
    const found: unknown[] = [];
    while (events[next] !== undefined && events[next]?.type !== EVENT_ID.POP) {
      const at = startOf(events[next]) ?? offset;
      entries.set(found.length, { source, key: at, value: at });
      found.push(convert());
    }
    return found;
  }

  // The first event opens the document.
  next = 1;
  const start = startOf(events[next]) ?? offset;
  marks.set(ROOT, new Map([[0, { source, key: start, value: start }]]));
  const tree = convert();
  return whole ? { problems, read: { tree, marks } } : { problems };
}

/** How many problems are told. */
const MOST_PROBLEMS = 1000;

/** The events of a text, or the first thing that is wrong with it. */
type Parsed =
  | { readonly ok: true; readonly events: readonly Event[] }
  | { readonly ok: false; readonly code: string; readonly at: number; readonly message: string };

function parse(text: string): Parsed {
  try {
    return { ok: true, events: parseEvents(text, { maxDepth: LIMITS.depth }) };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const at = Math.min(error.mark?.position ?? 0, text.length);
    if (/^nesting exceeded/.test(error.reason)) {
      return {
        ok: false,
        code: "too-deep",
        at,
        message: `more than ${LIMITS.depth} maps and lists inside one another`,
      };
    }
    return { ok: false, code: "not-yaml", at, message: error.reason };
  }
}

/** What to do about the commonest mistakes. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ["bad indentation of a mapping entry", "begin it under the entry above, or quote a value that holds a colon"],
  ["bad indentation of a sequence entry", "begin it under the entry above"],
  ["deficient indentation", "close the bracket above, or indent this line"],
  ["tab characters must not be used in indentation", "indent with spaces"],
  ["unexpected end of the stream within a flow collection", "close the bracket"],
  ["unexpected end of the stream within a double quoted scalar", "close the quote"],
  ["unexpected end of the stream within a single quoted scalar", "close the quote"],
]);

/** Where a second document begins, when there is one. */
function secondDocument(events: readonly Event[], text: string): number | undefined {
  const second = events.findIndex(({ type }, k) => k > 0 && type === EVENT_ID.DOCUMENT);
  if (second < 0) return undefined;
  const before = events.slice(0, second).reduce((most, event) => Math.max(most, startOf(event) ?? 0), 0);
  const marker = text.slice(before).search(/^---(?=\s|$)/m);
  return marker < 0 ? (startOf(events[second + 1]) ?? before) : before + marker;
}

/** Where a node stands in the text; `undefined` when nothing is written. */
function startOf(event: Event | undefined): number | undefined {
  switch (event?.type) {
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.start;
    case EVENT_ID.ALIAS:
      return event.anchorStart - 1;
    case EVENT_ID.SCALAR: {
      if (event.valueStart < 0) return undefined;
      const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
      return quoted ? event.valueStart - 1 : event.valueStart;
    }
    default:
      return undefined;
  }
}

/** The tags of plain scalars in the core schema (YAML 1.2.2, 10.3.2), in its order. */
const PLAIN = [nullCoreTag, boolCoreTag, intCoreTag, floatCoreTag];

function plain(written: string): unknown {
  for (const tag of PLAIN) {
    const value = tag.resolve(written, false, tag.tagName);
    if (value !== NOT_RESOLVED) return value;
  }
  return written;
}

/** A scalar with a tag of its own; `NOT_RESOLVED` when it is not one of the core schema's, or does not fit. */
function tagged(written: string, tag: string): unknown {
  const name = coreTag(tag);
  if (tag === "!" || name === "str") return written;
  const found = PLAIN.find(({ tagName }) => tagName === CORE + name);
  return found ? found.resolve(written, true, found.tagName) : NOT_RESOLVED;
}

const CORE = "tag:yaml.org,2002:";

/** `int` of `!!int` or `!<tag:yaml.org,2002:int>`. */
function coreTag(tag: string): string | undefined {
  const [, name] = /^!(?:!|<tag:yaml\.org,2002:)(\w+)>?$/.exec(tag) ?? [];
  return name;
}
