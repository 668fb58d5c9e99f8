import type { Session } from "../bgp/session.ts";
import type { Expectation } from "../expect/expectation.ts";
import type { LintFinding, Severity, Sighting } from "../lint/finding.ts";
import { SEVERITIES } from "../lint/finding.ts";
import { kindsOf } from "../lint/kinds.ts";
import { findingsOf, type Locate, sightings } from "../lint/lint.ts";
import type { Scope } from "../lint/scope.ts";
import { bgpView, buildNetwork, type ModelNetwork } from "../modes/build.ts";
import { routersOf } from "../modes/gateways.ts";
import type { Mode } from "../modes/mode.ts";
import type { Outcome } from "../topology/problem.ts";
import type { Fault, Topology } from "../topology/topology.ts";
import { type Built, type Ending, PairWalks } from "./all-pairs.ts";
import { type Expected, expected, namedPlaces } from "./expect.ts";
import { type Failing, failAny, type Losses } from "./fail-any.ts";
import { walkWays } from "./ways.ts";

/** What is looked at: a topology in a mode, with what is done to it. */
export interface CheckAsk {
  readonly topology: Topology;
  readonly mode: Mode;
  readonly faults?: readonly Fault[];
  /** Where a path of the topology's file stands. */
  readonly locate?: Locate;
  /** Leave the pairs of pods out: only the lint. */
  readonly lintOnly?: boolean;
  readonly expectations?: readonly Expectation[];
  /** Kinds of elements that are taken away, one after the other. */
  readonly failAny?: readonly Failing[];
  /** Told what is being done, and how far it is. */
  readonly onProgress?: (what: string, done: number, of: number) => void;
}

/** The answer to `check`. */
export interface CheckAnswer {
  readonly mode: string;
  readonly topology: string;
  readonly lint: Lint;
  readonly pairs?: PairCounts;
  readonly expected: readonly Expected[];
  readonly losses?: Losses;
}

/** All ordered pairs of pods, counted by how both probes between them ended. */
export interface PairCounts {
  readonly pods: number;
  readonly pairs: number;
  /** Of so many classes one pair each was walked. */
  readonly classes: number;
  readonly endings: readonly PairCount[];
}

/** Pairs whose probe ended alike, and one of them. */
export interface PairCount extends Ending {
  /** The usual packet, or one of the sender's MTU that is not to be fragmented. */
  readonly packet: "small" | "full";
  readonly pairs: number;
  readonly witness: readonly [src: string, dst: string];
}

/** What is wrong, and how much was looked at to say so. */
export interface Lint {
  /** The worst first, then in the order of the file. */
  readonly findings: readonly LintFinding[];
  readonly counts: Readonly<Record<Severity, number>>;
  readonly looked: {
    readonly hosts: number;
    /** Kinds of hosts; one host of each was read. */
    readonly kinds: number;
    /** Pairs of kinds between which a packet could go, and those between which one was walked. */
    readonly pairs: number;
    readonly walked: number;
  };
}

/**
 * Answers `check`: reads the tables of one host of each kind and of every router, and walks packets between kinds, so
 * that the work grows with the kinds and not with the hosts. Then all pairs of pods by classes, what is expected of
 * some of them, and what breaks when something fails.
 */
export function checkQuestion(ask: CheckAsk): Outcome<CheckAnswer> {
  const linted = lintOf(ask);
  if (!linted.ok) return linted;
  const { topology, mode, faults = [], expectations = [], failAny: failing = [], onProgress = () => {} } = ask;
  const answer = { mode: mode.name, topology: topology.name, lint: linted.value.lint, expected: [] };
  if (ask.lintOnly) return { ok: true, value: answer };
  const { carried, network } = linted.value;
  const built = { topology: carried, mode, network, faults: [...carried.faults, ...faults] };
  const walks = new PairWalks(built, namedPlaces(expectations));
  const pairs = countPairs(built, walks, onProgress);
  const held = expectations.map((expectation, i) => {
    onProgress("expectations", i, expectations.length);
    return expected(expectation, walks, built);
  });
  const losses = failAny(failing, built, walks, (done, of) => onProgress("elements taken away", done, of));
  if (!losses.ok) return losses;
  return { ok: true, value: { ...answer, pairs, expected: held, ...(failing.length > 0 && { losses: losses.value }) } };
}

function countPairs(
  { topology }: Built,
  walks: PairWalks,
  onProgress: NonNullable<CheckAsk["onProgress"]>,
): PairCounts {
  const { pairs, classes } = walks.answer({ onClass: (_, __, done, of) => onProgress("classes of pairs", done, of) });
  const counts = new Map<string, PairCount>();
  for (const packet of ["small", "full"] as const) {
    for (const each of classes) {
      const { verdict, code } = each[packet];
      const key = `${packet} ${verdict} ${code}`;
      const known = counts.get(key);
      const { witness } = known ?? each;
      counts.set(key, { packet, verdict, code, pairs: each.pairs + (known?.pairs ?? 0), witness });
    }
  }
  return { pods: topology.pods.size, pairs, classes: classes.length, endings: [...counts.values()] };
}

function lintOf({ topology, mode, faults = [], locate = () => undefined }: CheckAsk) {
  const carried = inFamilies(topology, mode);
  const built = buildNetwork(carried, mode, faults);
  if (!built.ok) return built;
  const network = built.value;
  const scope = scopeOf(carried, network, [...topology.faults, ...faults]);
  const ways = walkWays(scope, mode);
  const seen = once([...ofMode(topology, mode), ...sightings(scope)], ways.seen);
  const findings = findingsOf(seen, scope.faults, locate);
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const lint: Lint = {
    findings,
    counts: { error: count("error"), warning: count("warning"), note: count("note") },
    looked: { hosts: topology.hosts.size, kinds: scope.kinds.length, pairs: ways.pairs, walked: ways.walked },
  };
  return { ok: true, value: { lint, carried, network } } as const;
}

function scopeOf(topology: Topology, network: ModelNetwork, faults: readonly Fault[]): Scope {
  return {
    topology,
    network,
    faults,
    kinds: kindsOf(topology, network, faults),
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
function inFamilies(topology: Topology, { families, networks }: Mode): Topology {
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
