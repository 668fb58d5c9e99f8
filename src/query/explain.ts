import { findLintCode, LINT_CODES, type LintEntry } from "../lint/codes.ts";
import type { Mode } from "../modes/mode.ts";
import { aliasesOf, modes } from "../modes/registry.ts";
import { nearest } from "../topology/nearest.ts";
import { CODES, type Explanation as CodeExplanation, explainCode, findCode } from "../trace/codes.ts";
import { type Entry, GLOSSARY } from "./glossary.ts";
import { OTHER_NAMES, type OtherName, otherName } from "./other-names.ts";

export type Explanation =
  | { readonly kind: "code"; readonly entry: CodeExplanation }
  | { readonly kind: "lint"; readonly entry: LintEntry }
  | { readonly kind: "other"; readonly entry: OtherName; readonly code?: CodeExplanation }
  | { readonly kind: "mode"; readonly mode: Mode }
  | { readonly kind: "word"; readonly entry: Entry }
  | { readonly kind: "unknown"; readonly word: string; readonly close?: string };

/** Finds what a word means: a code, a mode or its alias, a device, a port, or a sentence of the kernel's. */
export function explain(word: string): Explanation {
  const wanted = word.trim();
  const code = findCode(wanted.toUpperCase());
  if (code) return { kind: "code", entry: code };
  const lint = findLintCode(wanted.toUpperCase());
  if (lint) return { kind: "lint", entry: lint };
  const other = otherName(wanted);
  if (other) return { kind: "other", entry: other, ...(other.code && { code: explainCode(other.code) }) };
  const lower = wanted.toLowerCase();
  const entry = GLOSSARY.find((candidate) => spellings(candidate).some((spelling) => means(spelling, lower)));
  const mode = modes.find((candidate) => candidate.name === lower || aliasesOf(candidate).includes(lower));
  if (mode && (mode.name === lower || !entry)) return { kind: "mode", mode };
  if (entry) return { kind: "word", entry };
  const close = nearest(wanted, words());
  return { kind: "unknown", word: wanted, ...(close !== undefined && { close }) };
}

/** Every word that can be explained. */
function* words(): Generator<string> {
  for (const { code } of [...CODES, ...LINT_CODES]) yield code;
  for (const { word } of OTHER_NAMES) yield word;
  for (const mode of modes) yield mode.name;
  for (const entry of GLOSSARY) yield* spellings(entry);
}

function spellings({ word, also = [] }: Entry): readonly string[] {
  return [word, ...also];
}

function means(spelling: string, wanted: string): boolean {
  const lower = spelling.toLowerCase();
  if (lower.endsWith("*")) return wanted.startsWith(lower.slice(0, -1)) && wanted.length >= lower.length - 1;
  // A sentence pasted from a log holds the words we know.
  return lower === wanted || (lower.includes(" ") && wanted.includes(lower));
}
