import type { Command, Option } from "commander";
import { modes } from "../../modes/registry.ts";
import { MODE_ALIASES } from "../../topology/settings.ts";

/** What can stand for a value: words, and whether a file can. */
export interface Values {
  readonly words: readonly string[];
  readonly files: boolean;
}

export interface OptionWords {
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
  readonly options: readonly OptionWords[];
  /** What can stand as any of its arguments. */
  readonly values: Values;
}

/** The grammar as completion needs it, taken from the very one that parses. */
export function grammarOf(root: Command, topologies: readonly string[]): readonly CommandGrammar[] {
  const words = new Words(topologies);
  return root.commands.map((command) => ({
    name: command.name(),
    about: command.summary() || command.description(),
    options: [...command.createHelp().visibleOptions(command)].map((option) => optionWords(option, words)),
    values: words.ofArguments(command),
  }));
}

function optionWords(option: Option, words: Words): OptionWords {
  const names = [option.short, option.long].filter((name) => name !== undefined);
  const base = { names, about: option.description, repeats: option.parseArg !== undefined && !option.argChoices };
  return option.required ? { ...base, values: words.ofOption(option) } : base;
}

/** The words behind the placeholders of the grammar. */
class Words {
  readonly #topologies: readonly string[];

  constructor(topologies: readonly string[]) {
    this.#topologies = topologies;
  }

  ofOption(option: Option): Values {
    if (option.argChoices) return { words: option.argChoices, files: false };
    switch (option.attributeName()) {
      case "topology":
        return { words: this.#topologies, files: true };
      case "mode":
        return { words: modeWords(), files: false };
      default:
        return { words: [], files: false };
    }
  }

  ofArguments(command: Command): Values {
    const [first] = command.registeredArguments;
    if (first?.argChoices) return { words: first.argChoices, files: false };
    if (first?.name() === "NAME") return { words: this.#topologies, files: false };
    if (first?.name() === "LEFT") return { words: [...modeWords(), ...this.#topologies], files: true };
    return { words: [], files: false };
  }
}

function modeWords(): readonly string[] {
  const built = new Set<string>(modes.map((mode) => mode.name));
  const aliases = [...MODE_ALIASES].filter(([, mode]) => built.has(mode)).map(([alias]) => alias);
  return [...built, ...aliases];
}
