import type { Session } from "../bgp/session.ts";
import type { LintFinding, Severity, Sighting } from "../lint/finding.ts";
import { SEVERITIES } from "../lint/finding.ts";
import { kindsOf } from "../lint/kinds.ts";
import { findingsOf, type Locate, sightings } from "../lint/lint.ts";
import type { Scope } from "../lint/scope.ts";
import { bgpView, type ModelNetwork } from "../modes/build.ts";
import { routersOf } from "../modes/gateways.ts";
import type { Mode } from "../modes/mode.ts";
import type { Topology } from "../topology/topology.ts";
import type { Built, PairWalks } from "./all-pairs.ts";
import type { PairOptions } from "./pair-classes.ts";
import { walkWays } from "./ways.ts";

/** What is wrong, and how much was looked at to say so. */
export interface Lint {
  /** The worst first, then in the order of the file. */
  readonly findings: readonly LintFinding[];
  readonly counts: Readonly<Record<Severity, number>>;
  readonly looked: {
    readonly hosts: number;
    /** Kinds of hosts; one host of each was read. */
    readonly kinds: number;
    /** Kinds of pairs of pods; packets of one pair of each were walked. */
    readonly ways: number;
  };
}

/** A network as the lint looks at it. */
export interface Linted {
  /** What the file says, families that the mode does not carry included. */
  readonly topology: Topology;
  readonly mode: Mode;
  /** The topology as far as the mode carries it, and its network. */
  readonly built: Built & { readonly network: ModelNetwork };
  readonly walks: PairWalks;
  readonly locate: Locate;
  /** The pairs of pods between which ways are looked at. */
  readonly ways: readonly PairOptions[];
}

/** Finds what is wrong in tables, and on the ways between pods and between nodes. */
export function lintOf(
  { topology, mode, built, walks, locate, ways: parts }: Linted,
  onWay: (done: number, of: number) => void,
): Lint {
  const scope = scopeOf(built, walks);
  const ways = walkWays(scope, mode, { walks, parts }, onWay);
  const seen = once([...ofMode(topology, mode), ...sightings(scope)], ways.seen);
  const findings = findingsOf(seen, scope.faults, locate);
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  return {
    findings,
    counts: { error: count("error"), warning: count("warning"), note: count("note") },
    looked: { hosts: topology.hosts.size, kinds: scope.kinds.length, ways: ways.walked },
  };
}

function scopeOf({ topology, network, faults }: Built & { readonly network: ModelNetwork }, walks: PairWalks): Scope {
  const { alike } = walks;
  return {
    topology,
    network,
    faults,
    kinds: kindsOf(alike, network, (host) => walks.ownNetwork(host)),
    siteOf: (host) => alike.siteOf(host),
    routers: [...routersOf(topology).keys()].flatMap((name) => network.netns(`router/${name}`) ?? []),
    sessions: (machine): readonly Session[] => bgpView(network, machine).flatMap((view) => view.sessions),
  };
}

/** What follows from what: where the first is found, the second is no news. */
const FOLLOWS: Readonly<Record<string, readonly string[]>> = {
  NODE_IP_MISDETECTED: ["UNDERLAY_NO_ROUTE", "FDB_STALE", "SRC_NO_ADDRESS"],
  BRIDGE_ADDR_MISMATCH: ["ARP_FAILED"],
  NODE_IP_DUPLICATE: ["ARP_FAILED"],
  BGP_NOT_ESTABLISHED: ["ROUTE_MISSING"],
};

/**
 * Without what is told already: tables are read of every kind of host, so a way that meets the same has nothing new to
 * say; and nothing is told twice of one place.
 */
function once(tables: readonly Sighting[], ways: readonly Sighting[]): readonly Sighting[] {
  const rank = ({ severity }: Sighting) => SEVERITIES.indexOf(severity);
  const news = ways.filter((way) => !tables.some((known) => known.code === way.code && rank(known) <= rank(way)));
  const all = [...tables, ...news];
  const consequences = new Set(all.flatMap(({ code }) => FOLLOWS[code] ?? []));
  const isWorse = (other: Sighting, one: Sighting) =>
    other.code === one.code && other.at === one.at && rank(other) < rank(one);
  return all.filter((one) => !consequences.has(one.code) && !all.some((other) => isWorse(other, one)));
}

/** What is to be said of a mode before anything is built in it. */
function* ofMode(topology: Topology, { name, deprecated, families, networks }: Mode): Generator<Sighting> {
  if (deprecated) {
    const text = `${name} is deprecated since ${deprecated.since}: ${deprecated.why}.`;
    yield { code: "MODE_DEPRECATED", severity: "warning", at: name, path: ["cni", "mode"], text };
  }
  for (const prefix of networks(topology)) {
    if (families.includes(prefix.family)) continue;
    const text = `${name} carries no IPv${prefix.family}, and the pods' network ${prefix} is IPv${prefix.family}: pods get no address of it. The rest was looked at without it.`;
    yield { code: "UNSUPPORTED", severity: "error", at: name, path: ["cluster", "podCIDR"], text };
  }
}

/** The topology as far as the mode has the families for it. */
export function inFamilies(topology: Topology, { families, networks }: Mode): Topology {
  const { cluster, cni, hosts } = topology;
  if (networks(topology).every(({ family }) => families.includes(family))) return topology;
  const carried = <T extends { readonly family: 4 | 6 }>(all: readonly T[]) =>
    all.filter(({ family }) => families.includes(family));
  const ipPools = cni.calico.ipPools.filter(({ cidr }) => families.includes(cidr.family));
  return {
    ...topology,
    cluster: { ...cluster, podCIDRs: carried(cluster.podCIDRs), podNetworks: carried(cluster.podNetworks) },
    cni: { ...cni, calico: { ...cni.calico, ipPools } },
    hosts: new Map([...hosts].map(([name, host]) => [name, { ...host, podCIDRs: carried(host.podCIDRs) }])),
  };
}
