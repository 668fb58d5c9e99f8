import type { Chain, FilterRule, FilterTable } from "./netfilter.ts";

/** The chains of a namespace while they are written: by table, then by name. */
export type Chains = Map<FilterTable, Map<string, Chain>>;

type Named = Pick<Chain, "table" | "name">;

/** Makes a chain, or gives one that exists another policy. */
export function makeChain(chains: Chains, wanted: Omit<Chain, "rules">): void {
  const table = chains.get(wanted.table) ?? new Map<string, Chain>();
  chains.set(wanted.table, table);
  const old = table.get(wanted.name);
  table.set(wanted.name, old ? { ...old, ...wanted, by: old.by } : { rules: [], ...wanted });
}

/** Puts a rule last or first in a chain; one that is missing is made, a built-in one with policy ACCEPT. */
export function addRule(chains: Chains, { table, name }: Named, rule: FilterRule, where: "append" | "insert"): void {
  if (!chains.get(table)?.has(name)) {
    const builtIn = /^(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/.test(name);
    makeChain(chains, { table, name, by: rule.by, ...(builtIn && { policy: "ACCEPT" }) });
  }
  const chain = chains.get(table)?.get(name) as Chain;
  const rules = where === "append" ? [...chain.rules, rule] : [rule, ...chain.rules];
  chains.get(table)?.set(name, { ...chain, rules });
}

/** Takes rules out of a chain; how many went. */
export function removeRules(chains: Chains, { table, name }: Named, gone: (rule: FilterRule) => boolean): number {
  const chain = chains.get(table)?.get(name);
  if (!chain) return 0;
  const rules = chain.rules.filter((rule) => !gone(rule));
  chains.get(table)?.set(name, { ...chain, rules });
  return chain.rules.length - rules.length;
}
