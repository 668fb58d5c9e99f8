import { Ip } from "../addr/ip.ts";
import type { Network } from "../kernel/network.ts";
import type { Endpoint } from "../trace/answer.ts";
import type { Case } from "./cases.ts";
import { compareCase, type Disagreement } from "./compare.ts";
import { expectedOf } from "./expect.ts";
import type { Probe, Probed, Said, Tables, Told } from "./layout.ts";
import { isArp, isRedirect } from "./lines.ts";
import type { Names } from "./names.ts";
import { observed, tunnelsOf } from "./observe.ts";
import { surprises } from "./surprise.ts";
import { compareTables } from "./tables.ts";

/** What a kernel was asked. */
export interface Questions {
  readonly names: Names;
  /** Absent: not told how the lab was made. */
  readonly steps?: readonly Told[];
  readonly probes: readonly Probe[];
}

/** What it answered. */
export interface Answers {
  /** Its release: `6.1.0-56-cloud-amd64`. */
  readonly kernel: string;
  readonly built?: readonly Said[];
  readonly tables?: Tables;
  /** One for each probe, in their order. */
  readonly frames: readonly Probed[];
}

/** How a model and a kernel got on. */
export interface Agreement {
  readonly mode: string;
  readonly topology: string;
  readonly kernel: string;
  readonly pairs: readonly PairAgreement[];
  /** Rows the kernel took or refused otherwise than the model, and tables that differ. */
  readonly tables: readonly Disagreement[];
  /** What was not compared, in a sentence each. */
  readonly missing: readonly string[];
}

export interface PairAgreement {
  readonly from: string;
  readonly to: string;
  readonly family: 4 | 6;
  readonly cases: number;
  /** Frames that were compared one by one; questions about neighbours are compared as a set, redirects as they come. */
  readonly frames: number;
  readonly disagreements: readonly Disagreement[];
}

/** Everything a kernel answered against what the model says now. Needs no kernel. */
export function agreementOf(
  network: Network,
  { names, steps, probes }: Questions,
  { kernel, built, tables, frames }: Answers,
): Agreement {
  return {
    mode: network.mode,
    topology: network.topology,
    kernel,
    pairs: pairsOf(probes, frames).map((pair) => agreementOfPair(network, names, pair)),
    tables: [
      ...(steps && built ? surprises(steps, built) : []),
      ...(tables ? compareTables(network, names, tables) : []),
    ],
    missing: [
      ...(steps && built ? [] : ["which rows the kernel took and refused is not recorded"]),
      ...(tables ? [] : ["the kernel's tables are not recorded"]),
    ],
  };
}

/** A packet that was sent, and what came of it. */
export interface Sent {
  readonly probe: Probe;
  readonly probed: Probed;
}

/** The packets of each pair together, in the order in which they were sent. */
export function pairsOf(probes: readonly Probe[], frames: readonly Probed[]): readonly (readonly Sent[])[] {
  const pairs = new Map<string, Sent[]>();
  probes.forEach((probe, k) => {
    const probed = frames[k];
    if (!probed) throw new Error(`no answer to ${probe.id}`);
    const key = JSON.stringify([probe.from, probe.to]);
    if (!probe.warming) pairs.set(key, [...(pairs.get(key) ?? []), { probe, probed }]);
  });
  return [...pairs.values()];
}

function agreementOfPair(network: Network, names: Names, sent: readonly Sent[]): PairAgreement {
  const compared = compareSent(network, names, sent);
  const { from, to } = (sent[0] as Sent).probe;
  return {
    from: from.name,
    to: to.name,
    family: to.ip.includes(":") ? 6 : 4,
    cases: sent.length,
    frames: compared.reduce((sum, { frames }) => sum + frames, 0),
    disagreements: compared.flatMap(({ differs }) => differs),
  };
}

interface Compared {
  readonly sport: number;
  readonly frames: number;
  readonly differs: readonly Disagreement[];
}

/** Walks the packets of one pair and holds each against what the kernel did with it. */
export function compareSent(network: Network, names: Names, sent: readonly Sent[]): readonly Compared[] {
  const tunnels = tunnelsOf(network);
  const hashed = new Set([...tunnels].flatMap(([port, kind]) => (kind === "vxlan" ? [port] : [])));
  const cases = sent.map(({ probe }) => caseOf(network, probe));
  return expectedOf(network, cases, hashed).map((expected, k) => {
    const seen = observed(network, names, expected, (sent[k] as Sent).probed);
    const { sport } = expected.case.question;
    return {
      sport,
      frames: expected.lines.filter((line) => !isArp(line) && !isRedirect(line)).length,
      differs: compareCase(expected, seen),
    };
  });
}

/** A probe as the case it was made from. */
function caseOf({ mode, topology }: Network, probe: Probe): Case {
  const { id, from, to, protocol, sport, dport, size, df, ttl, cold, open, keep } = probe;
  const src = endpointOf(from);
  const dst = endpointOf(to);
  return {
    id,
    question: { mode, topology, src, dst, protocol, sport, dport, size, df, ttl, cold, count: 1 },
    open,
    again: keep,
  };
}

function endpointOf({ name, place, ip }: Probe["from"]): Endpoint {
  const parsed = Ip.parse(ip);
  if (!parsed) throw new Error(`${ip} is no address`);
  return { name, ...(place !== undefined && { netns: place }), ip: parsed };
}
