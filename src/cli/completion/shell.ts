import { bash } from "./bash.ts";
import { fish } from "./fish.ts";
import type { CommandGrammar } from "./grammar.ts";
import { zsh } from "./zsh.ts";

/** Writes the completion script of a grammar. The command that needs no name, `trace`, is the one without one. */
export type Shell = (grammar: readonly CommandGrammar[]) => string;

export const shells: ReadonlyMap<string, Shell> = new Map([
  ["bash", bash],
  ["zsh", zsh],
  ["fish", fish],
]);
