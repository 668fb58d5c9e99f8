import type { CalicoFacts } from "./calico-facts.ts";
import type { Field } from "./field.ts";
import type { Findings } from "./findings.ts";

const LISTS = ["exportV4", "importV4", "exportV6", "importV6"];

/** BGPFilters in upstream's own spelling; of a rule what the format knows, and nothing else. */
export function writeFilters({ filters, peers }: CalicoFacts, findings: Findings): void {
  const used = new Set([...peers.values()].flatMap((peer) => peer.filters));
  for (const [name, spec] of filters) {
    if (!used.has(name)) continue;
    const lists = LISTS.flatMap((key): [string, unknown][] => {
      const rules = spec
        .get(key)
        .list()
        .map((rule) => ruleOf(rule));
      return rules.length > 0 ? [[key, rules]] : [];
    });
    findings.put(["cni", "calico", "bgpFilters", name], Object.fromEntries(lists), spec.mark, `BGPFilter ${name}`);
    const all = LISTS.flatMap((key) => spec.get(key).list());
    const other = ["communities", "operations"].filter((key) => all.some((rule) => !rule.get(key).isAbsent));
    if (other.length > 0) findings.assume(`BGPFilter ${name} says nothing of ${other.join(" and ")}`, "not modelled");
  }
}

function ruleOf(rule: Field): Readonly<Record<string, unknown>> {
  const range = rule.get("prefixLength");
  const [min, max] = [range.get("min").number(), range.get("max").number()];
  const texts = ["action", "cidr", "matchOperator", "source", "interface", "peerType"].flatMap(
    (key): [string, string][] => {
      const text = rule.get(key).text();
      return text === undefined || text === "" ? [] : [[key, text]];
    },
  );
  const path = rule
    .get("asPathPrefix")
    .list()
    .flatMap((as) => as.number() ?? []);
  const priority = rule.get("priority").number();
  return {
    ...Object.fromEntries(texts),
    ...(!range.isAbsent && { prefixLength: { ...(min !== undefined && { min }), ...(max !== undefined && { max }) } }),
    ...(path.length > 0 && { asPathPrefix: path }),
    ...(priority !== undefined && { priority }),
  };
}
