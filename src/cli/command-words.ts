/** One option of a command. */
export interface OptionWords {
  /** Behind `--`. */
  readonly long: string;
  /** Behind `-`. */
  readonly short?: string;
  /** What stands behind it, in capitals; absent for an option that stands alone. */
  readonly value?: string;
  readonly about: string;
  /** The few words that its value can be. */
  readonly words?: readonly string[];
  readonly repeats?: true;
  /** Options that cannot stand beside it. */
  readonly excludes?: readonly string[];
}

/** One argument of a command; `some` and `any` take all words that are left, `any` none as well. */
export interface ArgumentWords {
  readonly name: string;
  readonly about: string;
  readonly count: "one" | "maybe" | "some" | "any";
  readonly words?: readonly string[];
}

/** One command in the words that its user reads. Parsing, help and completion are all made from these. */
export interface CommandWords {
  readonly name: string;
  readonly args: readonly ArgumentWords[];
  /** A few words for the list of commands. */
  readonly summary: string;
  /** What it answers, and how. */
  readonly about: string;
  readonly group: string;
  readonly options: readonly OptionWords[];
  readonly examples: readonly string[];
  /** What stands below the examples. */
  readonly more?: string;
}

export const ASK = "Commands that ask:";
export const TELL = "Commands that tell:";

export const topology: OptionWords = {
  long: "topology",
  short: "t",
  value: "FILE",
  about:
    "a topology file, what kubectl get printed, a folder of it, - for standard input, or a packaged name; may be repeated: later ones are laid over",
  repeats: true,
};
export const mode: OptionWords = {
  long: "mode",
  value: "MODE",
  about: "what if this mode ran: a name, or several with commas between them",
};
export const fault: OptionWords = {
  long: "fault",
  value: "COMMAND",
  about: "break it first: 'node-1: ip route del 10.244.2.0/24'; may be repeated",
  repeats: true,
};
export const set: OptionWords = {
  long: "set",
  value: "PATH=VALUE",
  about: "change the topology first: hosts.node-2.mtu=1400; may be repeated",
  repeats: true,
};
export const ascii: OptionWords = { long: "ascii", about: "draw with ASCII characters only" };

export function format(words: readonly string[]): OptionWords {
  return { long: "format", short: "o", value: "FORMAT", about: "what to print; default text", words };
}

/** The network that a question is about. */
export const world = [topology, mode, fault, set];
