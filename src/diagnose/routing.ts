import { fibLookup } from "../kernel/fib.ts";
import type { Netns } from "../kernel/netns.ts";
import { MAIN_TABLE, type Route } from "../kernel/route.ts";
import { rpFilter } from "../kernel/sysctl.ts";
import type { Code } from "../trace/codes.ts";
import { placeName } from "../trace/project.ts";
import { routeGet } from "./decision.ts";
import { change, type Fact } from "./fact.ts";
import { loopOf } from "./loop.ts";
import { teachRouters } from "./mend-routes.ts";
import { hopWords, routeWords, signed } from "./row-words.ts";
import { fromPod, type Loss } from "./scene.ts";

/** Networks that a sentence names at most. */
const FEW = 4;

/** Nothing in the tables for a packet on its way through. */
export function noWayOn(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dst, src } = loss.ip;
  const has = networksOf(loss.netns);
  const known = has.length > 0 ? ` (it has ${has.join(", ")})` : "";
  const back = unreported(loss) === "no-route-back" ? `, and none back to ${src}, so it cannot even report it` : "";
  return {
    code: loss.wrapped ? "UNDERLAY_NO_ROUTE" : "NO_ROUTE",
    at,
    text: `${at} has no route to ${dst}${known}${back}.`,
    look: [
      { at, command: `ip route get ${dst}`, expect: "Network is unreachable" },
      { at, command: "nstat -az IpExtInNoRoutes", expect: "rises with every packet" },
    ],
    mend: () => (loss.wrapped ? [] : [teachRouters(loss)]),
  };
}

/** Nothing in the tables for a packet that is made here. */
export function noWayOut(loss: Loss): Fact {
  const { ip: outer = loss.sent.dst, dev } = loss.because;
  const at = placeName(loss.netns.name);
  if (outer.equals(loss.sent.dst)) {
    return {
      code: "NO_ROUTE",
      at,
      text: `${at} has no route to ${outer}, so its own kernel refuses to send.`,
      look: [{ at, command: `ip route get ${outer}`, expect: "Network is unreachable" }],
    };
  }
  const by = dev ?? "the forwarding process";
  const way = fibLookup(loss.netns, { dst: outer });
  const link = dev === undefined ? undefined : loss.netns.links.get(dev);
  if (way && link && "local" in link && link.local) {
    return {
      code: "SRC_NO_ADDRESS",
      at,
      text: `${by} on ${at} sends from ${link.local}, which is no address of ${at}.`,
      look: [{ at, command: `ip -d link show ${by}; ip addr`, expect: `local ${link.local}, and no card has it` }],
      mend: () => sourceBack(loss.netns, `${link.local}`),
    };
  }
  return {
    code: "UNDERLAY_NO_ROUTE",
    at,
    text: `${at} has no route to ${outer}, where ${by} would send the wrapped packet.`,
    look: [{ at, command: `ip route get ${outer}`, expect: "Network is unreachable" }],
  };
}

/** The card that has, or had, the network of a tunnel's source takes the address back. */
function sourceBack(netns: Netns, local: string) {
  const cards = [...netns.links.values()].filter((link) => link.kind === "nic");
  return cards.map((card) => change(placeName(netns.name), `ip addr add ${local}/32 dev ${card.name}`));
}

const REJECTING: ReadonlyMap<Loss["reason"], Code> = new Map([
  ["route-unreachable", "ROUTE_UNREACHABLE"],
  ["route-prohibit", "ROUTE_PROHIBIT"],
]);

/** The row itself says that packets end here. */
export function rejected(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const row = loss.because.route?.route;
  const code = REJECTING.get(loss.reason) ?? "ROUTE_BLACKHOLE";
  const words = row ? routeWords(row) : `the row for ${loss.ip.dst}`;
  const silent = code === "ROUTE_BLACKHOLE" && loss.trace.from !== loss.netns.name;
  return {
    code,
    at,
    text: `The best row of ${at} for ${loss.ip.dst} is ${row ? signed(row) : words}, so it ${silent ? "drops the packet without a word" : "refuses the packet"}.`,
    look: routeGet(loss.ip.dst, at, loss.because.route),
    ...(row && { mend: () => [change(at, `ip route del ${words}`)] }),
  };
}

/** For somebody else, on a machine that does not forward. */
export function notForwarding(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const v6 = loss.ip.kind === "ipv6";
  const all = v6 ? "net.ipv6.conf.all.forwarding" : "net.ipv4.ip_forward";
  const own = `net.${v6 ? "ipv6" : "ipv4"}.conf.${loss.event.at.dev}.forwarding`;
  const key = loss.netns.sysctls.has(own) ? own : all;
  return {
    code: "FORWARDING_DISABLED",
    at,
    text: `${at} got a packet for ${loss.ip.dst} on ${loss.event.at.dev}, which is not its own, and ${key} is 0 there, so it drops it silently.`,
    look: [
      { at, command: `sysctl ${key}`, expect: "0" },
      { at, command: "nstat -az IpInAddrErrors", expect: "rises with every packet" },
    ],
    mend: () => [change(at, `sysctl -w ${key}=1`)],
  };
}

/** The reverse path leads elsewhere. */
export function reversePath(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev = "", ip = loss.ip.src, route } = loss.because;
  const back = route?.nexthop ? `is ${hopWords(route.nexthop)}` : "does not exist";
  const mode = rpFilter(loss.netns, dev) === 2 ? "loose (2)" : "strict (1)";
  return {
    code: fromPod(loss) ? "SPOOF_BLOCKED" : "RPF_DROP",
    at,
    text: `The packet from ${ip} came to ${at} by ${dev}, but the way back ${back}, and rp_filter on ${dev} is ${mode}.`,
    look: [
      { at, command: `sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.${dev}.rp_filter`, expect: "the larger counts" },
      { at, command: "nstat -az TcpExtIPReversePathFilter", expect: "rises with every packet" },
    ],
    mend: () => [change(at, `sysctl -w net.ipv4.conf.${dev}.rp_filter=2`)],
  };
}

/** An address that cannot be right where the packet came in. */
export function martian(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev } = loss.event.at;
  const { src, dst } = loss.ip;
  const why: Partial<Record<Loss["reason"], string>> = {
    IP_LOCAL_SOURCE: `is from ${src}, which is ${at}'s own address`,
    IP_INVALID_SOURCE: `is from ${src}, which nobody can send from`,
    IP_INVALID_DEST: `is for ${dst}, which nobody can have`,
    IP_LOCALNET: `is from ${src} to ${dst}, and loopback addresses stay on their machine`,
  };
  const key: Partial<Record<Loss["reason"], string>> = {
    IP_LOCAL_SOURCE: "accept_local",
    IP_LOCALNET: "route_localnet",
  };
  const setting = key[loss.reason];
  return {
    code: "MARTIAN",
    at,
    text: `The packet that came to ${at} by ${dev} ${why[loss.reason] ?? "has a wrong address"}.`,
    look: [{ at, command: "sysctl -w net.ipv4.conf.all.log_martians=1; dmesg", expect: `martian source, from ${src}` }],
    ...(setting !== undefined && { mend: () => [change(at, `sysctl -w net.ipv4.conf.${dev}.${setting}=1`)] }),
  };
}

/** The TTL is used up: in a circle, or because it was small. */
export function ttlExpired(loss: Loss): Fact {
  const loop = loopOf(loss);
  if (loop) return loop;
  const at = placeName(loss.netns.name);
  const which = loss.wrapped ? "outer TTL" : "TTL";
  return {
    code: "TTL_EXPIRED",
    at,
    text: `The ${which} of the packet from ${loss.ip.src} to ${loss.ip.dst} is used up at ${at}; it was sent with ${loss.sent.ttl}.`,
    look: [{ at, command: "nstat -az IpExtInHdrErrors", expect: "rises with every packet" }],
  };
}

/** The networks a machine knows, as its main table names them, a few of them. */
function networksOf(netns: Netns): readonly string[] {
  const isNetwork = (row: Route) => row.table === MAIN_TABLE && row.type === "unicast";
  const names = netns.routes
    .near([])
    .filter(isNetwork)
    .map((row) => `${row.dst}`);
  const unique = [...new Set(names)];
  return unique.length > FEW ? [...unique.slice(0, FEW - 1), `${unique.length - FEW + 1} more`] : unique;
}

/** Why the ICMP error about the loss was never sent, if it was not. */
export function unreported(loss: Loss): string | undefined {
  const about = loss.trace.events.find(
    ({ packet, at, action }) =>
      action.kind === "icmp" && packet === loss.event.packet && at.netns === loss.event.at.netns,
  );
  return about?.action.kind === "icmp" ? about.action.why : undefined;
}
