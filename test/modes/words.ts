import type { Chain } from "../../src/kernel/netfilter.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import { MAIN_TABLE } from "../../src/kernel/route.ts";
import { addressText, routeText } from "../../src/render/iproute.ts";
import { linkText } from "../../src/render/iproute-link.ts";
import { filterRuleText } from "../../src/render/iptables.ts";

/** Table main as `ip route` prints it, in program order; IPv6 without its constant `pref medium`. */
export function mainRoutes(netns: Netns | undefined): readonly string[] {
  return [...(netns?.routes.rows() ?? [])]
    .filter((row) => row.table === MAIN_TABLE)
    .map((row) => routeText(row).replace(" pref medium", ""));
}

/** Devices in ifindex order, without their MACs. */
export function links(netns: Netns | undefined): readonly string[] {
  return [...(netns?.links.values() ?? [])].map(
    (link) => `${link.ifindex}: ${linkText(link).replace(/ address \S+/, "")}`,
  );
}

/** Addresses but those of lo. */
export function addresses(netns: Netns | undefined): readonly string[] {
  return (netns?.addresses ?? []).filter(({ dev }) => dev !== "lo").map(addressText);
}

/** A chain's rules as iptables-save prints them, without comments. */
export function chainWords(chain: Chain | undefined): readonly string[] {
  const rules = chain?.rules ?? [];
  return rules.map((rule) =>
    filterRuleText(chain?.name ?? "", rule).replace(/ -m comment --comment "(?:[^"\\]|\\.)*"/, ""),
  );
}
