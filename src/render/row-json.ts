import type { FibResult } from "../kernel/fib.ts";
import type { Chain, FilterRule } from "../kernel/netfilter.ts";
import type { Refused } from "../kernel/refused.ts";
import type { Route } from "../kernel/route.ts";
import { routeText } from "./iproute.ts";
import { filterRuleText } from "./iptables.ts";
import { fields, type Json, plainOf } from "./json.ts";
import { lossWords, refusedWords } from "./row-words.ts";

/** A route with its fields, and the words that iproute2 prints for it. */
export function routeJson(route: Route): Json {
  return { ...record(route), text: routeText(route) };
}

/** What a lookup found: the row, the rule that led to its table, the branch taken, and the rows that lost with the reason. */
export function foundJson(found: FibResult): Json {
  const { route, rule, nexthop, losers } = found;
  return fields({
    row: routeJson(route),
    rule: plainOf(rule),
    nexthop: nexthop && fields({ via: nexthop.via && `${nexthop.via}`, dev: nexthop.dev, onlink: nexthop.onlink }),
    losers:
      losers.length > 0 ? losers.map((loser) => ({ row: routeJson(loser), why: lossWords(found, loser) })) : undefined,
  });
}

/** A netfilter rule as iptables-save prints it, and who wrote it. */
export function filterRuleJson(chain: string, rule: FilterRule): Json {
  return fields({ text: filterRuleText(chain, rule), by: rule.by, source: rule.source && plainOf(rule.source) });
}

/** A chain by name alone: its rules are told by `tables`. */
export function chainJson({ table, name, policy }: Chain): Json {
  return fields({ table, name, policy });
}

/** A request the kernel did not grant, in words and with netlink's answer. */
export function refusedJson(refused: Refused): Json {
  const { asked, by, errno, text } = refused;
  return { table: asked.table, asked: refusedWords(refused), by, errno, text };
}

/** Any other row by its fields. */
export function record(row: object): { readonly [key: string]: Json } {
  return fields(
    Object.fromEntries(
      Object.entries(row).flatMap(([key, value]) => (value === undefined ? [] : [[key, plainOf(value)]])),
    ),
  );
}
