import type { ActionOf } from "../trace/event.ts";
import { filterRuleText } from "./iptables.ts";

/** What a chain said: the rule that decided, or its policy. */
export function filterWords({ hook, table, chain, rule, verdict }: ActionOf<"filter">): string {
  const where = table === "filter" ? hook : `${hook} (${table})`;
  return `${where}: ${rule ? filterRuleText(chain.name, rule) : `policy ${verdict}`}`;
}

/** From which address to which; the same one means that only the port is another. */
export function translationWords({ before, after }: ActionOf<"translate">): string {
  return before.equals(after) ? `${after}, with another port` : `${before} → ${after}`;
}
