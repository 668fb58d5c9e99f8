import { Prefix } from "../addr/prefix.ts";
import { type Applied, changed, refused } from "./applied.ts";
import { readTable } from "./edit-route.ts";
import type { AnyNetlink } from "./netlink.ts";
import { MAIN_TABLE } from "./route.ts";
import type { Writer } from "./row.ts";
import type { Rule } from "./rule.ts";
import { parseNumber, quoted, type Words } from "./words.ts";

/** `ip rule add` and `ip rule del`; what a deletion leaves out matches anything. */
export interface RuleEdit {
  readonly kind: "rule";
  readonly op: "add" | "del";
  readonly rule: Partial<Omit<Rule, "by">>;
}

const OPTIONS = [
  "not",
  "from",
  "to",
  "iif",
  "oif",
  "fwmark",
  "table",
  "lookup",
  "pref",
  "preference",
  "priority",
  "order",
] as const;

const SHORTENED = ["table", "lookup", "preference", "order", "priority"] as const;

/** The words after `ip rule add`. */
export function readRule(words: Words, op: RuleEdit["op"], family: 4 | 6 | undefined): RuleEdit {
  const rule: { -readonly [K in keyof RuleEdit["rule"]]: RuleEdit["rule"][K] } = {};
  if (words.done) words.refuseAhead(`ip rule ${op} needs to know which: from, to, fwmark, table or pref`);
  while (!words.done) {
    switch (words.keyword("word of a rule", OPTIONS, SHORTENED)) {
      case "not":
        rule.invert = true;
        break;
      case "from":
        if (!words.take("all", "any", "default")) rule.from = words.prefix(family);
        break;
      case "to":
        if (!words.take("all", "any", "default")) rule.to = words.prefix(family);
        break;
      case "iif":
        rule.iif = words.device();
        break;
      case "oif":
        rule.oif = words.device();
        break;
      case "fwmark":
        rule.fwmark = readMark(words);
        break;
      case "table":
      case "lookup":
        rule.table = readTable(words);
        break;
      default:
        rule.pref = words.number("a preference", 0, 0xffffffff);
    }
  }
  rule.family = family ?? rule.from?.family ?? rule.to?.family ?? 4;
  if (rule.to && rule.to.family !== rule.family) words.refuse("from and to must be of one family");
  if (op === "add") rule.table ??= MAIN_TABLE;
  return { kind: "rule", op, rule };
}

/** `0x4000`, or `0x4000/0x4000`. */
export function readMark(words: Words): { readonly value: number; readonly mask: number } {
  const text = words.next("a mark");
  const [value = "", mask = "0xffffffff", more] = text.split("/");
  const v = parseNumber(value, 0, 0xffffffff);
  const m = parseNumber(mask, 0, 0xffffffff);
  if (v === undefined || m === undefined || more !== undefined)
    words.refuse(`${quoted(text)} is no mark`, "0x4000/0x4000");
  return { value: v, mask: m };
}

/** Does it (`fib_nl_newrule`, `fib_nl_delrule`); a rule without a preference goes before the second of those that stand. */
export function applyRule(netlink: AnyNetlink, { op, rule }: RuleEdit, by: Writer): Applied {
  const { rules } = netlink.netns;
  if (op === "del") {
    const index = rules.findIndex((standing) => isMeant(standing, rule));
    if (index < 0) return changed(0);
    rules.splice(index, 1);
    return changed(1);
  }
  const before = rules[1]?.pref ?? 1;
  const added: Rule = { ...rule, pref: rule.pref ?? Math.max(before - 1, 0), table: rule.table ?? MAIN_TABLE, by };
  if (rules.some((standing) => isMeant(standing, added) && isMeant(added, standing))) {
    return refused({ errno: "EEXIST", text: "File exists" });
  }
  netlink.rule(added);
  return changed(1);
}

function isMeant(standing: Rule, asked: Partial<Rule>): boolean {
  const { from, to, iif, oif, fwmark } = asked;
  return (
    (asked.pref === undefined || asked.pref === standing.pref) &&
    (asked.family === undefined || asked.family === (standing.family ?? asked.family)) &&
    (asked.table === undefined || asked.table === standing.table) &&
    (asked.invert ?? false) === (standing.invert ?? false) &&
    (iif === undefined || iif === standing.iif) &&
    (oif === undefined || oif === standing.oif) &&
    (from === undefined || from.equals(standing.from ?? Prefix.all(from.family))) &&
    (to === undefined || to.equals(standing.to ?? Prefix.all(to.family))) &&
    (fwmark === undefined || (fwmark.value === standing.fwmark?.value && fwmark.mask === standing.fwmark.mask))
  );
}
