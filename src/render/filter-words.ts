import type { ActionOf } from "../trace/event.ts";
import { filterRuleText } from "./iptables.ts";

/** What a chain said: the rule that decided, or its policy. */
export function filterWords({ hook, table, chain, rule, verdict }: ActionOf<"filter">): string {
  const where = table === "filter" ? hook : `${hook} (${table})`;
  return `${where}: ${rule ? filterRuleText(chain.name, rule) : `policy ${verdict}`}`;
}
