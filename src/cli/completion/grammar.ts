import { aliasesOf, modes } from "../../modes/registry.ts";
import type { OptionWords } from "../command-words.ts";
import { commands } from "../words.ts";

/** What can stand for a value: words, and whether a file can. */
export interface Values {
  readonly words: readonly string[];
  readonly files: boolean;
}

export interface OptionGrammar {
  /** `-t` and `--topology`, those that exist. */
  readonly names: readonly string[];
  readonly about: string;
  /** Absent for an option without a value. */
  readonly values?: Values;
  readonly repeats: boolean;
}

export interface CommandGrammar {
  readonly name: string;
  readonly about: string;
  readonly options: readonly OptionGrammar[];
  /** What can stand as any of its arguments. */
  readonly values: Values;
}

const HELP: OptionWords = { long: "help", short: "h", about: "print this help" };

/** The grammar as completion needs it, with the words behind its placeholders. */
export function grammarOf(topologies: readonly string[]): readonly CommandGrammar[] {
  return commands.map(({ name, summary, args, options }) => ({
    name,
    about: summary,
    options: [...options, HELP].map((option) => optionGrammar(option, topologies)),
    values: valuesOf(args[0]?.name ?? "", args[0]?.words, topologies),
  }));
}

function optionGrammar(
  { long, short, value, about, words, repeats }: OptionWords,
  topologies: readonly string[],
): OptionGrammar {
  const names = short === undefined ? [`--${long}`] : [`-${short}`, `--${long}`];
  const base = { names, about, repeats: repeats === true };
  return value === undefined ? base : { ...base, values: valuesOf(value, words, topologies) };
}

/** What a placeholder of the grammar stands for. */
function valuesOf(placeholder: string, words: readonly string[] | undefined, topologies: readonly string[]): Values {
  if (words) return { words, files: false };
  switch (placeholder) {
    case "FILE":
      return { words: topologies, files: true };
    case "PCAPNG":
      return { words: [], files: true };
    case "MODE":
      return { words: modeWords(), files: false };
    case "NAME":
      return { words: topologies, files: false };
    case "LEFT":
      return { words: [...modeWords(), ...topologies], files: true };
    default:
      return { words: [], files: false };
  }
}

function modeWords(): readonly string[] {
  return [...modes.map(({ name }) => name), ...modes.flatMap(aliasesOf)];
}
