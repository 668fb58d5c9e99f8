import type { Check } from "./check.ts";
import type { FilterMap, FilterRuleEntry } from "./file.ts";
import { checkName } from "./names.ts";
import type { Path } from "./path.ts";
import { readPrefixes } from "./prefixes.ts";
import type { BgpFilter, BgpFilterRule, CalicoSettings } from "./topology.ts";

/** What a rule can ask since v3.32 only. */
const NEWER = ["peerType", "asPathPrefix", "priority"] as const;

/** Calico's BGPFilters by name; complains of rules that upstream's own validation refuses. */
export function resolveFilters(
  entries: Readonly<Record<string, FilterMap>> = {},
  version: CalicoSettings["version"],
  check: Check,
): ReadonlyMap<string, BgpFilter> {
  return new Map(
    Object.entries(entries).map(([name, entry]) => {
      const path = ["cni", "calico", "bgpFilters", name];
      checkName(name, path, check);
      const rules = (key: keyof FilterMap, family: 4 | 6) =>
        (entry[key] ?? []).map((rule, i) => resolveRule(rule, { family, version, path: [...path, key, i] }, check));
      const filter = {
        export: [...rules("exportV4", 4), ...rules("exportV6", 6)],
        import: [...rules("importV4", 4), ...rules("importV6", 6)],
      };
      return [name, filter];
    }),
  );
}

interface RulePlace {
  readonly family: 4 | 6;
  readonly version: CalicoSettings["version"];
  readonly path: Path;
}

function resolveRule(entry: FilterRuleEntry, { family, version, path }: RulePlace, check: Check): BgpFilterRule {
  const { action, matchOperator, prefixLength, source, peerType, asPathPrefix, priority } = entry;
  const old = version === "v3.30" || version === "v3.31";
  for (const key of old ? NEWER.filter((each) => entry[each] !== undefined) : []) {
    const message = `Calico ${version} knows no ${key} in a BGPFilter`;
    check.complain({ code: "needs-version", path: [...path, key], part: "key", message, hint: "version: v3.32" });
  }
  const cidr = entry.cidr === undefined ? undefined : readPrefixes(entry.cidr, [...path, "cidr"], check)[0];
  if ((entry.cidr === undefined) !== (matchOperator === undefined)) {
    const missing = matchOperator === undefined ? "matchOperator" : "cidr";
    const message = "a rule has cidr and matchOperator both, or neither";
    check.complain({ code: "missing-key", path, message, hint: `add ${missing}, for example In` });
  }
  if (cidr && cidr.family !== family) {
    const message = `${cidr} is IPv${cidr.family} in a rule for IPv${family}`;
    const hint = `move the rule to the list that ends in V${cidr.family}`;
    check.complain({ code: "family-mismatch", path: [...path, "cidr"], message, hint });
  }
  if (prefixLength && entry.cidr === undefined) {
    const message = "prefixLength says nothing without cidr";
    check.complain({
      code: "missing-key",
      path: [...path, "prefixLength"],
      message,
      hint: "add cidr and matchOperator",
    });
  }
  const bits = family === 4 ? 32 : 128;
  const lengths = prefixLength && {
    min: Math.max(cidr?.length ?? 0, prefixLength.min ?? 0),
    max: Math.min(bits, prefixLength.max ?? bits),
  };
  return {
    family,
    action,
    ...(cidr && { cidr }),
    ...(matchOperator && { matchOperator }),
    ...(lengths && { prefixLength: lengths }),
    ...(source && { source }),
    ...(entry.interface !== undefined && { interface: entry.interface }),
    ...(peerType && { peerType }),
    ...(asPathPrefix && { asPathPrefix }),
    ...(priority !== undefined && { priority }),
  };
}
