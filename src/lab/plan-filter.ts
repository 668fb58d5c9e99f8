import type { Chain, FilterTable } from "../kernel/netfilter.ts";
import type { Netns } from "../kernel/netns.ts";
import { chainLines, familyOf } from "../render/iptables.ts";
import { kernelName, type Names } from "./names.ts";
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
  const members = [...netns.sets.rows()];
  const tables = [...netns.chains].map(([table, chains]) => tableText(table, [...chains.values()]));
  return [
    ...setNames(netns).map((set) => run(["ipset", "create", set, "hash:net"])),
    ...members
      .filter(({ prefix }) => prefix.family === 4)
      .map(({ set, prefix }) => run(["ipset", "add", set, `${prefix}`])),
    ...(tables.length > 0 ? [run(["iptables-restore"], tables.join(""))] : []),
  ];
}

/** The sets with IPv4 members, and those that rules name though they are empty. */
function setNames(netns: Netns): readonly string[] {
  const rules = [...netns.chains.values()].flatMap((chains) => [...chains.values()].flatMap(({ rules: all }) => all));
  const named = rules.filter((rule) => familyOf(rule) !== 6).flatMap(({ match }) => match.set?.name ?? []);
  const held = [...netns.sets.rows()].filter(({ prefix }) => prefix.family === 4).map(({ set }) => set);
  const six = new Set([...netns.sets.rows()].filter(({ prefix }) => prefix.family === 6).map(({ set }) => set));
  return [...new Set([...held, ...named.filter((name) => !six.has(name))])];
}

function tableText(table: FilterTable, chains: readonly Chain[]): string {
  const four = chains.map((chain) =>
    chainLines({ ...chain, rules: chain.rules.filter((rule) => familyOf(rule) !== 6) }),
  );
  const declared = four.map(([first = ""]) => first);
  return [`*${table}`, ...declared, ...four.flatMap((lines) => lines.slice(1)), "COMMIT", ""].join("\n");
}
