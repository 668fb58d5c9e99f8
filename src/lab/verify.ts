import type { Network } from "../kernel/network.ts";
import type { Endpoint } from "../trace/answer.ts";
import { type Agreement, type Answers, agreementOf, compareSent, pairsOf, type Questions, type Sent } from "./agree.ts";
import { type Case, casesOf } from "./cases.ts";
import { expectedOf } from "./expect.ts";
import { ask, run } from "./helper.ts";
import type { ProbesFile } from "./layout.ts";
import { tunnelsOf } from "./observe.ts";
import { type Plan, planLab } from "./plan.ts";
import { type Pace, probesOf } from "./probes.ts";
import { bringUp, takeDown } from "./up.ts";

export type Pair = readonly [from: Endpoint, to: Endpoint];

/** What is sent between some places: the cases of each pair together. */
export type Cases = readonly (readonly Case[])[];

/** All that a kernel is asked about a network: how the lab is made, and what is sent in it. */
export interface Job {
  readonly plan: Plan;
  readonly probes: ProbesFile;
}

/** The packets of each pair, or some of them only. */
export function casesBetween(
  network: Network,
  pairs: readonly Pair[],
  only: (one: Case) => boolean = () => true,
): Cases {
  return pairs.map(([from, to]) => casesOf(network, from, to).filter(only)).filter((cases) => cases.length > 0);
}

/** What a kernel would be asked; it can be asked elsewhere. */
export function prepare(network: Network, cases: Cases, prefix: string): Job {
  const plan = planLab(network, prefix);
  return { plan, probes: asked(network, plan, cases, "elsewhere") };
}

function asked(network: Network, { names }: Plan, pairs: Cases, pace: Pace): ProbesFile {
  const hashed = new Set([...tunnelsOf(network)].flatMap(([port, kind]) => (kind === "vxlan" ? [port] : [])));
  return probesOf(
    network,
    names,
    pairs.map((cases) => expectedOf(network, cases, hashed)),
    pace,
  );
}

/** A comparison, with what was asked and answered in it. */
export interface Verified {
  readonly job: Job;
  readonly answers: Answers;
  readonly agreement: Agreement;
}

/** Builds the network in this kernel, sends every case in both, and takes the lab down again whatever happens. */
export function verify(network: Network, cases: Cases, prefix: string): Verified {
  const { plan, probes } = prepare(network, [], prefix);
  try {
    const built = bringUp(plan);
    const tables = JSON.parse(ask("dump", [], { netns: probes.netns }));
    const sent = sendAll(network, plan, cases);
    const job = { plan, probes: { ...probes, probes: sent.map(({ probe }) => probe) } };
    const answers = { kernel: kernelRelease(), built, tables, frames: sent.map(({ probed }) => probed) };
    return { job, answers, agreement: agreementOf(network, questionsOf(job), answers) };
  } finally {
    takeDown(prefix);
  }
}

function questionsOf({ plan: { names, steps }, probes }: Job): Questions {
  return { names, steps, probes: probes.probes };
}

/**
 * Sends the cases of every pair. A busy machine may be late: what differs is sent once more, with patience, from another
 * port, and what was sent before it too, because a late frame may have been its.
 */
export function sendAll(network: Network, plan: Plan, pairs: Cases): readonly Sent[] {
  const first = send(network, plan, pairs, "brisk");
  const doubtful = first.map((sent) => {
    const differing = compareSent(network, plan.names, sent).map(({ differs }) => differs.length > 0);
    const ports = sent.flatMap(({ probe }, k) => (differing[k] || differing[k + 1] ? [probe.sport] : []));
    return new Set(ports);
  });
  const retried = pairs.map((cases, k) =>
    cases
      .filter(({ question }) => doubtful[k]?.has(question.sport))
      .map((each) => ({ ...each, question: { ...each.question, sport: each.question.sport + RETRY_PORTS } })),
  );
  const second = retried.flat().length > 0 ? send(network, plan, retried, "patient").flat() : [];
  return [...first.flatMap((sent, k) => sent.filter(({ probe }) => !doubtful[k]?.has(probe.sport))), ...second];
}

/** Away from the ports of the first attempt, which connection tracking still knows. */
const RETRY_PORTS = 1000;

/** Sends cases in the lab that stands, and reads back every frame, pair by pair. */
function send(network: Network, plan: Plan, pairs: Cases, pace: Pace): readonly (readonly Sent[])[] {
  if (pairs.length === 0) return [];
  const told = asked(network, plan, pairs, pace);
  const said = ask("probe", [], told).trim().split("\n");
  return pairsOf(
    told.probes,
    said.map((line) => JSON.parse(line)),
  );
}

function kernelRelease(): string {
  return run(["uname", "-r"]).text.trim();
}

/** Pods of a network in pairs, both ways and in each family, the nearest to the start of the file first. */
export function podPairs(network: Network, most: number): readonly Pair[] {
  const pods = [...network.names()].filter((name) => name.startsWith("pod/"));
  const pairs = pods.flatMap((from) => pods.filter((to) => to !== from).map((to) => [from, to] as const));
  return pairs.slice(0, most).flatMap(([from, to]) =>
    ([4, 6] as const).flatMap((family) => {
      const [src, dst] = [endpointOf(network, from, family), endpointOf(network, to, family)];
      return src && dst ? [[src, dst] as const] : [];
    }),
  );
}

function endpointOf(network: Network, netns: string, family: 4 | 6): Endpoint | undefined {
  const own = network
    .netns(netns)
    ?.addresses.find(({ dev, ip, by }) => dev !== "lo" && ip.family === family && by !== "kernel");
  return own && { name: netns.replace(/^pod\/(default\/)?/, ""), netns, ip: own.ip };
}
