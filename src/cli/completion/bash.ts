import type { CommandGrammar, Values } from "./grammar.ts";

/**
 * For bash 3.2 and later: words by `compgen -W`, files by `compgen -f`. The command is the first word that is one;
 * before any, the commands and what `trace` takes are offered together.
 */
export function bash(grammar: readonly CommandGrammar[]): string {
  const names = grammar.map((command) => command.name).join(" ");
  return `# bash completion for cni-trace
_cni_trace() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case " ${names} " in *" $word "*) command=$word; break ;; esac
  done
  COMPREPLY=()
  case "\${command:-trace} $prev" in
${grammar.flatMap(optionCases).join("\n")}
  esac
  case "\${command:-trace} $cur" in
${grammar.map(flagCase).join("\n")}
  esac
  [ -z "$command" ] && COMPREPLY=($(compgen -W "${names}" -- "$cur"))
  case "\${command:-trace}" in
${grammar.map(argumentCase).join("\n")}
  esac
}
complete -F _cni_trace cni-trace
`;
}

function optionCases({ name, options }: CommandGrammar): readonly string[] {
  return options.flatMap(({ names, values }) =>
    values ? [`    ${names.map((each) => quote(`${name} ${each}`)).join("|")}) ${reply(values)} return ;;`] : [],
  );
}

function flagCase({ name, options }: CommandGrammar): string {
  const flags = options.flatMap((option) => option.names).join(" ");
  return `    ${quote(`${name} -`)}*) COMPREPLY=($(compgen -W ${quote(flags)} -- "$cur")); return ;;`;
}

function argumentCase({ name, values }: CommandGrammar): string {
  return `    ${name}) ${reply(values)} ;;`;
}

/** Adds to what is offered; file names may hold spaces, so they are read line by line. */
function reply({ words, files }: Values): string {
  const parts = [
    ...(words.length > 0 ? [`COMPREPLY+=($(compgen -W ${quote(words.join(" "))} -- "$cur"));`] : []),
    ...(files ? [`while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$cur");`] : []),
  ];
  return parts.length > 0 ? parts.join(" ") : ":;";
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
