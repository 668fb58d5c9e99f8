import { refusal } from "../kernel/admit.ts";
import { derivedRows } from "../kernel/derived.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Network, Segment } from "../kernel/network.ts";
import type { Forwarder } from "../kernel/process.ts";
import type { Refusal, Refused } from "../kernel/refused.ts";
import type { Route } from "../kernel/route.ts";
import { addCommand, addressCommand, routeText, ruleCommand } from "../render/iproute.ts";
import { kernelName, type Names, namesOf } from "./names.ts";
import { filterSteps } from "./plan-filter.ts";
import { families, groundSteps, setting, settingSteps } from "./plan-ground.ts";
import { linkSteps, SEGMENT_BRIDGE, stateSteps, upSteps } from "./plan-links.ts";
import { wireguardSteps } from "./plan-wireguard.ts";
import type { Command, Step } from "./step.ts";

/** Everything that makes a network in a kernel, in order. */
export interface Plan {
  readonly names: Names;
  readonly steps: readonly Step[];
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
    ...all.flatMap((netns) => settingSteps(netns, names)),
    ...all.flatMap((netns) => rowSteps(netns, names)),
    ...all.flatMap((netns) => filterSteps(netns, names)),
    ...all.flatMap((netns) => stateSteps(netns, names)),
    ...all.map((netns) => ({ kind: "bare", netns: kernelName(names, netns.name), place: netns.name }) as const),
    ...all.flatMap((netns) => netns.forwarders.map((row) => forwardStep(netns, row, names))),
  ];
  return { names, steps };
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

type Run = (...argv: readonly string[]) => Command;

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
  const known = [...new Set(cards.flatMap((card) => families(card.netns)))];
  return [
    ...cards.map((_, k) => run("ip", "link", "set", "dev", `p${k}`, "master", SEGMENT_BRIDGE, "up")),
    run("ip", "link", "set", "dev", SEGMENT_BRIDGE, "mtu", `${segment.mtu}`),
    ...(known.includes(6) && (segment.sourceDestCheck || segment.fabric.length > 0) ? discoverySteps(run) : []),
    ...(segment.sourceDestCheck ? cards.flatMap((card, k) => checkSteps(card, `p${k}`, run)) : []),
    ...fabricSteps(segment, known, run),
    { kind: "bare", place, netns },
  ];
}

/** What comes from a host's card must be from its address, and what goes there for it. */
function checkSteps({ netns, dev }: Card, port: string, run: Run): readonly Step[] {
  if (netns.kind !== "host") return [];
  return families(netns).flatMap((family) => {
    const { frame, option, six } = EBTABLES[family];
    const own = netns.addresses.filter((address) => address.dev === dev && address.ip.family === family);
    const check = (chain: string, way: string, field: string) => [
      run("ebtables", "-N", chain, "-P", "DROP"),
      ...own.map(({ ip }) => run("ebtables", "-A", chain, "-p", frame, field, `${ip}`, "-j", "RETURN")),
      run("ebtables", "-A", "FORWARD", way, port, "-p", frame, "-j", chain),
    ];
    return [
      ...check(`from-${port}${six}`, "-i", `${option}-source`),
      ...check(`to-${port}${six}`, "-o", `${option}-destination`),
    ];
  });
}

/** What the fabric eats, as rules of the segment's bridge. */
function fabricSteps({ fabric }: Segment, known: readonly (4 | 6)[], run: Run): readonly Step[] {
  return known.flatMap((family) => {
    const { frame, option } = EBTABLES[family];
    const rules = fabric.map(({ verdict, protocol, port }) => {
      const dport = port === undefined ? [] : [`${option}-destination-port`, `${port}`];
      const match = ["-p", frame, `${option}-protocol`, `${protocol}`, ...dport];
      return run("ebtables", "-A", "FORWARD", ...match, "-j", verdict === "drop" ? "DROP" : "ACCEPT");
    });
    const rest = fabric.some(({ verdict }) => verdict === "allow");
    return [...rules, ...(rest ? [run("ebtables", "-A", "FORWARD", "-p", frame, "-j", "DROP")] : [])];
  });
}

/** How ebtables speaks of a family. */
const EBTABLES = {
  4: { frame: "IPv4", option: "--ip", six: "" },
  6: { frame: "IPv6", option: "--ip6", six: "-6" },
} as const;

/** Neighbours are found in every fabric. */
function discoverySteps(run: Run): readonly Step[] {
  const match = ["-p", "IPv6", "--ip6-protocol", "ipv6-icmp", "--ip6-icmp-type", "133:137/0:255"];
  return [run("ebtables", "-A", "FORWARD", ...match, "-j", "ACCEPT")];
}

function addressSteps(netns: Netns, names: Names): readonly Step[] {
  return netns.addresses
    .filter(({ by }) => by !== "kernel")
    .map((address) => ({
      kind: "run",
      place: netns.name,
      netns: kernelName(names, netns.name),
      // Without a broadcast address only where the prefix has none; `brd +` is what agents ask for too.
      argv: addressCommand(address).split(" "),
    }));
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
  const routes = own(netns.routes.rows());
  const neighbours = own(netns.neighbours.rows());
  return [
    ...unmade(netns).map((row) => run(`ip ${row.dst.family === 6 ? "-6 " : ""}route del ${routeText(row)}`)),
    ...routes.flatMap((row) => {
      const add = run(besides(netns, row, addCommand({ table: "route", row })));
      const way = outlived(netns, row);
      return way === undefined ? [add] : [run(`ip route add ${way}`), add, run(`ip route del ${way}`)];
    }),
    ...own(netns.rules).flatMap((rule) => {
      const told = rule.family ?? rule.from?.family ?? rule.to?.family;
      return families(netns).flatMap((family) =>
        told === undefined || told === family ? [run(ruleCommand({ ...rule, family }))] : [],
      );
    }),
    ...neighbours.map((row) => run(addCommand({ table: "neigh", row }))),
    ...own(netns.fdb.rows()).map((row) => run(addCommand({ table: "fdb", row }))),
    ...[...netns.refused()].flatMap((refused) => {
      const { asked } = refused;
      const replayed = asked.table === "route" || asked.table === "neigh" || asked.table === "fdb";
      return replayed ? [run(addCommand(asked), refused)] : [];
    }),
  ];
}

/** Rows that the kernel makes of the addresses, and that somebody took away or put another in the place of. */
function unmade(netns: Netns): readonly Route[] {
  const standing = new Set([...netns.routes.rows()].filter(({ by }) => by === "kernel").map(routeText));
  return derivedRows(netns).filter((row) => !standing.has(routeText(row)));
}

/**
 * The command for a row of which the kernel has made one alike: it takes none in its place (`NLM_F_EXCL`), but one before
 * it or behind it.
 */
function besides(netns: Netns, row: Route, command: string): string {
  const rows = [...netns.routes.rows()];
  const twin = rows.findIndex(
    (other) =>
      other.by === "kernel" && other.table === row.table && other.metric === row.metric && other.dst.equals(row.dst),
  );
  if (twin < 0 || row.dst.family === 6) return command;
  return command.replace("route add", twin < rows.indexOf(row) ? "route append" : "route prepend");
}

/**
 * The way to a route's gateway that the table no longer holds: the route was accepted while it was there, and stays when
 * it goes. The lab lends it for a moment.
 */
function outlived(netns: Netns, row: Route): string | undefined {
  const refused = row.via && row.dev !== undefined && refusal(netns, { table: "route", row });
  return refused ? `${row.via} dev ${row.dev} scope link` : undefined;
}

/** What a process hears that would listen at an address which is not its machine's. */
const NOT_OWN: Refusal = { errno: "EADDRNOTAVAIL", text: "Cannot assign requested address" };

function forwardStep(netns: Netns, { process, tun, ip, port, buffer }: Forwarder, names: Names): Step {
  const here = kernelName(names, netns.name);
  const leases = [...netns.leases.rows()].filter((row) => row.process === process);
  const own = netns.addresses.find(({ dev }) => dev === tun)?.ip;
  return {
    kind: "forward",
    place: netns.name,
    netns: here,
    ...(!netns.addresses.some((row) => row.ip.equals(ip)) && { refused: NOT_OWN }),
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
