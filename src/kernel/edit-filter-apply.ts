import { type Applied, changed, refused } from "./applied.ts";
import type { ChainEdit, FilterEdit, FilterPlace, PolicyEdit } from "./edit-filter.ts";
import { type Chain, type FilterRule, HOOK_TABLES, type Hook } from "./netfilter.ts";
import type { AnyNetlink } from "./netlink.ts";
import type { MutableNetns } from "./netns.ts";
import type { Writer } from "./row.ts";

const NO_CHAIN = { errno: "ENOENT", text: "No chain/target/match by that name" };

/** Whether a chain is one of the table's built-in ones, which exist though nobody has written to them. */
function isBuiltIn({ table }: FilterPlace, name: string): name is Hook {
  return Object.entries(HOOK_TABLES).some(([hook, tables]) => hook === name && tables.includes(table));
}

function chainOf(netns: MutableNetns, place: FilterPlace, name: string): Chain | undefined {
  const standing = netns.chains.get(place.table)?.get(name);
  if (standing || !isBuiltIn(place, name)) return standing;
  return { table: place.table, name, policy: "ACCEPT", rules: [], by: "kernel" };
}

function store(netns: MutableNetns, chain: Chain): void {
  const chains = netns.chains.get(chain.table) ?? new Map<string, Chain>();
  netns.chains.set(chain.table, chains);
  chains.set(chain.name, chain);
}

/** Whether both families are alive here; then a row of both that one program takes out stays for the other. */
function hasBoth(netns: MutableNetns): boolean {
  return netns.sysctls.get("net.ipv6.conf.all.disable_ipv6") === "0";
}

export function applyPolicy({ netns }: AnyNetlink, edit: PolicyEdit): Applied {
  const chain = chainOf(netns, edit, edit.chain);
  if (!chain || !isBuiltIn(edit, edit.chain)) return refused({ errno: "EINVAL", text: "Bad built-in chain name" });
  if (edit.family === 6) store(netns, { ...chain, policy6: edit.policy });
  else store(netns, { ...chain, policy: edit.policy, policy6: chain.policy6 ?? chain.policy ?? "ACCEPT" });
  return changed(1);
}

export function applyFilter({ netns }: AnyNetlink, edit: FilterEdit, by: Writer): Applied {
  const chain = chainOf(netns, edit, edit.chain);
  if (!chain) return refused(NO_CHAIN);
  const { rules } = chain;
  if (edit.op === "delete") {
    const gone = "rule" in edit ? rules.find((row) => isSame(row, edit.rule)) : numbered(rules, edit)[edit.index - 1];
    if (!gone) return changed(0);
    const left = gone.match.family === undefined && hasBoth(netns) ? narrowed(gone, edit.family === 4 ? 6 : 4) : [];
    store(netns, { ...chain, rules: rules.flatMap((row) => (row === gone ? left : [row])) });
    return changed(1);
  }
  const missing = missingOf(netns, edit, edit.rule);
  if (missing) return refused(missing);
  const rule: FilterRule = { ...edit.rule, by };
  if (edit.op === "append") {
    store(netns, { ...chain, rules: [...rules, rule] });
    return changed(1);
  }
  const mine = numbered(rules, edit);
  if (edit.index > mine.length + 1) return refused({ errno: "E2BIG", text: "Index of insertion too big" });
  const behind = mine[edit.index - 1];
  const at = behind ? rules.indexOf(behind) : rules.length;
  store(netns, { ...chain, rules: rules.toSpliced(at, 0, rule) });
  return changed(1);
}

/** The rules that one of the programs lists, by whose numbers it speaks. */
function numbered(rules: readonly FilterRule[], { family }: FilterPlace): readonly FilterRule[] {
  return rules.filter((rule) => (familyOf(rule) ?? family) === family);
}

/** The family a rule can match: what it says itself, or its addresses. */
function familyOf({ match, target }: FilterRule): 4 | 6 | undefined {
  const told = match.family ?? match.src?.prefix.family ?? match.dst?.prefix.family;
  return told ?? (target.kind === "SNAT" ? target.to.family : undefined);
}

function narrowed(rule: FilterRule, family: 4 | 6): readonly FilterRule[] {
  return familyOf(rule) === undefined ? [{ ...rule, match: { ...rule.match, family } }] : [];
}

function missingOf(netns: MutableNetns, place: FilterPlace, rule: Omit<FilterRule, "by">) {
  if (rule.target.kind === "jump" && !netns.chains.get(place.table)?.has(rule.target.chain)) return NO_CHAIN;
  const set = rule.match.set?.name;
  if (set === undefined) return undefined;
  for (const row of netns.sets.rows()) if (row.set === set) return undefined;
  return { errno: "ENOENT", text: `Set ${set} doesn't exist.` };
}

/** Whether a standing rule is the one a deletion spells out, comment and all. */
function isSame(standing: FilterRule, asked: Omit<FilterRule, "by">): boolean {
  const family = asked.match.family ?? 4;
  if ((familyOf(standing) ?? family) !== family) return false;
  const plain = ({ match, target, comment }: Omit<FilterRule, "by">) =>
    spelt({ match: { ...match, family }, target, comment: comment ?? "" });
  return plain(standing) === plain(asked);
}

/** Data as text that does not depend on the order of its keys. */
function spelt(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

export function applyChain({ netns }: AnyNetlink, edit: ChainEdit, by: Writer): Applied {
  const chains = netns.chains.get(edit.table);
  if (edit.op === "new") {
    if (chains?.has(edit.chain) || isBuiltIn(edit, edit.chain)) {
      return refused({ errno: "EEXIST", text: "Chain already exists" });
    }
    store(netns, { table: edit.table, name: edit.chain, rules: [], by });
    return changed(1);
  }
  if (edit.chain !== undefined && !chainOf(netns, edit, edit.chain)) return refused(NO_CHAIN);
  const meant = [...(chains?.values() ?? [])].filter(({ name }) => edit.chain === undefined || edit.chain === name);
  if (edit.op === "flush") return changed(flush(netns, edit, meant));
  const own = meant.filter(({ name }) => !isBuiltIn(edit, name));
  if (own.some(({ name, rules }) => rules.length > 0 || isUsed(chains?.values() ?? [], name))) {
    return refused({ errno: "EBUSY", text: "Device or resource busy" });
  }
  for (const { name } of own) chains?.delete(name);
  return changed(own.length);
}

function flush(netns: MutableNetns, place: FilterPlace, meant: readonly Chain[]): number {
  let gone = 0;
  for (const chain of meant) {
    const mine = new Set(numbered(chain.rules, place));
    const other = place.family === 4 ? 6 : 4;
    const left = chain.rules.flatMap((rule) => {
      if (!mine.has(rule)) return [rule];
      return hasBoth(netns) ? narrowed(rule, other) : [];
    });
    gone += mine.size;
    store(netns, { ...chain, rules: left });
  }
  return gone;
}

function isUsed(chains: Iterable<Chain>, name: string): boolean {
  for (const { rules } of chains) {
    if (rules.some(({ target }) => target.kind === "jump" && target.chain === name)) return true;
  }
  return false;
}
