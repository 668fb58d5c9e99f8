import type { Prefix } from "../addr/prefix.ts";
import type { FdbEntry } from "../kernel/fdb.ts";
import type { FilterRule, Match, Target } from "../kernel/netfilter.ts";
import type { FabricRow } from "../kernel/network.ts";
import { LOCAL_TABLE, MAIN_TABLE, type Nexthop, type Route } from "../kernel/route.ts";
import type { WireguardPeer } from "../kernel/wireguard.ts";
import { protocolName } from "../wire/protocol.ts";

type Word = string | false | undefined;

/** A network as `ip route` writes it. */
export function prefixWords(dst: Prefix): string {
  if (dst.length === 0) return "default";
  return dst.length === dst.ip.bits ? `${dst.ip}` : `${dst}`;
}

/** A route as `ip route` takes it, without what the kernel fills in by itself. */
export function routeWords(route: Route): string {
  const { type, dst, via, dev, table, proto, src, metric, mtu, onlink } = route;
  return words(
    type !== "unicast" && type,
    prefixWords(dst),
    via && `via ${via}`,
    dev !== undefined && `dev ${dev}`,
    table !== MAIN_TABLE && table !== LOCAL_TABLE && `table ${table}`,
    proto !== "boot" && proto !== "kernel" && `proto ${proto}`,
    route.by !== "kernel" && src && `src ${src}`,
    metric !== (dst.family === 4 ? 0 : 1024) && route.by !== "kernel" && `metric ${metric}`,
    mtu !== undefined && `mtu ${mtu}`,
    onlink && "onlink",
    ...(route.nexthops ?? []).map((hop) => `nexthop ${hopWords(hop)}${hop.weight ? ` weight ${hop.weight}` : ""}`),
  );
}

/** A route and who wrote it. */
export function signed(route: Route): string {
  return route.proto === route.by ? routeWords(route) : `${routeWords(route)}, by ${route.by}`;
}

/** A way on, as `ip route get` shows it. */
export function hopWords({ via, dev, onlink }: Nexthop): string {
  return words(via && `via ${via}`, dev !== undefined && `dev ${dev}`, onlink && "onlink");
}

/** A forwarding entry as `bridge fdb` shows it. */
export function fdbWords({ mac, dev, dst }: FdbEntry): string {
  return words(mac, `dev ${dev}`, dst && `dst ${dst}`);
}

/** What a fabric matches, as a topology writes it: `udp/8472`, `proto/4`. */
export function fabricWords({ protocol, port }: Pick<FabricRow, "protocol" | "port">): string {
  const name = protocolName(protocol);
  return port === undefined ? name : `${name}/${port}`;
}

/** The conditions and target of a rule, as iptables takes them. */
export function ruleWords({ match, target }: FilterRule): string {
  return words(...matchWords(match), targetWords(target));
}

function matchWords(match: Match): readonly Word[] {
  const not = (condition: { readonly not?: boolean }) => (condition.not ? "! " : "");
  const { src, dst, in: from, out, protocol, dport, mark, ctstate, set, local } = match;
  return [
    src && `${not(src)}-s ${src.prefix}`,
    dst && `${not(dst)}-d ${dst.prefix}`,
    from && `${not(from)}-i ${from.dev}`,
    out && `${not(out)}-o ${out.dev}`,
    protocol !== undefined && `-p ${protocol === 4 ? "ipencap" : protocolName(protocol).replace("proto/", "")}`,
    dport !== undefined && `--dport ${dport}`,
    mark && `-m mark ${not(mark)}--mark ${hex(mark.value)}/${hex(mark.mask)}`,
    ctstate && `-m conntrack --ctstate ${ctstate.join(",")}`,
    set && `-m set ${not(set)}--match-set ${set.name} ${set.dir}`,
    local && `-m addrtype ${not(local)}--${local.dir}-type LOCAL`,
    match.rpfilterFails && "-m rpfilter --validmark --invert",
  ];
}

function targetWords(target: Target): string {
  switch (target.kind) {
    case "ACCEPT":
    case "DROP":
    case "RETURN":
      return `-j ${target.kind}`;
    case "NOTRACK":
      return "-j CT --notrack";
    case "REJECT":
      return `-j REJECT --reject-with ${target.with}`;
    case "MASQUERADE":
      return words("-j MASQUERADE", target.randomFully && "--random-fully");
    case "SNAT":
      return `-j SNAT --to-source ${target.to}`;
    case "MARK":
      return `-j MARK --set-xmark ${hex(target.value)}/${hex(target.mask)}`;
    case "jump":
      return `-j ${target.chain}`;
  }
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function words(...all: readonly Word[]): string {
  return all.filter((word) => word !== undefined && word !== false && word !== "").join(" ");
}

/** A peer as `wg` takes it. */
export function peerCommand({ dev, publicKey, endpoint, port, allowedIps }: WireguardPeer): string {
  const at = endpoint.family === 6 ? `'[${endpoint}]:${port}'` : `${endpoint}:${port}`;
  return `wg set ${dev} peer ${publicKey} endpoint ${at} allowed-ips ${allowedIps.join(",")}`;
}
