import { Argument, Command, Option } from "commander";
import { nearest } from "../topology/nearest.ts";
import { type ArgumentWords, type CommandWords, type OptionWords, TELL } from "./command-words.ts";
import type { Flags, Request } from "./flags.ts";
import { commands, EXAMPLES } from "./words.ts";

/** Help is as wide as this everywhere, so that it can be written when the program is built. */
const HELP_WIDTH = 80;

/** What a command line came to. */
export type Parsed =
  | { readonly kind: "request"; readonly request: Request }
  /** Help or the version: text for standard output, and nothing else to do. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "wrong"; readonly message: string };

/** Reads a command line by the grammar of `words.ts`. Values stay text: who uses one checks it. */
export function parse(argv: readonly string[], version: string): Parsed {
  let request: Request | undefined;
  let text = "";
  const root = program(version, {
    chosen: (one) => {
      request = one;
    },
    write: (more) => {
      text += more;
    },
  });
  try {
    root.parse(argv, { from: "user" });
  } catch (error) {
    if (!isComplaint(error)) throw error;
    if (error.exitCode !== 0) return { kind: "wrong", message: mistypedCommand(argv, error) ?? oneLine(error.message) };
  }
  return request ? { kind: "request", request } : { kind: "text", text };
}

interface Listener {
  readonly chosen: (request: Request) => void;
  readonly write: (text: string) => void;
}

/** The grammar as commander holds it; completion reads it too. */
function program(version: string, { chosen, write }: Listener): Command {
  const root = new Command("cni-trace")
    .usage("[COMMAND] [OPTION]... SRC DST")
    .description("Which way a packet takes between pods, and why: walked through the tables that a CNI writes.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpCommand(helpCommand())
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({ helpWidth: HELP_WIDTH, subcommandTerm: (each) => each.name() })
    .configureOutput({ writeOut: write, writeErr: write, outputError: () => undefined, getOutHasColors: () => false })
    .addHelpText("after", EXAMPLES);
  for (const words of commands) root.addCommand(command(root, words, chosen), { isDefault: words.name === "trace" });
  return root;
}

function command(root: Command, words: CommandWords, chosen: Listener["chosen"]): Command {
  const { name, args, summary, about, group, options, examples, more } = words;
  const built = new Command(name)
    .copyInheritedSettings(root)
    .summary(summary)
    .description(about)
    .helpGroup(group)
    .helpOption("-h, --help", "print this help");
  for (const argument of args) built.addArgument(argumentOf(argument));
  for (const option of options) built.addOption(optionOf(option));
  const after = [`Examples:\n${examples.map((line) => `  ${line}`).join("\n")}`, ...(more === undefined ? [] : [more])];
  built.addHelpText("after", after.map((text) => `\n${text}`).join("\n"));
  return built.action(() => chosen({ command: name, args: built.args, flags: built.opts<Flags>() }));
}

function helpCommand(): Command {
  return new Command("help").argument("[COMMAND]").description("print the help of a command").helpGroup(TELL);
}

const BRACKETS = { one: ["<", ">"], maybe: ["[", "]"], some: ["<", "...>"], any: ["[", "...]"] } as const;

function argumentOf({ name, about, count, words }: ArgumentWords): Argument {
  const [open, close] = BRACKETS[count];
  const argument = new Argument(`${open}${name}${close}`, about);
  return words ? argument.choices(words).argParser(asIs) : argument;
}

function optionOf({ long, short, value, about, words, repeats, excludes = [] }: OptionWords): Option {
  const names = short === undefined ? `--${long}` : `-${short}, --${long}`;
  const option = new Option(value === undefined ? names : `${names} <${value}>`, about).conflicts([...excludes]);
  if (words) option.choices(words);
  return words ? option.argParser(asIs) : repeats ? option.argParser(oneMore) : option;
}

/** Leaves a value as it was typed: whoever uses it says what is wrong with it, and what else is. */
function asIs(value: string): string {
  return value;
}

function oneMore(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

interface Complaint extends Error {
  readonly code: string;
  readonly exitCode: number;
}

function isComplaint(error: unknown): error is Complaint {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("commander.")
  );
}

/**
 * A first word that is nearly a command is taken for a place by the grammar, and then DST is missing. Help for a word
 * that is no command is refused without a word.
 */
function mistypedCommand(argv: readonly string[], { code }: Complaint): string | undefined {
  const asksHelp = code === "commander.help";
  const [first = "", ...others] = asksHelp ? argv.slice(1) : argv;
  const names = commands.map((words) => words.name);
  if (names.includes(first) || (others.length > 1 && !asksHelp)) return undefined;
  const meant = nearest(first, names);
  const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
  return asksHelp || meant !== undefined ? `there is no command ${first}${hint}` : undefined;
}

/** `error: unknown option '--mod'` and its suggestion on one line, the first word left out. */
function oneLine(message: string): string {
  return message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
}
