import type { Chain, FilterRule, FilterTable } from "../kernel/netfilter.ts";
import type { Netns } from "../kernel/netns.ts";
import { chainLines, familyOf } from "../render/iptables.ts";
import { kernelName, type Names } from "./names.ts";
import { families } from "./plan-ground.ts";
import type { Command } from "./step.ts";

/** Sets first, because rules name them; then every table in one piece, chains before the rules that jump to them. */
export function filterSteps(netns: Netns, names: Names): readonly Command[] {
  const run = (argv: readonly string[], input?: string): Command => ({
    kind: "run",
    netns: kernelName(names, netns.name),
    place: netns.name,
    argv,
    ...(input !== undefined && { input }),
  });
  return families(netns).flatMap((family) => {
    const members = [...netns.sets.rows()].filter(({ prefix }) => prefix.family === family);
    const tables = [...netns.chains].map(([table, chains]) => tableText(table, [...chains.values()], family));
    const [kind, program] = family === 4 ? ["inet", "iptables-restore"] : ["inet6", "ip6tables-restore"];
    return [
      ...setNames(netns, family).map((set) => run(["ipset", "create", set, "hash:net", "family", kind])),
      ...members.map(({ set, prefix }) => run(["ipset", "add", set, `${prefix}`])),
      ...(tables.length > 0 ? [run([program], tables.join(""))] : []),
    ];
  });
}

/** The sets with members of a family, and those that rules of it name though they are empty. */
function setNames(netns: Netns, family: 4 | 6): readonly string[] {
  const rules = [...netns.chains.values()].flatMap((chains) => [...chains.values()].flatMap(({ rules: all }) => all));
  const named = rules.filter((rule) => isFor(rule, family)).flatMap(({ match }) => match.set?.name ?? []);
  const held = (one: number) => [...netns.sets.rows()].flatMap(({ set, prefix }) => (prefix.family === one ? set : []));
  const others = new Set(held(family === 4 ? 6 : 4));
  return [...new Set([...held(family), ...named.filter((name) => !others.has(name))])];
}

function isFor(rule: FilterRule, family: 4 | 6): boolean {
  return (familyOf(rule) ?? family) === family;
}

function tableText(table: FilterTable, chains: readonly Chain[], family: 4 | 6): string {
  const own = chains.map((chain) => {
    const policy = family === 6 ? (chain.policy6 ?? chain.policy) : chain.policy;
    const rules = chain.rules.filter((rule) => isFor(rule, family));
    return chainLines({ ...chain, ...(policy && { policy }), rules }, family);
  });
  const declared = own.map(([first = ""]) => first);
  return [`*${table}`, ...declared, ...own.flatMap((lines) => lines.slice(1)), "COMMIT", ""].join("\n");
}
