import type { Section } from "./file.ts";
import { own } from "./json-source.ts";
import { type Mark, type MarkedTree, placeAt, ROOT, type SourceText, type SourceTree } from "./marks.ts";
import { nearest } from "./nearest.ts";
import type { Problem } from "./problem.ts";
import { readYaml } from "./yaml-source.ts";

/**
 * Lays one `path.to.key=value` over a tree, in place, and marks what it touches with the edit's own text.
 *
 * A short form on the way becomes its long form: `hosts.node-2.mtu=1400` turns `node-2: 192.168.0.12` into
 * `{ address: 192.168.0.12, mtu: 1400 }`. The value is YAML. Names with dots are found when they exist, or quoted.
 */
export function applySet(into: MarkedTree, text: string): readonly Problem[] {
  const source: SourceText = { file: `--set ${text}`, text };
  const refuse = (code: string, at: number, message: string, hint: string): readonly Problem[] => [
    { code, message, place: placeAt(source, at), hint },
  ];
  const parsed = parsePath(text);
  if (!parsed) return refuse("bad-set", 0, "this is not path.to.key=value", "for example hosts.node-2.mtu=1400");
  const { steps, end } = parsed;
  const { problems, read } = readValue(text, end + 1, source.file);
  if (!read) return problems;

  let node = into.tree;
  const walked: (string | number)[] = [];
  for (let i = 0; i < steps.length; ) {
    const taken = take(node, steps, i);
    const step = steps[i];
    if (!taken || !step)
      return refuse("bad-set", steps[i]?.at ?? 0, `${walked.join(".")} has no entries`, "set it whole");
    const { key, used } = taken;
    const last = i + used === steps.length;
    if (typeof key === "number" && Array.isArray(node) && key > node.length) {
      return refuse(
        "bad-set",
        step.at,
        `there is no ${key} in a list of ${node.length}`,
        `the next one is ${node.length}`,
      );
    }
    if (!last && walked.length === 1 && isUnknownName(into.tree, walked[0], key)) {
      const meant = nearest(String(key), Object.keys(Object(node)));
      const hint = meant === undefined ? "name one that is there, or set it whole" : `did you mean ${meant}?`;
      return refuse("unknown-name", step.at, `there is no ${key} under ${walked[0]}`, hint);
    }
    walked.push(key);
    const before: unknown = Reflect.get(Object(node), key);
    const value = last ? read.tree : longForm(walked, Object.hasOwn(Object(node), key) ? before : undefined);
    const valueAt = last ? startOfValue(text, end) : step.at;
    const mark: Mark = { source, key: step.at, value: valueAt };
    if (last || value !== before) remark(into, node, key, value, before, mark);
    node = value;
    i += used;
  }
  for (const [container, entries] of read.marks) if (container !== ROOT) into.marks.set(container, entries);
  return problems;
}

interface Step {
  readonly name: string;
  readonly at: number;
}

function parsePath(text: string): { steps: readonly Step[]; end: number } | undefined {
  const steps: Step[] = [];
  const pattern = /("(?:[^"\\]|\\.)*"|[^".=\s][^.=\s]*)([.=])/gy;
  for (;;) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    const [, name = "", separator] = match ?? [];
    if (!match) return undefined;
    steps.push({ name: name.startsWith('"') ? name.slice(1, -1).replace(/\\(.)/g, "$1") : name, at });
    if (separator === "=") return { steps, end: pattern.lastIndex - 1 };
  }
}

/** Reads the value where it stands, so that its columns are those of the whole text. */
function readValue(text: string, start: number, file: string): SourceTree {
  return readYaml({ file, text: " ".repeat(start) + text.slice(start) }, start);
}

function startOfValue(text: string, end: number): number {
  return end + 1 + (/^\s*/.exec(text.slice(end + 1))?.[0].length ?? 0);
}

/** The next key, joining steps while that names something that exists: host names may have dots. */
function take(node: unknown, steps: readonly Step[], from: number): { key: string | number; used: number } | undefined {
  const [first] = steps.slice(from);
  if (!first || typeof node !== "object" || node === null) return undefined;
  if (Array.isArray(node)) return /^\d{1,6}$/.test(first.name) ? { key: Number(first.name), used: 1 } : undefined;
  if (Object.hasOwn(node, first.name)) return { key: first.name, used: 1 };
  let joined = first.name;
  for (let i = from + 1; i < steps.length; i++) {
    joined += `.${steps[i]?.name}`;
    if (Object.hasOwn(node, joined)) return { key: joined, used: i - from + 1 };
  }
  return { key: first.name, used: 1 };
}

/** A name that only a generated cluster could know is left to later checks. */
function isUnknownName(tree: unknown, section: unknown, name: string | number): boolean {
  const root = Object(tree);
  if (!isSection(section) || Object.hasOwn(root, "generate")) return false;
  return !Object.hasOwn(Object(Reflect.get(root, section)), name);
}

function isSection(word: unknown): word is Section {
  return word === "subnets" || word === "routers" || word === "hosts" || word === "pods";
}

const LONG_FORM: { readonly [section in Section]: readonly [one: string, several: string] } = {
  subnets: ["cidr", "cidr"],
  routers: ["address", "addresses"],
  hosts: ["address", "addresses"],
  pods: ["host", "host"],
};

/** What an edit goes on into: the map that is there, the long form of a short one, or a new map. */
function longForm(walked: readonly (string | number)[], value: unknown): unknown {
  const [section] = walked;
  if (value === undefined || value === null) return {};
  if (walked.length !== 2 || !isSection(section)) return value;
  const [one, several] = LONG_FORM[section];
  if (Array.isArray(value)) return { [several]: value };
  return typeof value === "object" ? value : { [one]: value };
}

/** Puts a value into a container, with its mark; a long form inherits the place of the short one. */
function remark(
  into: MarkedTree,
  node: unknown,
  key: string | number,
  value: unknown,
  before: unknown,
  mark: Mark,
): void {
  const container = Object(node);
  const marks = into.marks.get(container) ?? new Map<string | number, Mark>();
  const old = marks.get(key);
  into.marks.set(container, marks);
  const wrapped =
    typeof value === "object" && value !== null && before !== undefined && Object.values(value).includes(before);
  if (wrapped && old) into.marks.set(value, new Map(Object.keys(value).map((name) => [name, old])));
  else marks.set(key, mark);
  if (Array.isArray(container)) container[Number(key)] = value;
  else own(container, String(key), value);
}
