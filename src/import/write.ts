import { isMap } from "../topology/read.ts";
import { originsOf } from "./draft.ts";
import type { Findings } from "./findings.ts";

const WIDTH = 80;
const SECTIONS = ["cni-trace", "cluster", "cni", "subnets", "routers", "hosts", "pods", "faults", "generate"];
const ABOUT: Readonly<Record<string, string>> = {
  hosts: "Node status.addresses, spec.podCIDR, and annotations",
  pods: "Pod spec.nodeName, status.podIPs, labels",
};

/**
 * A topology document as YAML to be read and edited: short forms as they stand, and in comments where each fact came
 * from, what is assumed and which command supplies it.
 */
export function writeYaml(tree: unknown, findings: Findings | undefined, from: string): string {
  const lines = [...header(findings, from)];
  if (!isMap(tree)) return "";
  const origins = findings ? originsOf(findings.draft) : new Map<string, string>();
  for (const section of SECTIONS.filter((key) => Object.hasOwn(tree, key))) {
    const value = tree[section];
    const about = findings && ABOUT[section];
    if (isMap(value) && Object.keys(value).length > 0) {
      lines.push("", `${section}:${about === undefined ? "" : `  # ${about}`}`);
      for (const key of Object.keys(value))
        lines.push(...entry(`  ${word(key)}: `, value[key], origins.get(`${section}\0${key}`)));
    } else if (Array.isArray(value) && section === "faults") {
      lines.push("", `${section}:`, ...value.map((fault) => `  - ${flow(fault)}`));
    } else lines.push("", ...entry(`${section}: `, value, origins.get(section)));
  }
  return `${lines.join("\n")}\n`;
}

/** One entry on a line, its origin behind it, or above where there is no room. */
function entry(key: string, value: unknown, origin: string | undefined): readonly string[] {
  const line = `${key}${flow(value)}`;
  if (origin === undefined) return [line];
  if (line.length + origin.length + 4 <= WIDTH) return [`${line}  # ${origin}`];
  const indent = /^ */.exec(key)?.[0] ?? "";
  return [...comment(origin, `${indent}# `), line];
}

function* header(findings: Findings | undefined, from: string): Generator<string> {
  yield* comment(`Made by cni-trace import${from === "" ? "" : ` of ${from}`}.`);
  if (!findings) return;
  const { chosen, refusal, doubts, notes, kept, assumptions } = findings;
  if (chosen) yield* section(`The mode is ${chosen.mode}, by`, chosen.because);
  else if (refusal) yield* section("There is no mode:", [refusal.message]);
  yield* section("But", doubts);
  yield* section("Read and left out:", notes);
  yield* section("Found, and not asked about yet:", kept);
  yield* section(
    "Assumed, and what supplies it:",
    assumptions.map(({ what, supply }) => `${what} (${supply})`),
  );
}

function* section(title: string, items: readonly string[]): Generator<string> {
  if (items.length === 0) return;
  yield "#";
  yield `# ${title}`;
  for (const item of items) yield* comment(item, "# - ", "#   ");
}

/** A sentence in lines of a comment; nothing in it can end one. */
function comment(text: string, first = "# ", next = first): readonly string[] {
  const lines: string[] = [];
  let line = first;
  for (const piece of text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, " ").split(" ")) {
    const isFull = line.length + piece.length > WIDTH && line.trim() !== first.trim();
    if (isFull) lines.push(line.trimEnd());
    line = isFull ? `${next}${piece} ` : `${line}${piece} `;
  }
  return [...lines, line.trimEnd()];
}

/** A value in YAML's flow style. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (!isMap(value)) return typeof value === "string" ? word(value) : (JSON.stringify(value) ?? "null");
  const entries = Object.keys(value).map((key) => `${word(key)}: ${flow(value[key])}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** Plain where nothing in it means anything to YAML, else in quotes, which are JSON's. */
function word(text: string): string {
  const isPlain = /^(?:[A-Za-z_][\w./-]*|\d+\.\d+\.\d+\.\d+(?:\/\d+)?)$/.test(text);
  return isPlain && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text) ? text : JSON.stringify(text);
}
