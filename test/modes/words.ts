import type { FdbEntry } from "../../src/kernel/fdb.ts";
import type { Link } from "../../src/kernel/link.ts";
import type { Neighbour } from "../../src/kernel/neighbour.ts";
import type { Chain, FilterRule, Match, Target } from "../../src/kernel/netfilter.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import { MAIN_TABLE, type Nexthop, type Route } from "../../src/kernel/route.ts";

/** A route as `ip route` prints it (`ip -6 route` without its `pref medium`). */
export function routeWords(route: Route): string {
  const v4 = route.dst.family === 4;
  const dst =
    route.dst.length === 0 ? "default" : route.dst.length === route.dst.ip.bits ? `${route.dst.ip}` : `${route.dst}`;
  const hop = ({ via, dev, onlink }: Nexthop) => [via && `via ${via}`, dev && `dev ${dev}`, onlink && "onlink"];
  const branches = (route.nexthops ?? []).flatMap((branch) => ["nexthop", ...hop(branch)]);
  return [
    route.type === "unicast" ? "" : route.type,
    dst,
    route.via && `via ${route.via}`,
    route.dev && `dev ${route.dev}`,
    route.table === MAIN_TABLE ? "" : `table ${route.table}`,
    route.proto === "boot" ? "" : `proto ${route.proto}`,
    v4 && route.scope !== "global" && `scope ${route.scope}`,
    route.src && `src ${route.src}`,
    route.metric !== 0 && `metric ${route.metric}`,
    route.onlink && "onlink",
    route.mtu !== undefined && `mtu ${route.mtu}`,
    ...branches,
  ]
    .filter(Boolean)
    .join(" ");
}

/** Every route of table main in program order; for local rows see `localRoutes`. */
export function mainRoutes(netns: Netns | undefined): readonly string[] {
  return [...(netns?.routes.rows() ?? [])].filter((row) => row.table === MAIN_TABLE).map(routeWords);
}

export function linkWords(link: Link): string {
  const extra =
    link.kind === "vxlan"
      ? `vxlan id ${link.vni} local ${link.local} dev ${link.lower} dstport ${link.port} ${link.learning ? "learning" : "nolearning"}`
      : link.kind === "ipip"
        ? `ipip remote ${link.remote ?? "any"} local ${link.local ?? "any"} ttl ${link.ttl} ${link.pmtudisc ? "pmtudisc" : "nopmtudisc"}`
        : link.kind;
  return `${link.ifindex}: ${link.name} mtu ${link.mtu}${link.master ? ` master ${link.master}` : ""} ${extra}`;
}

export function links(netns: Netns | undefined): readonly string[] {
  return [...(netns?.links.values() ?? [])].map(linkWords);
}

export function addresses(netns: Netns | undefined): readonly string[] {
  return (netns?.addresses ?? [])
    .filter(({ dev }) => dev !== "lo")
    .map(({ ip, length, dev }) => `${ip}/${length} dev ${dev}`);
}

export function neighbourWords({ ip, dev, lladdr, state }: Neighbour): string {
  return `${ip} dev ${dev} lladdr ${lladdr} ${state.toUpperCase()}`;
}

export function fdbWords({ mac, dev, dst }: FdbEntry): string {
  return `${mac} dev ${dev}${dst ? ` dst ${dst} self permanent` : ""}`;
}

/** A chain as iptables-save prints it, without comments. */
export function chainWords(chain: Chain | undefined): readonly string[] {
  return (chain?.rules ?? []).map((rule) => ruleWords(chain?.name ?? "", rule));
}

function ruleWords(chain: string, { match, target }: FilterRule): string {
  return [`-A ${chain}`, ...matchWords(match), targetWords(target)].filter(Boolean).join(" ");
}

function matchWords(match: Match): readonly (string | false | undefined)[] {
  const not = (negatable: { readonly not?: boolean } | undefined) => (negatable?.not ? "! " : "");
  const hex = (n: number) => `0x${n.toString(16)}`;
  return [
    match.src && `${not(match.src)}-s ${match.src.prefix}`,
    match.dst && `${not(match.dst)}-d ${match.dst.prefix}`,
    match.in && `${not(match.in)}-i ${match.in.dev}`,
    match.out && `${not(match.out)}-o ${match.out.dev}`,
    match.protocol !== undefined && `-p ${match.protocol}`,
    match.dport !== undefined && `--dport ${match.dport}`,
    match.mark && `${not(match.mark)}--mark ${hex(match.mark.value)}/${hex(match.mark.mask)}`,
    match.ctstate && `--ctstate ${match.ctstate.join(",")}`,
    match.set && `${not(match.set)}--match-set ${match.set.name} ${match.set.dir}`,
    match.local && `${not(match.local)}--${match.local.dir}-type LOCAL`,
    match.rpfilterFails && "-m rpfilter --validmark --invert",
  ];
}

function targetWords(target: Target): string {
  const hex = (n: number) => `0x${n.toString(16)}`;
  switch (target.kind) {
    case "jump":
      return `-j ${target.chain}`;
    case "MARK":
      return `-j MARK --set-xmark ${hex(target.value)}/${hex(target.mask)}`;
    case "MASQUERADE":
      return `-j MASQUERADE${target.randomFully ? " --random-fully" : ""}`;
    case "SNAT":
      return `-j SNAT --to-source ${target.to}`;
    default:
      return `-j ${target.kind}`;
  }
}
