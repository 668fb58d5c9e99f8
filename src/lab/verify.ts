import type { Network } from "../kernel/network.ts";
import type { Endpoint } from "../trace/answer.ts";
import { type Case, casesOf } from "./cases.ts";
import { compareCase, type Disagreement } from "./compare.ts";
import { expectedOf } from "./expect.ts";
import type { Names } from "./names.ts";
import { observe, type Pace, tunnelsOf } from "./observe.ts";
import { planLab } from "./plan.ts";
import { compareTables } from "./tables.ts";
import { bringUp, takeDown } from "./up.ts";

/** How a model and a kernel got on. */
export interface Agreement {
  readonly mode: string;
  readonly topology: string;
  readonly pairs: readonly PairAgreement[];
  /** Rows the kernel took or refused otherwise than the model, and tables that differ. */
  readonly tables: readonly Disagreement[];
  readonly missing: readonly string[];
}

export interface PairAgreement {
  readonly from: string;
  readonly to: string;
  readonly cases: number;
  /** Those that differed at first and were sent again. */
  readonly repeated: number;
  /** Frames that were compared. */
  readonly frames: number;
  readonly disagreements: readonly Disagreement[];
}

export interface VerifyOptions {
  readonly prefix: string;
  /** Some of the cases only; default: all. */
  readonly only?: (one: Case) => boolean;
}

/** Builds the network in this kernel, sends every case in both, and takes the lab down again whatever happens. */
export function verify(
  network: Network,
  pairs: readonly (readonly [Endpoint, Endpoint])[],
  { prefix, only = () => true }: VerifyOptions,
): Agreement {
  const plan = planLab(network, prefix);
  try {
    const surprises = bringUp(plan).map(({ place, command, expected, observed }) => ({
      case: "rows",
      about: `${place}: ${command}`,
      expected: [expected],
      observed: [observed],
    }));
    const tables = [...surprises, ...compareTables(network, plan.names)];
    const compared = pairs.map(([from, to]) => comparePair(network, plan.names, [from, to], only));
    return { mode: network.mode, topology: network.topology, pairs: compared, tables, missing: plan.missing };
  } finally {
    takeDown(prefix);
  }
}

function comparePair(
  network: Network,
  names: Names,
  [from, to]: readonly [Endpoint, Endpoint],
  only: (one: Case) => boolean,
): PairAgreement {
  const cases = casesOf(network, from, to).filter(only);
  const first = attempt(network, names, cases, "brisk");
  // A busy machine may be late. What differs is sent once more, with patience and from another port.
  const doubtful = new Set(first.flatMap(({ differs, sport }) => (differs.length > 0 ? [sport] : [])));
  const retried = cases
    .filter(({ question }) => doubtful.has(question.sport))
    .map((each) => ({ ...each, question: { ...each.question, sport: each.question.sport + RETRY_PORTS } }));
  const second = retried.length > 0 ? attempt(network, names, retried, "patient") : [];
  return {
    from: from.name,
    to: to.name,
    cases: cases.length,
    repeated: retried.length,
    frames: first.reduce((sum, { frames }) => sum + frames, 0),
    disagreements: second.flatMap(({ differs }) => differs),
  };
}

/** Away from the ports of the first attempt, which connection tracking still knows. */
const RETRY_PORTS = 1000;

interface Attempt {
  readonly sport: number;
  readonly frames: number;
  readonly differs: readonly Disagreement[];
}

function attempt(network: Network, names: Names, cases: readonly Case[], pace: Pace): readonly Attempt[] {
  const tunnels = tunnelsOf(network);
  const hashed = new Set([...tunnels].flatMap(([port, kind]) => (kind === "vxlan" ? [port] : [])));
  const expected = expectedOf(network, cases, hashed);
  const observed = observe(network, names, expected, pace);
  return expected.map((one, k) => {
    const seen = observed[k];
    if (!seen) throw new Error(`the helper said nothing of ${one.case.id}`);
    return { sport: one.case.question.sport, frames: seen.lines.length, differs: compareCase(one, seen) };
  });
}

/** Pods of a network in pairs, both ways, the nearest to the start of the file first. */
export function podPairs(network: Network, most: number): readonly (readonly [Endpoint, Endpoint])[] {
  const pods = [...network.names()]
    .filter((name) => name.startsWith("pod/"))
    .flatMap((name) => endpointOf(network, name) ?? []);
  return pods.flatMap((from) => pods.filter((to) => to !== from).map((to) => [from, to] as const)).slice(0, most);
}

function endpointOf(network: Network, netns: string): Endpoint | undefined {
  const own = network.netns(netns)?.addresses.find(({ dev, ip }) => dev !== "lo" && ip.family === 4);
  return own && { name: netns.replace(/^pod\/(default\/)?/, ""), netns, ip: own.ip };
}
