import type { Network } from "../kernel/network.ts";
import type { Diagnosis, Finding, Verdict } from "../trace/answer.ts";
import { type Code, explainCode } from "../trace/codes.ts";
import type { Event } from "../trace/event.ts";
import { placeName } from "../trace/project.ts";
import { eventsOf, probePackets, type Trace } from "../trace/trace.ts";
import { causesOf } from "./causes.ts";
import { deathOf } from "./death.ts";
import type { Fact, Look } from "./fact.ts";
import { duplicates } from "./neighbour-causes.ts";
import { detours } from "./routing-causes.ts";
import { lossOf, namespace, type Scene, sceneOf } from "./scene.ts";
import { cuts } from "./size.ts";
import { checksumRisk, hiddenSender } from "./translation.ts";

/** A story and a list of commands that nobody reads to the end tell nothing. */
const MOST_SENTENCES = 4;
const MOST_COMMANDS = 5;

/**
 * Why the packet of one direction ended as it did. The code says where and of what it died; `because` holds the earlier
 * facts that led there, in the order of the path.
 */
export function diagnose(network: Network, trace: Trace): Diagnosis {
  const scene = sceneOf(network, trace);
  if (isForGroup(scene)) return unknown(scene);
  const loss = lossOf(scene);
  if (!loss) return scene.end ? delivered(scene, scene.end.at.netns) : unknown(scene);
  const death = deathOf(loss);
  const causes = causesOf(loss, death);
  const told = [...causes, death];
  return {
    verdict: verdictOf(death.code),
    code: death.code,
    at: death.at,
    // Names in lower case are ours, not the kernel's.
    ...(/^[A-Z]/.test(loss.reason) && { reason: loss.reason }),
    because: causes.map(finding),
    story: told.flatMap(({ plain, text }) => plain ?? [text]).slice(-MOST_SENTENCES),
    seeIt: looks(told),
  };
}

/** What a code makes of a packet that ended with it. */
function verdictOf(code: Code): Verdict {
  return explainCode(code).verdict === "undetermined" ? "UNDETERMINED" : "UNREACHABLE";
}

/** Risks that a packet meets though it arrives. */
function delivered(scene: Scene, netns: string): Diagnosis {
  const risks = [
    ...cuts(scene),
    ...detours(scene),
    ...duplicates(scene),
    ...hiddenSender(scene),
    ...checksumRisk(scene),
  ];
  const at = placeName(netns);
  const from = placeName(scene.trace.from);
  const { kind } = namespace(scene, netns);
  return {
    verdict: risks.length > 0 ? "REACHABLE_WITH_RISK" : "REACHABLE",
    code: kind === "pod" ? "DELIVERED" : "DELIVERED_TO_HOST",
    at,
    because: risks.map(finding),
    story: [`The packet from ${from} reaches ${at}${wrappedBy(scene)}.`, ...risks.map(({ text }) => text)].slice(
      0,
      MOST_SENTENCES,
    ),
    seeIt: looks(risks),
  };
}

function wrappedBy({ path }: Scene): string {
  const by = path.flatMap(({ at, action }) =>
    action.kind === "encapsulate" ? [`${action.by} on ${placeName(at.netns)}`] : [],
  );
  return by.length > 0 ? `, wrapped by ${by.join(" and ")}` : "";
}

/** Whether a packet has many receivers, and so no end of its own. */
function isForGroup({ sent: { dst }, path }: Scene): boolean {
  const broadcast = ({ action }: Event) => action.kind === "route" && action.found.route.type === "broadcast";
  return dst.isMulticast || path.some(broadcast);
}

/** Nothing says how the packet ended, or too much does. */
function unknown(scene: Scene): Diagnosis {
  const last = placeName(scene.path.at(-1)?.at.netns ?? scene.trace.from);
  const { dst } = scene.sent;
  const group = isForGroup(scene);
  const text = group
    ? `${dst} is for a group of receivers, and only packets for one receiver have one end. ${hearers(scene)}`
    : `The packet was last seen at ${last}, and nothing says what became of it.`;
  return {
    verdict: "UNDETERMINED",
    code: group ? "UNSUPPORTED" : "INSUFFICIENT_INFO",
    at: last,
    because: [],
    story: [text],
    seeIt: [{ at: last, command: `tcpdump -ni any host ${dst}`, expect: "what becomes of it" }],
  };
}

/** Who took a packet for everybody in, and whom it reached in vain. */
function hearers({ trace, sent }: Scene): string {
  if (sent.dst.isMulticast) return "Who has joined the group is not known here.";
  const probe = probePackets(trace);
  const names = (events: readonly Event[]) => [
    ...new Set(events.filter(({ packet }) => probe.has(packet)).map(({ at }) => placeName(at.netns))),
  ];
  const took = names(eventsOf(trace, "deliver"));
  const deaf = names(eventsOf(trace, "drop")).filter((name) => !took.includes(name) && name !== placeName(trace.from));
  const inVain = deaf.length > 0 ? ` It reaches ${deaf.join(", ")} too, in vain.` : "";
  return `${took.length > 0 ? `${took.join(", ")} ${took.length > 1 ? "take" : "takes"} it in.` : "Nobody takes it in."}${inVain}`;
}

function finding({ code, at, text, refused }: Fact): Finding {
  return { code, at, text, ...(refused && { refused }) };
}

/** Each command once, causes first. */
function looks(facts: readonly Fact[]): readonly Look[] {
  const all = facts.flatMap(({ look = [] }) => look);
  const first = (one: Look) => all.findIndex(({ at, command }) => at === one.at && command === one.command);
  return all.filter((one, i) => first(one) === i).slice(0, MOST_COMMANDS);
}
