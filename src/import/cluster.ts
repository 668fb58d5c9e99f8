import { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Fact, Facts } from "./facts.ts";
import type { Findings } from "./findings.ts";
import { coverAll } from "./networks.ts";

/** The pods' networks: one a family where shares are cut from it, and all of them where pools are written one by one. */
export interface PodNetworks {
  readonly whole: ReadonlyMap<4 | 6, Prefix>;
  readonly all: readonly Prefix[];
}

/**
 * The pods' and the services' networks. `own` is what the CNI itself says of the pods'; what the control plane was told
 * comes after, and last a network that just holds what is there. Pools that are written one by one need no more.
 */
export function clusterNetworks(
  own: readonly Fact<Prefix>[],
  { pooled }: { readonly pooled: boolean },
  facts: Facts,
  findings: Findings,
): PodNetworks {
  const whole = new Map<4 | 6, Prefix>();
  const origins: string[] = [];
  const ofFamily = (all: readonly Fact<Prefix>[], family: 4 | 6) => all.filter(({ value }) => value.family === family);
  for (const family of [4, 6] as const) {
    const said = [own, facts.podCIDRs].map((all) => ofFamily(all, family)).find((all) => all.length > 0);
    const shares = ofFamily(
      [...facts.nodes.values()].flatMap(({ podCIDRs }) => podCIDRs),
      family,
    );
    const seen = coverAll([...shares.map(({ value }) => value), ...podAddresses(facts, family)]);
    const network = pooled ? said?.[0]?.value : said ? coverAll(said.map(({ value }) => value)) : roomy(seen, facts);
    if (!network) continue;
    whole.set(family, network);
    if (said) origins.push(...said.slice(0, 3).map(({ from }) => from));
    else {
      findings.assume(`the pods' network is ${network}`, "kubectl get cm,pods -n kube-system -o yaml");
      origins.push("assumed: it holds the shares and addresses that are there");
    }
  }
  if (whole.size > 0 && !pooled) {
    const texts = [...whole.values()].map(String);
    const origin = [...new Set(origins)].join("; ");
    findings.put(["cluster", "podCIDR"], texts.length === 1 ? texts[0] : texts, findings.mark, origin);
  }
  // Pools have their own networks; what else asks for the pods' goes by what it was told itself.
  if (pooled && facts.podCIDRs.length > 0) {
    const told = ([4, 6] as const).flatMap((family) => ofFamily(facts.podCIDRs, family).slice(0, 1));
    const texts = told.map(({ value }) => value.toString());
    const origin = [...new Set(told.map(({ from }) => from))].join("; ");
    findings.put(["cluster", "podCIDR"], texts.length === 1 ? texts[0] : texts, findings.mark, origin);
  }
  writeServices(facts, findings);
  return { whole, all: pooled ? own.map(({ value }) => value) : [...whole.values()] };
}

function writeServices(facts: Facts, findings: Findings): void {
  const services = ([4, 6] as const).flatMap(
    (family) => facts.serviceCIDRs.find(({ value }) => value.family === family) ?? [],
  );
  const [first, ...more] = services.map(({ value }) => value.toString());
  if (first === undefined) return;
  const origin = [...new Set(services.map(({ from }) => from))].join("; ");
  const value = more.length === 0 ? first : [first, ...more];
  findings.put(["cluster", "serviceCIDR"], value, services[0]?.mark ?? findings.mark, origin);
}

/** A network wider than what is seen, for nodes that are still to come; not so wide that it holds a node's address. */
function roomy(seen: Prefix | undefined, facts: Facts): Prefix | undefined {
  if (!seen) return undefined;
  const nodes = [...facts.nodes.values()].flatMap(({ addresses }) => addresses);
  for (let length = seen.family === 4 ? 16 : 56; length < seen.length; length++) {
    const wide = Prefix.of(seen.ip, length);
    if (!nodes.some((ip) => wide.contains(ip))) return wide;
  }
  return seen;
}

function podAddresses(facts: Facts, family: 4 | 6): readonly Prefix[] {
  let low: Ip | undefined;
  let high: Ip | undefined;
  for (const { addresses } of facts.pods.values()) {
    for (const text of addresses) {
      const ip = Ip.parse(text);
      if (ip?.family !== family) continue;
      if (!low || ip.compare(low) < 0) low = ip;
      if (!high || ip.compare(high) > 0) high = ip;
    }
  }
  return [low, high].flatMap((ip) => (ip ? [Prefix.of(ip)] : []));
}
