import type { Action, Because } from "../trace/event.ts";
import { fields, type Json, plainOf } from "./json.ts";
import { chainJson, filterRuleJson, foundJson, record, routeJson } from "./row-json.ts";

/** The fields of an action, rows written out, without `kind`. */
export function actionJson(action: Action): { readonly [key: string]: Json } {
  switch (action.kind) {
    case "route":
      return fields({
        direction: action.direction,
        src: action.src && `${action.src}`,
        found: foundJson(action.found),
      });
    case "filter": {
      const { hook, table, chain, rule, verdict } = action;
      return fields({ hook, table, chain: chainJson(chain), rule: rule && filterRuleJson(chain.name, rule), verdict });
    }
    case "translate": {
      const { rule, field, before, after } = action;
      return fields({ field, before: `${before}`, after: `${after}`, rule: rule && filterRuleJson("-", rule) });
    }
    case "skip":
      return fields({ what: action.what, rule: action.rule && filterRuleJson("-", action.rule) });
    case "arp": {
      const { op, ip, mac, proxy } = action;
      return fields({ op, ip: `${ip}`, mac, proxy: proxy && routeJson(proxy) });
    }
    case "drop":
      return fields({ reason: action.reason, because: action.because && becauseJson(action.because) });
    default: {
      const { kind: _, ...rest } = action;
      return record(rest);
    }
  }
}

function becauseJson({ route, ...rest }: Because): Json {
  return fields({ ...record(rest), route: route && foundJson(route), fabric: rest.fabric && plainOf(rest.fabric) });
}
