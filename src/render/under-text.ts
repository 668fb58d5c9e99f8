import type { FilterRule } from "../kernel/netfilter.ts";
import type { Event } from "../trace/event.ts";
import type { Step } from "../trace/steps.ts";
import { filterWords } from "./filter-words.ts";
import { filterRuleText } from "./iptables.ts";
import { fragmentWords } from "./packet-words.ts";
import { fdbWords, lossWords, neighbourWords, routeWords } from "./row-words.ts";

/** What belongs to a step and only a close look wants: rows that lost, MACs, filters, what was skipped. */
export function underWords(step: Step): readonly string[] {
  const { action, headers } = step.event;
  const losers = action.kind === "route" ? action.found.losers : [];
  const part = action.kind === "route" ? fragmentWords(headers) : undefined;
  return [
    ...(part ? [part] : []),
    ...losers.map((loser) =>
      action.kind === "route" ? `not ${routeWords(loser)}: ${lossWords(action.found, loser)}` : "",
    ),
    ...(action.kind === "translate" && action.rule ? [conditions(action.rule)] : []),
    ...step.under.flatMap(eventWords),
  ];
}

function eventWords({ action, at, headers }: Event): readonly string[] {
  switch (action.kind) {
    case "filter":
      return [filterWords(action)];
    case "neighbour":
      return [`learned: neigh ${neighbourWords(action.entry)}`];
    case "fdb":
      return [`learned: fdb ${fdbWords(action.entry)}`];
    case "skip":
      return [`skipped: ${action.what}${action.rule ? ` by ${conditions(action.rule)}` : ""}`];
    case "transmit": {
      const [ethernet] = headers;
      return ethernet?.kind === "ethernet"
        ? [`out ${at.dev}: ${ethernet.src} → ${ethernet.dst}`]
        : [`out ${at.dev}: no Ethernet`];
    }
    case "route": {
      const { route, nexthop } = action.found;
      return [`table local: ${routeWords(route, nexthop)}`];
    }
    default:
      return [];
  }
}

/** A rule without its chain, which the walk does not say. */
function conditions(rule: FilterRule): string {
  return filterRuleText("-", rule).replace(/^-A - /, "");
}
