import type { CommandGrammar, OptionGrammar, Values } from "./grammar.ts";

/** For zsh's own system: one `_arguments` call for each command, words with what they mean. */
export function zsh(grammar: readonly CommandGrammar[]): string {
  const names = grammar.map(({ name, about }) => quote(`${name}:${about}`)).join(" ");
  return `#compdef cni-trace
_cni-trace() {
  local -a commands
  commands=(${names})
  local command=trace i
  for ((i = 2; i < CURRENT; i++)); do
    case $words[i] in
      (${grammar.map(({ name }) => name).join("|")}) command=$words[i]; words[i]=(); ((CURRENT--)); break ;;
    esac
  done
  [[ $CURRENT -eq 2 && $words[CURRENT] != -* ]] && _describe command commands
  case $command in
${grammar.map(commandCase).join("\n")}
  esac
}
(( $+functions[compdef] )) && compdef _cni-trace cni-trace
`;
}

function commandCase({ name, options, values }: CommandGrammar): string {
  const specs = [...options.map(optionSpec), `*:argument:${action(values)}`];
  return `    (${name}) _arguments ${specs.map(quote).join(" ")} ;;`;
}

function optionSpec({ names, about, values, repeats }: OptionGrammar): string {
  const text = `[${about.replace(/[[\]:\\]/g, "\\$&")}]`;
  const value = values ? `:value:${action(values)}` : "";
  const [first = "", second] = names;
  if (repeats) return `*${first}${text}${value}`;
  return second === undefined
    ? `${first}${text}${value}`
    : `(${first} ${second})${"{"}${first},${second}}${text}${value}`;
}

function action({ words, files }: Values): string {
  const list = words.length > 0 ? `(${words.join(" ")})` : "";
  if (!files) return list || " ";
  return list === "" ? "_files" : `{_alternative "words:word:${list}" "files:file:_files"}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
