import type { Network } from "../kernel/network.ts";
import type { Endpoint } from "../trace/answer.ts";
import { type Case, casesOf } from "./cases.ts";
import { compareCase, type Disagreement } from "./compare.ts";
import { expectedOf } from "./expect.ts";
import type { Names } from "./names.ts";
import { observe, tunnelsOf } from "./observe.ts";
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
  const tunnels = tunnelsOf(network);
  const hashed = new Set([...tunnels].flatMap(([port, kind]) => (kind === "vxlan" ? [port] : [])));
  const expected = expectedOf(network, casesOf(network, from, to).filter(only), hashed);
  const observed = observe(network, names, expected);
  return {
    from: from.name,
    to: to.name,
    cases: expected.length,
    frames: observed.reduce((sum, { lines }) => sum + lines.length, 0),
    disagreements: expected.flatMap((one, k) => {
      const seen = observed[k];
      return seen ? compareCase(one, seen) : [];
    }),
  };
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
