import type { Answer, Finding } from "../trace/answer.ts";
import { pathOf } from "../trace/path.ts";
import type { Place } from "../trace/steps.ts";
import { turnsOf } from "../trace/turns.ts";
import { isWayBack, ttlSpent } from "../trace/way.ts";
import { agreementWords, choiceWords, percent, placesWords } from "./branches-text.ts";
import { dropWords } from "./drop-words.ts";
import { endOf, seesWords } from "./flow-text.ts";
import type { Layout } from "./layout.ts";
import { byPlace } from "./learned-words.ts";
import { errorWords } from "./packet-words.ts";
import { Page } from "./page.ts";
import { refusedWords } from "./row-words.ts";
import { sentencesOf } from "./step-sentence.ts";
import { betweenBoth } from "./verdict-text.ts";

/** `--why`: the way in numbered sentences, one number for each place, every one of them read off the rows. */
export function renderWhy(answer: Answer, layout: Layout): string {
  const page = new Page({ ...layout, columns: Math.min(layout.columns, 80) });
  const path = pathOf(answer.forward.trace);
  const paragraphs = [
    ...stays(path.places, answer),
    ...outcome(answer, path.places),
    ...otherWays(answer),
    ...packets(answer),
  ];
  const width = String(paragraphs.length).length;
  for (const [i, text] of paragraphs.entries()) {
    page.row({ head: `${String(i + 1).padStart(width)}  `, text, tones: { head: "strong" } });
  }
  return page.toString();
}

function* stays(places: readonly Place[], { question, forward }: Answer): Generator<string> {
  const turns = turnsOf(places);
  const folded = turns ? { from: turns.first + turns.period, to: turns.first + turns.period * turns.count } : undefined;
  for (const [i, place] of places.entries()) {
    if (folded && i === folded.from) {
      const round = places.slice(turns?.first, folded.from).map(({ name }) => name);
      yield `And so on, round and round: ${round.join(", ")}, ${(turns?.count ?? 1) - 1} times more, one off the TTL at each.`;
    }
    if (folded && i >= folded.from && i < folded.to) continue;
    const facts = i === places.findIndex(({ name }) => name === place.name) ? forward.diagnosis.because : [];
    const text = stay({ place, next: places[i + 1], before: places[i - 1] }, facts, `${question.dst.ip}`);
    if (text !== "") yield text;
  }
}

interface Stay {
  readonly place: Place;
  readonly next: Place | undefined;
  readonly before: Place | undefined;
}

function stay({ place, next, before }: Stay, facts: readonly Finding[], to: string): string {
  const said: string[] = [];
  if (!before) said.push(`${place.name} sends to ${to}.`);
  else if (place.steps.length > 0) said.push(...entered(place));
  for (const fact of facts.filter(({ at }) => at === place.name)) said.push(factSentence(fact));
  for (const [i, step] of place.steps.entries()) {
    said.push(...sentencesOf({ step, place, rest: place.steps.slice(i + 1), before: place.steps.slice(0, i), next }));
  }
  return said.join(" ");
}

/** By a port of a bridge: the bridge hands up what is for its own MAC, and passes on what is not. */
function entered(place: Place): readonly string[] {
  const [port, bridge] = place.in;
  if (port === undefined || bridge === undefined) return [];
  return [
    `It comes in by ${port}, a port of ${bridge}; the frame is for ${bridge}'s own MAC, so the bridge hands the packet up to ${place.name}.`,
  ];
}

function factSentence({ text, refused }: Finding): string {
  const told = text.replace(/\.?$/, ".");
  return refused ? `${refused.by} wanted ${refusedWords(refused)} here, and the kernel refused: ${told}` : told;
}

/** What came of it: received, or lost and what the sender hears; then the reply. */
function* outcome(answer: Answer, places: readonly Place[]): Generator<string> {
  const { forward, reply, senderSees, question } = answer;
  if (forward.ttl === undefined) {
    const { story } = forward.diagnosis;
    if (story.length > 0) yield story.join(" ");
    const sees = senderSees.error ? errorWords(senderSees.error) : "nothing: it runs into its timeout";
    yield `${question.src.name} sees ${sees}.`;
    return;
  }
  yield ttlSentence(places, forward.ttl);
  if (!reply) return;
  if (reply.ttl === undefined) {
    const back = pathOf(reply.trace).places;
    const drop = back.flatMap((place) => place.steps).find(({ event }) => event.action.kind === "drop");
    const why = drop ? dropWords(drop) : "";
    yield `The reply does not come back: it is lost at ${back.at(-1)?.name}${why === "" ? "" : `, where ${why}`}.`;
    const told = [...betweenBoth(answer).map(({ text }) => text), ...reply.diagnosis.story];
    if (told.length > 0) yield told.join(" ");
    return;
  }
  const back = pathOf(reply.trace);
  const way = isWayBack({ packet: 0, places, others: [] }, back)
    ? "The reply goes the same way backwards"
    : `The reply goes another way: ${back.places.map(({ name }) => name).join(", ")}`;
  yield `${way} and arrives with TTL ${reply.ttl}.`;
  if (answer.because.length > 0) yield answer.because.map(({ text }) => text).join(" ");
}

/** Equal ways: how many there are, and with --all-branches each of them. */
function* otherWays({ forward, reply, allBranches }: Answer): Generator<string> {
  for (const [what, branches] of [
    ["The packet", forward.branches],
    ["The reply", reply?.branches],
  ] as const) {
    if (!branches) continue;
    const each = branches.walked.map(
      (way, i) =>
        `${i + 1}: ${way.choices.map(choiceWords).join(", ")}; by ${placesWords(way)} it is ${endOf(way)} (${percent(way.share)} of all pairs).`,
    );
    const told = allBranches ? [] : [" The first is shown."];
    yield [`${what} has ${agreementWords(branches)}: routes have several equal branches.`, ...told].join("");
    if (allBranches) yield* each;
  }
}

/** What each packet of a flow finds that those before it taught. */
function* packets({ flow, question }: Answer): Generator<string> {
  for (const [i, packet] of (flow ?? []).entries()) {
    const { number, like, forward, reply, learned, senderSees } = packet;
    if (like !== undefined) {
      if (flow?.[i + 1]?.like !== like) yield `Up to packet ${number} all go as packet ${like} did.`;
      continue;
    }
    const died = forward.ttl === undefined ? forward : reply?.ttl === undefined ? reply : undefined;
    const end = died && number > 1 ? ` ${died.diagnosis.story.join(" ")}` : "";
    const sees = senderSees.kind === "reply" || !died ? "" : ` ${question.src.name} sees ${seesWords(packet)}.`;
    const rows = byPlace(learned).map(([at, words]) => ` ${at} has learned: ${words.join("; ")}.`);
    const back = died === reply && died ? "delivered, its reply " : "";
    yield `Packet ${number} is ${back}${died ? endOf(died) : `${endOf(forward)}`}.${end}${sees}${rows.join("")}`;
  }
}

function ttlSentence(places: readonly Place[], ttl: number): string {
  const { kernels, processes } = ttlSpent({ packet: 0, places, others: [] });
  const routers = [...new Set(kernels)].join(", ");
  const spent = [
    kernels.length > 0 && `${kernels.length} for forwarding (${routers})`,
    processes.length > 0 && `${processes.length} for passing ${[...new Set(processes)].join(", ")}`,
  ].filter(Boolean);
  return `It arrives with TTL ${ttl}: ${spent.length > 0 ? spent.join(", and ") : "nobody forwarded it"}.`;
}
