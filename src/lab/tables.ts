import type { Chain } from "../kernel/netfilter.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Network } from "../kernel/network.ts";
import type { Rule } from "../kernel/rule.ts";
import { fdbText, neighbourText, routeText, ruleText } from "../render/iproute.ts";
import { familyOf, filterRuleText } from "../render/iptables.ts";
import type { Disagreement } from "./compare.ts";
import type { Tables as Dumped } from "./layout.ts";
import { kernelName, type Names } from "./names.ts";
import { hasIpv6 } from "./plan-ground.ts";
import { endpointText, labKey } from "./plan-wireguard.ts";

type Tables = Readonly<
  Record<
    "link" | "addr" | "route" | "rule" | "rule6" | "neigh" | "fdb" | "filter" | "filter6" | "peer",
    readonly string[]
  >
>;

/** The kernel's tables against ours, the rows it made itself among them: what only one side has. */
export function compareTables(network: Network, names: Names, dumped: Dumped): readonly Disagreement[] {
  return [...network.names()].flatMap((name) => {
    const netns = network.netns(name);
    const tables = dumped[kernelName(names, name)];
    if (!netns || !tables) return [];
    const ours = ourTables(netns);
    const theirs = theirTables(tables);
    return (Object.keys(ours) as (keyof Tables)[]).flatMap((table) => {
      const expected = only(ours[table], theirs[table]);
      const observed = only(theirs[table], ours[table]);
      return expected.length + observed.length === 0
        ? []
        : [{ case: "tables", about: `${table} of ${name}`, expected, observed }];
    });
  });
}

function only(rows: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others];
  return rows.filter((row) => {
    const at = left.indexOf(row);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function ourTables(netns: Netns): Tables {
  const chains = [...netns.chains.values()].flatMap((table) => [...table.values()]);
  const six = hasIpv6(netns);
  return {
    link: [...netns.links.values()]
      .filter(({ kind }) => kind !== "loopback")
      .map(({ ifindex, name, mtu, mac, up, master }) =>
        [`${ifindex}: ${name} mtu ${mtu}`, up ? "up" : "down", mac, master && `master ${master}`]
          .filter(Boolean)
          .join(" "),
      ),
    addr: netns.addresses.map(({ dev, ip, length }) => `${dev} ${ip}/${length}`),
    route: [...netns.routes.rows()].map((row) => routeText(row).replaceAll("\n\t", " ")),
    rule: netns.rules.filter((rule) => familyOfRule(rule) !== 6).map(ruleText),
    rule6: six ? netns.rules.filter((rule) => familyOfRule(rule) !== 4).map(ruleText) : [],
    neigh: [...netns.neighbours.rows()].map(neighbourText),
    fdb: [...netns.fdb.rows()].filter(({ dst }) => dst).map(fdbText),
    peer: [...netns.wireguardPeers.rows()].map(({ allowedIps, ...peer }) =>
      peerText(peer.dev, labKey(peer.publicKey), endpointText(peer), allowedIps.map(String)),
    ),
    filter: filterLines(chains, 4),
    filter6: six ? filterLines(chains, 6) : [],
  };
}

function familyOfRule({ family, from, to }: Rule): 4 | 6 | undefined {
  return family ?? from?.family ?? to?.family;
}

function filterLines(chains: readonly Chain[], family: 4 | 6): readonly string[] {
  return chains.flatMap(({ name, policy, policy6, rules }) => [
    ...((family === 6 ? (policy6 ?? policy) : policy) === "DROP" ? [`:${name} DROP`] : []),
    ...rules
      .filter((rule) => (familyOf(rule) ?? family) === family)
      .map((rule) => plainRule(filterRuleText(name, rule, family))),
  ]);
}

function theirTables(dumped: Dumped[string]): Tables {
  const told = (table: string) => dumped[table] ?? [];
  return {
    link: told("link").flatMap((line) => linkOf(line) ?? []),
    addr: [...told("addr"), ...told("addr6")].flatMap(
      (line) => /^\d+: (\S+) +inet6? (\S+)/.exec(line)?.slice(1, 3).join(" ") ?? [],
    ),
    route: [...joined(told("route")), ...joined(told("route6")).filter((line) => !isIpv6Own(line))].map((line) =>
      line.replace(/ (linkdown|dead)\b/g, "").trim(),
    ),
    rule: told("rule").filter((line) => !line.endsWith("lookup default")),
    rule6: told("rule6"),
    neigh: [...told("neigh"), ...told("neigh6")],
    fdb: told("fdb").filter((line) => line.includes(" dst ") && !line.startsWith("00:00:00:00:00:00")),
    peer: told("allowed").map((line) => {
      const [dev = "", key = "", allowed = ""] = line.split("\t");
      // wg(8) names the device on the first line of endpoints alone; a key is of one device here.
      const endpoint = told("endpoints")
        .map((other) => other.split("\t"))
        .find((other) => other.at(-2) === key);
      return peerText(dev, key, endpoint?.at(-1) ?? "(none)", allowed.split(" "));
    }),
    filter: savedLines(told("filter")),
    filter6: savedLines(told("filter6")),
  };
}

function savedLines(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    const policy = /^:(\S+) DROP/.exec(line);
    return policy ? [`:${policy[1]} DROP`] : line.startsWith("-A ") ? [plainRule(line)] : [];
  });
}

/** Groups, and the first address of a network that a forwarder answers for (RFC 4291 §2.6.1): no probe goes there. */
function isIpv6Own(line: string): boolean {
  return line.startsWith("multicast ") || line.startsWith("anycast ");
}

function peerText(dev: string, key: string, endpoint: string, allowed: readonly string[]): string {
  return `${dev} ${key} endpoint ${endpoint} allowed-ips ${[...allowed].sort().join(" ")}`;
}

/** Versions of iptables-save differ in the order of two flags and in the name of a protocol. */
function plainRule(line: string): string {
  return line.replace("--invert --validmark", "--validmark --invert").replace("-p ipencap", "-p 4");
}

/** Branches of a route stand on lines of their own. */
function joined(lines: readonly string[]): readonly string[] {
  const whole: string[] = [];
  for (const line of lines) {
    if (line.startsWith("\t")) whole.push(`${whole.pop() ?? ""} ${line.trim()}`);
    else whole.push(line);
  }
  return whole;
}

function linkOf(line: string): string | undefined {
  const found = /^(\d+): ([^:@]+)(?:@\S+)?: <([^>]*)> mtu (\d+)/.exec(line);
  if (!found || found[2] === "lo") return undefined;
  const mac = /link\/ether ([0-9a-f:]{17})/.exec(line)?.[1];
  const master = / master (\S+)/.exec(line)?.[1];
  const up = found[3]?.split(",").includes("UP") ? "up" : "down";
  return [`${found[1]}: ${found[2]} mtu ${found[4]}`, up, mac, master && `master ${master}`].filter(Boolean).join(" ");
}
