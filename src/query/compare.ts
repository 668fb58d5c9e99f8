import { arrives } from "../diagnose/conclusion.ts";
import { bgpView, buildNetwork, type ModelNetwork } from "../modes/build.ts";
import type { Mode } from "../modes/mode.ts";
import type { Problem } from "../topology/problem.ts";
import type { Topology } from "../topology/topology.ts";
import type { Answer, Direction } from "../trace/answer.ts";
import { frameNeed, places } from "../trace/project.ts";
import { type Ask, answerQuestion, questionOf } from "./answer.ts";
import { type Frame, framesOf, networkOf, type Requirement, requirementsOf } from "./contract.ts";
import { type Holds, holdsOf } from "./holds.ts";
import { type NeededSetting, neededSettings } from "./settings.ts";

/** One mode's answer to the packet, and what it costs. Everything here was walked or counted, nothing declared. */
export interface Compared {
  readonly mode: Mode;
  readonly answer: Answer;
  readonly delivers: boolean;
  /** Whether its nodes speak BGP to one another or to routers. */
  readonly bgp: boolean;
  /** What the underlay must do: `pass udp/8472`, `be one L2 segment`, `carry pod routes`. */
  readonly fabric: readonly string[];
  /** The same as a ticket, BGP sessions included. */
  readonly contract: readonly Requirement[];
  readonly holds?: Holds;
  readonly settings: readonly NeededSetting[];
}

/** A mode that the topology cannot be asked about, as one without IPv6. */
export interface Refused {
  readonly mode: Mode;
  readonly problems: readonly Problem[];
}

export interface Comparison {
  readonly topology: string;
  readonly compared: readonly Compared[];
  readonly refused: readonly Refused[];
}

/** Asks the same packet in every mode. A mode that cannot be asked is told apart, with its problems. */
export function compareModes(topology: Topology, modes: readonly Mode[], ask: Ask): Comparison {
  const compared: Compared[] = [];
  const refused: Refused[] = [];
  for (const mode of modes) {
    const outcome = compareOne(topology, mode, ask);
    if (outcome.ok) compared.push(outcome.value);
    else refused.push({ mode, problems: outcome.problems });
  }
  return { topology: topology.name, compared, refused };
}

function compareOne(topology: Topology, mode: Mode, ask: Ask) {
  const built = buildNetwork(topology, mode, ask.faults ?? []);
  if (!built.ok) return built;
  const question = questionOf(topology, built.value, mode, ask);
  if (!question.ok) return question;
  const answer = answerQuestion(built.value, question.value);
  const directions = [answer.forward, answer.reply];
  const [host, other] = [hostOf(topology, answer.question.src.netns), hostOf(topology, answer.question.dst.netns)];
  const peer = other !== host ? other : [...topology.hosts.keys()].find((name) => name !== host);
  const holds = host === undefined ? undefined : holdsOf(built.value, host, peer);
  const isGood = arrives(answer.verdict);
  return {
    ok: true,
    value: {
      mode,
      answer,
      delivers: isGood,
      bgp: mode.bgp(topology),
      fabric: fabricOf(answer),
      contract: [
        ...requirementsOf(topology, directions),
        ...sessions(topology, built.value, machinesOf(topology, directions)),
      ],
      ...(holds && { holds }),
      settings: neededSettings(topology, mode, (changed) => holdsUp(changed, mode, ask, topology, isGood)),
    },
  } as const;
}

/** Whether a packet and its reply arrive in a topology with other settings; as it is, that is known. */
function holdsUp(changed: Topology, mode: Mode, ask: Ask, own: Topology, known: boolean): boolean {
  if (changed === own) return known;
  const built = buildNetwork(changed, mode, ask.faults ?? []);
  const question = built.ok ? questionOf(changed, built.value, mode, ask) : built;
  return built.ok && question.ok && arrives(answerQuestion(built.value, question.value).verdict);
}

function hostOf(topology: Topology, netns: string | undefined): string | undefined {
  const [, kind, name = ""] = /^(host|pod)\/(.*)$/.exec(netns ?? "") ?? [];
  return kind === "pod" ? topology.pods.get(name)?.host : kind === "host" ? name : undefined;
}

/** What the frames need of whoever carries them; of a row that was refused, what would have made it good. */
function fabricOf({ forward, reply }: Answer): readonly string[] {
  const needs = new Set<string>();
  for (const direction of [forward, reply]) {
    if (!direction) continue;
    for (const frame of framesOf(direction)) {
      const what = frameNeed(frame);
      if (what !== "any-ip") needs.add(`pass ${what}`);
      else needs.add(offLink(direction) || isDirect(frame) ? ONE_SEGMENT : POD_ROUTES);
    }
  }
  // Frames between hosts alone need one segment; as soon as a router carries some, it needs routes.
  if (needs.has(POD_ROUTES)) needs.delete(ONE_SEGMENT);
  return [...needs];
}

const ONE_SEGMENT = "be one L2 segment";
const POD_ROUTES = "carry pod routes";

function offLink({ diagnosis }: Direction): boolean {
  return diagnosis.because.some(({ code }) => code === "NEXTHOP_NOT_ONLINK");
}

function isDirect({ from, to }: Frame): boolean {
  return from.startsWith("host/") && to?.startsWith("router/") !== true;
}

/** The hosts at the ends, and the routers on the way. */
function machinesOf(topology: Topology, directions: readonly (Direction | undefined)[]): readonly string[] {
  const all = directions.flatMap((direction) => (direction ? places(direction.trace) : []));
  const machines = all.map((place) => hostOf(topology, place) ?? place.replace(/^router\//, ""));
  return [...new Set(machines)];
}

/** BGP sessions as lines of the ticket: every pair of networks between which one of these machines wants a session. */
function sessions(topology: Topology, network: ModelNetwork, machines: readonly string[]): readonly Requirement[] {
  const found = new Map<string, Requirement>();
  for (const machine of machines) {
    for (const { speaker, sessions } of bgpView(network, machine)) {
      for (const { address } of sessions) {
        if (!address) continue;
        const [from, to] = [networkOf(topology, speaker.address), networkOf(topology, address)];
        const why = "BGP sessions, whichever side opens them";
        if (!found.has(`${to} ${from}`)) found.set(`${from} ${to}`, { what: "tcp/179", from, to, segments: [], why });
      }
    }
  }
  return [...found.values()];
}
