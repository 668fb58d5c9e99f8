import type { ArgumentWords, CommandWords, OptionWords } from "./command-words.ts";
import type { Flags, Request } from "./flags.ts";
import { commands } from "./words.ts";

/**
 * Reads a command line that is plainly right; anything else is `undefined`, and for `program.ts` to read or refuse.
 *
 * The grammar is the same and so is the answer: this one only spares a start the library that also knows help and
 * mistakes. A test holds the two together.
 */
export function quickRequest(argv: readonly string[]): Request | undefined {
  if (argv[0] === "help") return undefined;
  const named = commands.find(({ name }) => name === argv[0]);
  const command = named ?? commands.find(({ name }) => name === "trace");
  return command && readWords(command, named ? argv.slice(1) : argv);
}

function readWords(command: CommandWords, words: readonly string[]): Request | undefined {
  const args: string[] = [];
  const values = new Map<OptionWords, string | true | readonly string[]>();
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (!word.startsWith("-")) {
      args.push(word);
      continue;
    }
    const option = command.options.find(
      ({ long, short }) => word === `--${long}` || (short !== undefined && word === `-${short}`),
    );
    if (!option) return undefined;
    const value = option.value === undefined ? true : words[++i];
    if (value === undefined || (value !== true && value.startsWith("-") && value !== "-")) return undefined;
    const before = values.get(option) ?? [];
    values.set(option, option.repeats && value !== true && typeof before === "object" ? [...before, value] : value);
  }
  if (!isRightCount(command.args, args.length) || clash(values.keys())) return undefined;
  const flags: Flags = Object.fromEntries([...values].map(([{ long }, value]) => [attribute(long), value]));
  return { command: command.name, args, flags };
}

function isRightCount(args: readonly ArgumentWords[], count: number): boolean {
  const least = args.filter((each) => each.count === "one" || each.count === "some").length;
  const isOpen = args.some((each) => each.count === "some" || each.count === "any");
  return count >= least && (isOpen || count <= args.length);
}

function clash(options: Iterable<OptionWords>): boolean {
  const given = [...options];
  return given.some(({ excludes = [] }) => given.some((other) => excludes.includes(other.long)));
}

/** `one-way` as the name of a property: `oneWay`. */
function attribute(long: string): string {
  return long.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
