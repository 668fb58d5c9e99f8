import { refusal } from "../kernel/admit.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Network, Segment } from "../kernel/network.ts";
import type { Forwarder } from "../kernel/process.ts";
import type { Refused } from "../kernel/refused.ts";
import type { Route } from "../kernel/route.ts";
import { addCommand, addressCommand, ruleCommand } from "../render/iproute.ts";
import { kernelName, type Names, namesOf } from "./names.ts";
import { filterSteps } from "./plan-filter.ts";
import { linkSteps, SEGMENT_BRIDGE, stateSteps, upSteps } from "./plan-links.ts";
import { wireguardSteps } from "./plan-wireguard.ts";
import { type Command, type Setting, type Step, sysctlPath } from "./step.ts";

/** Everything that makes a network in a kernel, in order. */
export interface Plan {
  readonly names: Names;
  readonly steps: readonly Step[];
  /** What of the network this lab does not build, in a sentence each. */
  readonly missing: readonly string[];
}

/**
 * The steps that make a network's rows in a kernel: the rows that agents and operators wrote, in the order in which the
 * tables hold them, and those the kernel is to refuse. Rows the kernel makes itself are left to it.
 */
export function planLab(network: Network, prefix: string): Plan {
  const names = namesOf(network, prefix);
  const all = [...network.names()].flatMap((name) => network.netns(name) ?? []);
  const made = new Set<string>();
  const devices = all.flatMap((netns) => linkSteps(network, netns, names, made));
  const steps: readonly Step[] = [
    ...[...network.segments].flatMap(([name]) => segmentSteps(name, names)),
    ...all.flatMap((netns) => groundSteps(netns, names)),
    ...devices,
    ...[...network.segments].flatMap(([name, segment]) => portSteps(name, segment, names, cardsOn(all, name))),
    ...all.flatMap((netns) => addressSteps(netns, names)),
    ...all.flatMap((netns) => wireguardSteps(netns, names)),
    ...all.flatMap((netns) => upSteps(netns, names)),
    ...all.flatMap((netns) => stateSteps(netns, names)),
    ...all.flatMap((netns) => settingSteps(netns, names)),
    ...all.flatMap((netns) => rowSteps(netns, names)),
    ...all.flatMap((netns) => filterSteps(netns, names)),
    ...all.map((netns) => ({ kind: "bare", netns: kernelName(names, netns.name), place: netns.name }) as const),
    ...all.flatMap((netns) => netns.forwarders.map((row) => forwardStep(netns, row, names))),
  ];
  return { names, steps, missing: missingOf(all) };
}

/** What a namespace starts with here, whatever this machine's own settings are: no IPv6, ICMP errors without a limit. */
const GROUND: readonly (readonly [key: string, value: string])[] = [
  ["net/ipv6/conf/all/disable_ipv6", "1"],
  ["net/ipv6/conf/default/disable_ipv6", "1"],
  ["net/ipv4/ip_forward", "0"],
  ["net/ipv4/conf/all/rp_filter", "0"],
  ["net/ipv4/conf/default/rp_filter", "0"],
  ["net/ipv4/conf/all/send_redirects", "1"],
  ["net/ipv4/conf/default/send_redirects", "1"],
  ["net/ipv4/conf/all/accept_redirects", "1"],
  ["net/ipv4/conf/default/accept_redirects", "1"],
  ["net/ipv4/icmp_ratelimit", "0"],
  ["net/ipv4/icmp_msgs_per_sec", "100000"],
  ["net/ipv4/icmp_msgs_burst", "100000"],
  ["net/bridge/bridge-nf-call-iptables", "0"],
];

/** Neighbours that fail soon and do not age while the lab is looked at. */
const NEIGHBOURS: readonly (readonly [key: string, value: string])[] = [
  ["base_reachable_time_ms", "3600000"],
  ["retrans_time_ms", "20"],
];

function groundSteps(netns: Netns, names: Names): readonly Step[] {
  const here = kernelName(names, netns.name);
  const told = [...netns.sysctls].filter(([key]) => /\.conf\.default\./.test(key));
  return [
    { kind: "run", place: netns.name, argv: ["ip", "netns", "add", here] },
    ...GROUND.map(([key, value]) => setting(netns, here, key, value)),
    ...told.map(([key, value]) => setting(netns, here, sysctlPath(key), value)),
  ];
}

function setting({ name }: Pick<Netns, "name">, netns: string, key: string, value: string): Setting {
  return { kind: "sysctl", place: name, netns, key, value };
}

function segmentSteps(name: string, names: Names): readonly Step[] {
  const netns = names.segments.get(name) ?? "";
  const place = `segment/${name}`;
  const run = (...argv: readonly string[]): Command => ({ kind: "run", place, netns, argv });
  return [
    { kind: "run", place, argv: ["ip", "netns", "add", netns] },
    setting({ name: place }, netns, "net/ipv6/conf/all/disable_ipv6", "1"),
    setting({ name: place }, netns, "net/ipv6/conf/default/disable_ipv6", "1"),
    setting({ name: place }, netns, "net/bridge/bridge-nf-call-iptables", "0"),
    run("ip", "link", "add", SEGMENT_BRIDGE, "type", "bridge", "mcast_snooping", "0"),
    run("ip", "link", "set", "dev", SEGMENT_BRIDGE, "up"),
  ];
}

/** A card with the namespace it is in. */
interface Card {
  readonly netns: Netns;
  readonly dev: string;
}

/** The cards of a segment in the order in which they are made: the k-th is behind the bridge's port `pk`. */
function cardsOn(all: readonly Netns[], segment: string): readonly Card[] {
  return all.flatMap((netns) =>
    [...netns.links.values()]
      .sort((a, b) => a.ifindex - b.ifindex)
      .flatMap((link) => (link.kind === "nic" && link.segment === segment ? [{ netns, dev: link.name }] : [])),
  );
}

function portSteps(name: string, segment: Segment, names: Names, cards: readonly Card[]): readonly Step[] {
  const netns = names.segments.get(name) ?? "";
  const place = `segment/${name}`;
  const run = (...argv: readonly string[]): Command => ({ kind: "run", place, netns, argv });
  return [
    ...cards.map((_, k) => run("ip", "link", "set", "dev", `p${k}`, "master", SEGMENT_BRIDGE, "up")),
    run("ip", "link", "set", "dev", SEGMENT_BRIDGE, "mtu", `${segment.mtu}`),
    ...(segment.sourceDestCheck ? cards.flatMap((card, k) => checkSteps(card, `p${k}`, run)) : []),
    ...fabricSteps(segment, run),
    { kind: "bare", place, netns },
  ];
}

/** What comes from a host's card must be from its address, and what goes there for it. */
function checkSteps({ netns, dev }: Card, port: string, run: (...argv: readonly string[]) => Command): readonly Step[] {
  if (netns.kind !== "host") return [];
  const own = netns.addresses.filter((address) => address.dev === dev && address.ip.family === 4);
  const check = (chain: string, way: string, field: string) => [
    run("ebtables", "-N", chain, "-P", "DROP"),
    ...own.map(({ ip }) => run("ebtables", "-A", chain, "-p", "IPv4", field, `${ip}`, "-j", "RETURN")),
    run("ebtables", "-A", "FORWARD", way, port, "-p", "IPv4", "-j", chain),
  ];
  return [...check(`from-${port}`, "-i", "--ip-source"), ...check(`to-${port}`, "-o", "--ip-destination")];
}

/** What the fabric eats, as rules of the segment's bridge. */
function fabricSteps({ fabric }: Segment, run: (...argv: readonly string[]) => Command): readonly Step[] {
  const rules = fabric.map(({ verdict, protocol, port }) => {
    const dport = port === undefined ? [] : ["--ip-destination-port", `${port}`];
    const match = ["-p", "IPv4", "--ip-protocol", `${protocol}`, ...dport];
    return run("ebtables", "-A", "FORWARD", ...match, "-j", verdict === "drop" ? "DROP" : "ACCEPT");
  });
  const rest = fabric.some(({ verdict }) => verdict === "allow");
  return [...rules, ...(rest ? [run("ebtables", "-A", "FORWARD", "-p", "IPv4", "-j", "DROP")] : [])];
}

function addressSteps(netns: Netns, names: Names): readonly Step[] {
  return netns.addresses
    .filter(({ by, ip }) => by !== "kernel" && ip.family === 4)
    .map((address) => ({
      kind: "run",
      place: netns.name,
      netns: kernelName(names, netns.name),
      // Without a broadcast address only where the prefix has none; `brd +` is what agents ask for too.
      argv: addressCommand(address).split(" "),
    }));
}

function settingSteps(netns: Netns, names: Names): readonly Step[] {
  const told = [...netns.sysctls].filter(([key]) => !/\.conf\.default\./.test(key) && !key.startsWith("net.ipv6."));
  // Whether everything forwards is written before what single devices do, which it would overwrite.
  const wide = ([key]: readonly [string, string]) => Number(/^net\.ipv4\.ip_forward$|\.conf\.all\./.test(key));
  const here = kernelName(names, netns.name);
  const devices = [...netns.links.values()].filter(({ kind }) => kind !== "loopback");
  return [
    ...devices.flatMap(({ name }) =>
      NEIGHBOURS.map(([key, value]) => setting(netns, here, `net/ipv4/neigh/${name}/${key}`, value)),
    ),
    ...told.sort((a, b) => wide(b) - wide(a)).map(([key, value]) => setting(netns, here, sysctlPath(key), value)),
  ];
}

function rowSteps(netns: Netns, names: Names): readonly Step[] {
  const run = (words: string, refused?: Refused): Command => ({
    kind: "run",
    place: netns.name,
    netns: kernelName(names, netns.name),
    argv: words.split(" "),
    ...(refused && { refused: { errno: refused.errno, text: refused.text } }),
  });
  const own = <R extends { readonly by: string }>(rows: Iterable<R>) => [...rows].filter(({ by }) => by !== "kernel");
  const routes = own(netns.routes.rows()).filter(({ dst }) => dst.family === 4);
  const neighbours = own(netns.neighbours.rows()).filter(({ ip }) => ip.family === 4);
  return [
    ...routes.flatMap((row) => {
      const add = run(addCommand({ table: "route", row }));
      const way = outlived(netns, row);
      return way === undefined ? [add] : [run(`ip route add ${way}`), add, run(`ip route del ${way}`)];
    }),
    ...own(netns.rules)
      .filter((rule) => (rule.family ?? rule.from?.family ?? rule.to?.family ?? 4) === 4)
      .map((rule) => run(ruleCommand(rule))),
    ...neighbours.map((row) => run(addCommand({ table: "neigh", row }))),
    ...own(netns.fdb.rows())
      .filter(({ dst }) => dst?.family !== 6)
      .map((row) => run(addCommand({ table: "fdb", row }))),
    ...[...netns.refused()].flatMap((refused) => {
      const { asked } = refused;
      const replayed = asked.table === "route" || asked.table === "neigh" || asked.table === "fdb";
      return replayed ? [run(addCommand(asked), refused)] : [];
    }),
  ];
}

/**
 * The way to a route's gateway that the table no longer holds: the route was accepted while it was there, and stays when
 * it goes. The lab lends it for a moment.
 */
function outlived(netns: Netns, row: Route): string | undefined {
  const refused = row.via && row.dev !== undefined && refusal(netns, { table: "route", row });
  return refused ? `${row.via} dev ${row.dev} scope link` : undefined;
}

function forwardStep(netns: Netns, { process, tun, ip, port, buffer }: Forwarder, names: Names): Step {
  const here = kernelName(names, netns.name);
  const leases = [...netns.leases.rows()].filter((row) => row.process === process);
  const own = netns.addresses.find(({ dev }) => dev === tun)?.ip;
  return {
    kind: "forward",
    place: netns.name,
    netns: here,
    config: {
      netns: here,
      tun,
      ip: `${ip}`,
      port,
      buffer,
      own: own ? `${own}` : null,
      leases: leases.map((row) => [`${row.dst}`, `${row.to}`, row.port] as const),
    },
  };
}

function missingOf(all: readonly Netns[]): readonly string[] {
  const six = all.some((netns) => netns.addresses.some(({ ip }) => ip.family === 6));
  return six ? ["IPv6 is switched off in the lab: only IPv4 is built and sent"] : [];
}
