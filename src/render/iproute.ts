import type { Prefix } from "../addr/prefix.ts";
import type { Address } from "../kernel/address.ts";
import type { FdbEntry } from "../kernel/fdb.ts";
import { tableName } from "../kernel/names.ts";
import type { Neighbour } from "../kernel/neighbour.ts";
import type { SetMember } from "../kernel/netfilter.ts";
import type { Lease } from "../kernel/process.ts";
import type { Row } from "../kernel/refused.ts";
import { MAIN_TABLE, type Nexthop, type Route } from "../kernel/route.ts";
import type { Rule } from "../kernel/rule.ts";
import type { Socket } from "../kernel/socket.ts";
import type { WireguardPeer } from "../kernel/wireguard.ts";

/** Words that are there, one space apart. */
function line(...words: readonly (string | false | undefined)[]): string {
  return words.filter((word) => word !== undefined && word !== false && word !== "").join(" ");
}

/** A prefix as iproute2 shows a destination: `default`, a bare address, or a network. */
export function destinationText(prefix: Prefix): string {
  if (prefix.length === 0) return "default";
  return prefix.length === prefix.ip.bits ? `${prefix.ip}` : `${prefix}`;
}

/** A route as `ip route show table all` prints it (`print_route`): branches on lines of their own. */
export function routeText(route: Route): string {
  const branches = (route.nexthops ?? []).map((hop) => `\n\t${line("nexthop", nexthopText(hop, "always"))}`);
  return line(...shown(route)) + branches.join("");
}

function shown(route: Route): readonly (string | false | undefined)[] {
  const { type, dst, via, dev, src, metric, mtu, proto, scope, table, onlink } = route;
  const v6 = dst.family === 6;
  // IPv6 routes that reject stand on the loopback device.
  const on = dev ?? (v6 && isReject(route) ? "lo" : undefined);
  return [
    type !== "unicast" && type,
    destinationText(dst),
    via && `via ${via}`,
    on !== undefined && `dev ${on}`,
    table !== MAIN_TABLE && `table ${tableName(table)}`,
    proto !== "boot" && `proto ${proto}`,
    !v6 && scope !== "global" && `scope ${scope}`,
    src && `src ${src}`,
    (v6 || metric !== 0) && `metric ${metric}`,
    onlink && "onlink",
    mtu !== undefined && `mtu ${mtu}`,
    v6 && "pref medium",
  ];
}

function isReject({ type }: Route): boolean {
  return type === "blackhole" || type === "unreachable" || type === "prohibit" || type === "throw";
}

function nexthopText({ via, dev, weight, onlink }: Nexthop, weights: "always" | "told"): string {
  return line(
    via && `via ${via}`,
    dev !== undefined && `dev ${dev}`,
    (weights === "always" || weight !== undefined) && `weight ${weight ?? 1}`,
    onlink && "onlink",
  );
}

/** The command that makes a route, on one line. */
export function routeCommand(route: Route): string {
  const { type, dst, via, dev, src, metric, mtu, proto, scope, table, onlink, nexthops = [] } = route;
  const v6 = dst.family === 6;
  const own = type === "local" || type === "broadcast";
  return line(
    v6 ? "ip -6 route add" : "ip route add",
    type !== "unicast" && type,
    destinationText(dst),
    via && `via ${via}`,
    dev !== undefined && `dev ${dev}`,
    (own || table !== MAIN_TABLE) && `table ${tableName(table)}`,
    proto !== "boot" && `proto ${proto}`,
    !v6 && (scope !== "global" || usualScope(route) !== "global") && `scope ${scope}`,
    src && `src ${src}`,
    metric !== (v6 ? 1024 : 0) && `metric ${metric}`,
    onlink && "onlink",
    mtu !== undefined && `mtu ${mtu}`,
    ...nexthops.map((hop) => line("nexthop", nexthopText(hop, "told"))),
  );
}

/** The scope iproute2 gives an IPv4 route that is not told one (`iproute_modify`). */
function usualScope({ type, via, nexthops }: Route): string {
  if (type === "local") return "host";
  if (type === "broadcast") return "link";
  return type === "unicast" && !via && !nexthops ? "link" : "global";
}

/** `10.244.1.0/32 dev flannel.1`. */
export function addressText({ ip, length, dev }: Address): string {
  return `${ip}/${length} dev ${dev}`;
}

export function addressCommand(address: Address): string {
  return line("ip addr add", addressText(address), address.ip.family === 6 && "nodad");
}

/** A rule as `ip rule` prints it, preference and all. */
export function ruleText(rule: Rule): string {
  return `${rule.pref}:\t${line(rule.invert && "not", ...selectors(rule))} lookup ${tableName(rule.table)}`;
}

function selectors({ from, to, fwmark, iif, oif }: Rule): readonly (string | undefined | false)[] {
  return [
    `from ${from ? destinationText(from).replace("default", "all") : "all"}`,
    to && `to ${destinationText(to)}`,
    fwmark && `fwmark ${markText(fwmark)}`,
    iif !== undefined && `iif ${iif}`,
    oif !== undefined && `oif ${oif}`,
  ];
}

/** `0x4000/0x4000`; a full mask is left out. */
export function markText({ value, mask }: { readonly value: number; readonly mask: number }): string {
  const hex = (word: number) => `0x${word.toString(16)}`;
  return mask === 0xffffffff ? hex(value) : `${hex(value)}/${hex(mask)}`;
}

export function ruleCommand(rule: Rule): string {
  const program =
    rule.family === 6 || rule.from?.family === 6 || rule.to?.family === 6 ? "ip -6 rule add" : "ip rule add";
  return line(program, `pref ${rule.pref}`, rule.invert && "not", ...selectors(rule), `table ${tableName(rule.table)}`);
}

/** A neighbour as `ip neigh` prints it. */
export function neighbourText({ ip, dev, lladdr, state }: Neighbour): string {
  return `${ip} dev ${dev} lladdr ${lladdr} ${state.toUpperCase()}`;
}

export function neighbourCommand({ ip, dev, lladdr, state }: Neighbour): string {
  return `ip neigh add ${ip} lladdr ${lladdr} dev ${dev} nud ${state}`;
}

/** A forwarding entry as `bridge fdb` prints it, but for the name of a port's bridge. */
export function fdbText({ mac, dev, dst }: FdbEntry): string {
  return dst ? `${mac} dev ${dev} dst ${dst} self permanent` : `${mac} dev ${dev} master static`;
}

export function fdbCommand(entry: FdbEntry): string {
  return `bridge fdb add ${fdbText(entry)}`;
}

/** A row of a forwarder's own table, for which no program has a command: `10.244.2.0/24 via 192.168.0.12:8285`. */
export function leaseText({ dst, to, port }: Lease): string {
  return `${dst} via ${to}:${port}`;
}

export function leaseCommand(lease: Lease): string {
  return `lease add ${leaseText(lease)}`;
}

/** A peer's row as `wg set` takes it. */
export function wireguardPeerCommand({ dev, publicKey, endpoint, port, allowedIps, keepalive }: WireguardPeer): string {
  return line(
    `wg set ${dev} peer ${publicKey}`,
    // A shell would take brackets for a pattern.
    `endpoint ${endpoint.family === 6 ? `'[${endpoint}]:${port}'` : `${endpoint}:${port}`}`,
    `allowed-ips ${allowedIps.join(",")}`,
    keepalive !== undefined && `persistent-keepalive ${keepalive}`,
  );
}

/** A member of an ipset as `ipset save` prints it. */
function setText({ set, prefix }: SetMember): string {
  return `add ${set} ${destinationText(prefix)}`;
}

export function setCommand(member: SetMember): string {
  return `ipset ${setText(member)}`;
}

/** Who takes in what arrives for a port: `udp 192.168.0.11:8285 flanneld`. */
export function socketText({ protocol, ip, port, owner }: Socket): string {
  const at = ip ? (ip.family === 6 ? `[${ip}]` : `${ip}`) : "*";
  return `${protocol} ${at}:${port} ${owner.name}`;
}

/** The command that makes a row; for what the kernel refused, the one it refused. */
export function addCommand({ table, row }: Row): string {
  switch (table) {
    case "route":
      return routeCommand(row);
    case "neigh":
      return neighbourCommand(row);
    case "fdb":
      return fdbCommand(row);
    case "lease":
      return leaseCommand(row);
    case "set":
      return setCommand(row);
    case "wireguard":
      return wireguardPeerCommand(row);
  }
}
