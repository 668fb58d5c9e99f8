import type { Answer, Direction, FlowPacket } from "../trace/answer.ts";
import { pathOf } from "../trace/path.ts";
import { partingOf } from "../trace/path-diff.ts";
import { placeName } from "../trace/project.ts";
import type { Path, Step } from "../trace/steps.ts";
import type { Trace } from "../trace/trace.ts";
import { byPlace } from "./learned-words.ts";
import { errorWords } from "./packet-words.ts";
import type { Page } from "./page.ts";
import { entryOf } from "./step-text.ts";

/** Wide enough for `packets 10–20`. */
const LABEL = 15;

/** The packets of a flow: how each ended, what its sender saw, where it left the way of the one before, what was learned. */
export function writeFlow(page: Page, { flow, question }: Answer): void {
  if (!flow) return;
  page.gap();
  for (const [i, packet] of flow.entries()) {
    const { number, like } = packet;
    if (like !== undefined) {
      if (flow[i + 1]?.like === like) continue;
      const first = flow.find((each) => each.like === like)?.number ?? number;
      const which = first === number ? `packet ${number}` : `packets ${first}–${number}`;
      page.row({ head: which.padEnd(LABEL), text: `as packet ${like}` });
      continue;
    }
    const [text = "", ...more] = packetLines(packet, flow[i - 1], question.src.name);
    page.row({ head: `packet ${number}`.padEnd(LABEL), text });
    for (const line of more) page.row({ head: " ".repeat(LABEL), text: line, under: " ".repeat(LABEL + 2) });
  }
}

function packetLines(packet: FlowPacket, before: FlowPacket | undefined, sender: string): readonly string[] {
  const { size, forward, reply, senderSees, learned } = packet;
  const back =
    reply && (reply.ttl === undefined ? `; its reply is ${endOf(reply)}` : `; the reply too, ttl ${reply.ttl}`);
  const change = before && (changeWords(before.forward, forward) ?? changeOfReply(before.reply, reply));
  return [
    `${size} bytes: ${endOf(forward)}${back ?? ""}`,
    ...(change === undefined ? [] : [change]),
    ...(senderSees.kind === "reply" || reply?.ttl !== undefined ? [] : [`${sender} sees ${seesWords(packet)}`]),
    ...byPlace(learned).flatMap(([at, rows]) => rows.map((words) => `${at} learns ${words}`)),
  ];
}

/** `delivered, ttl 62`, or where it was lost and of what. */
export function endOf({ ttl, diagnosis }: Pick<Direction, "ttl" | "diagnosis">): string {
  return ttl === undefined ? `lost at ${diagnosis.at}: ${diagnosis.code}` : `delivered, ttl ${ttl}`;
}

/** What the sender of a packet is told. */
export function seesWords({ senderSees, reply, forward }: FlowPacket): string {
  if (senderSees.error) return errorWords(senderSees.error);
  return forward.ttl !== undefined && !reply ? "nothing, and nothing was asked of the receiver" : "nothing: a timeout";
}

function changeOfReply(before: Direction | undefined, now: Direction | undefined): string | undefined {
  const change = before && now && changeWords(before, now);
  return change === undefined ? undefined : `its reply: ${change}`;
}

/** The first row that decided otherwise than for the packet before. */
function changeWords(before: { readonly trace: Trace }, now: { readonly trace: Trace }): string | undefined {
  const [asked, path] = [pathOf(before.trace), pathOf(now.trace)];
  const parting = partingOf(withoutQuestions(path), withoutQuestions(asked));
  if (!parting)
    return questions(asked) > questions(path) ? "now nobody asks: neighbours and sessions are known" : undefined;
  const [here = "it is not seen", then] = [rowWords(parting.left), rowWords(parting.right)];
  return `now at ${placeName(parting.netns)}: ${here}${then === undefined ? "" : `; before: ${then}`}`;
}

/** A path without what was only asked so that the packet could go on. */
function withoutQuestions(path: Path): Path {
  const places = path.places.map((place) => ({ ...place, steps: place.steps.filter((step) => !isQuestion(step)) }));
  return { ...path, places };
}

function questions({ places }: Path): number {
  return places.flatMap(({ steps }) => steps.filter(isQuestion)).length;
}

function isQuestion({ event: { action } }: Step): boolean {
  return action.kind === "arp" || action.kind === "handshake";
}

function rowWords(step: Step | undefined): string | undefined {
  const [entry] = step ? entryOf(step, undefined) : [];
  return entry && `${entry.label} ${entry.text}`.trim();
}
