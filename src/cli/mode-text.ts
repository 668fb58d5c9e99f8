import type { Mode } from "../modes/mode.ts";
import { aliasesOf } from "../modes/registry.ts";
import type { Page } from "../render/page.ts";

const WIDTH = 12;

/** A mode's name and character, and what it needs, each line behind `indent`. */
export function writeMode(page: Page, mode: Mode, indent: string): void {
  const { name, summary, needs, families, deprecated, source } = mode;
  const aliases = aliasesOf(mode);
  const line = (word: string, text: string) => page.row({ head: `${indent}  ${word.padEnd(WIDTH)}`, text });
  page.row({
    head: indent,
    text: name,
    ...(aliases.length > 0 && { note: `(${aliases.join(", ")})` }),
    tones: { text: "strong" },
  });
  page.row({ head: `${indent}  `, text: summary });
  line("needs", needs.join("; "));
  line("carries", families.map((family) => `IPv${family}`).join(" and "));
  if (deprecated) line("deprecated", `since ${deprecated.since}: ${deprecated.why}`);
  line("source", source);
}
