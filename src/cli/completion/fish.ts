import type { CommandGrammar, OptionGrammar, Values } from "./grammar.ts";

/** For fish: one `complete` line for each command, option and list of words. */
export function fish(grammar: readonly CommandGrammar[]): string {
  const names = grammar.map(({ name }) => name).join(" ");
  const bare = `not __fish_seen_subcommand_from ${names}`;
  const lines = grammar.flatMap(({ name, about, options, values }) => {
    // Without any command's name it is `trace` that is being typed.
    const here =
      name === "trace" ? `${bare}; or __fish_seen_subcommand_from trace` : `__fish_seen_subcommand_from ${name}`;
    return [
      `complete -c cni-trace -n ${quote(bare)} -f -a ${name} -d ${quote(about)}`,
      `complete -c cni-trace -n ${quote(here)} ${offer(values, "-f")}`,
      ...options.map((option) => `complete -c cni-trace -n ${quote(here)} ${optionWords(option)}`),
    ];
  });
  return `# fish completion for cni-trace\n${lines.join("\n")}\n`;
}

function optionWords({ names, about, values }: OptionGrammar): string {
  const flags = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  return [...flags, `-d ${quote(about)}`, ...(values ? [`-r ${offer(values, "-x")}`] : [])].join(" ");
}

function offer({ words, files }: Values, alone: "-f" | "-x"): string {
  const list = words.length > 0 ? `-a ${quote(words.join(" "))}` : "";
  return [files ? "-F" : alone, list].filter((part) => part !== "").join(" ");
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
