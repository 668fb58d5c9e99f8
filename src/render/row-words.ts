import type { FdbEntry } from "../kernel/fdb.ts";
import type { FibResult } from "../kernel/fib.ts";
import type { Neighbour } from "../kernel/neighbour.ts";
import type { FabricRow } from "../kernel/network.ts";
import type { Lease } from "../kernel/process.ts";
import type { Refused } from "../kernel/refused.ts";
import { LOCAL_TABLE, MAIN_TABLE, type Nexthop, type Route } from "../kernel/route.ts";
import type { WireguardPeer } from "../kernel/wireguard.ts";
import { protocolName } from "../wire/protocol.ts";
import { destinationText } from "./iproute.ts";

/** What a route has that was given none (IP6_RT_PRIO_USER). */
const DEFAULT_METRIC = { 4: 0, 6: 1024 } as const;

/** A route in the words of ip-route(8), as far as they say where a packet goes; of several branches the one taken. */
export function routeWords(route: Route, taken?: Nexthop): string {
  const branches = route.nexthops?.length ?? 0;
  const hop = taken ?? (branches > 0 ? undefined : route);
  return [
    route.type === "unicast" ? "" : route.type,
    destinationText(route.dst),
    hop?.via && `via ${hop.via}`,
    hop?.dev !== undefined && `dev ${hop.dev}`,
    hop?.onlink && "onlink",
    route.table !== MAIN_TABLE && route.table !== LOCAL_TABLE && `table ${route.table}`,
    route.metric !== DEFAULT_METRIC[route.dst.family] && route.by !== "kernel" && `metric ${route.metric}`,
    route.mtu !== undefined && `mtu ${route.mtu}`,
    branches > 1 && `(one of ${branches} branches)`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** A neighbour entry without its state. */
export function neighbourWords({ ip, dev, lladdr }: Neighbour): string {
  return `${ip} dev ${dev} lladdr ${lladdr}`;
}

/** A forwarding entry, of a tunnel or of a bridge. */
export function fdbWords({ mac, dev, dst }: FdbEntry): string {
  return dst ? `${mac} dev ${dev} dst ${dst}` : `${mac} dev ${dev}`;
}

/** A forwarder's row: who has the prefix. */
export function leaseWords({ dst, to, port }: Lease): string {
  return `${dst} → ${to.family === 6 ? `[${to}]` : to}:${port}`;
}

/** A WireGuard peer: which addresses are its own, and where it is; its key only as far as `wg` users look at it. */
export function wireguardPeerWords({ dev, publicKey, endpoint, port, allowedIps }: WireguardPeer): string {
  const at = endpoint.family === 6 ? `[${endpoint}]` : endpoint;
  return `${allowedIps.join(", ")} dev ${dev} peer ${publicKey.slice(0, 8)}… at ${at}:${port}`;
}

/** What a row of the fabric matches, as a topology file spells it: `udp/8472`, `proto/4`. */
export function fabricWords({ protocol, port }: FabricRow): string {
  return port === undefined ? `proto/${protocol}` : `${protocolName(protocol)}/${port}`;
}

/** What was asked of the kernel, without the answer. */
export function refusedWords({ asked }: Refused): string {
  switch (asked.table) {
    case "route":
      return routeWords(asked.row);
    case "neigh":
      return neighbourWords(asked.row);
    case "fdb":
      return fdbWords(asked.row);
    case "lease":
      return leaseWords(asked.row);
    case "wireguard":
      return wireguardPeerWords(asked.row);
    case "set":
      return `${asked.row.set} ${asked.row.prefix}`;
    case "link":
    case "addr":
      return asked.words;
  }
}

/** Why a row of a lookup lost: by what the kernel compares, in its order. */
export function lossWords({ route, rule }: FibResult, loser: Route): string {
  if (loser.table !== rule.table) return `table ${loser.table} is asked later`;
  if (loser.dst.length < route.dst.length) return `shorter than /${route.dst.length}`;
  return loser.metric > route.metric ? `metric ${loser.metric} is more than ${route.metric}` : "came second";
}
