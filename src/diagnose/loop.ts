import type { Event } from "../trace/event.ts";
import { placeName } from "../trace/project.ts";
import type { Fact } from "./fact.ts";
import { routeWords } from "./row-words.ts";
import { ipHeaders, type Loss } from "./scene.ts";

/** The packet came back to a machine by the same device with the same addresses: the circle, and the rows in it. */
export function loopOf(loss: Loss): Fact | undefined {
  const round = lastRound(loss);
  if (!round) return undefined;
  const names = round.events.map(({ at }) => placeName(at.netns));
  const places = names.filter((name, i) => name !== names[i - 1]);
  const circle = (places.length === 1 ? [...places, ...places] : places).join(" → ");
  const rows = [...new Set(round.events.flatMap(rowOf))];
  const at = placeName(loss.trace.from);
  return {
    code: "LOOP",
    at: placeName(loss.netns.name),
    text: `The packet goes round, ${circle}, ${round.visits} times until its TTL of ${loss.sent.ttl} is used up: ${rows.join("; ")}.`,
    look: [{ at, command: `traceroute -n ${loss.sent.dst}`, expect: "the same addresses again and again" }],
  };
}

/** The events between the last two visits that were alike. */
function lastRound(loss: Loss): { readonly events: readonly Event[]; readonly visits: number } | undefined {
  const visits = loss.path.flatMap((event, index) => {
    const { kind } = event.action;
    // Where a packet is passed on: by a machine's kernel, or by a process; and where it died before it was.
    return kind === "forward" || kind === "lease" || event === loss.event ? [{ sign: signOf(event), index }] : [];
  });
  for (const last of visits.toReversed()) {
    const alike = visits.filter(({ sign, index }) => sign === last.sign && index < last.index);
    const before = alike.at(-1);
    const events = before ? loss.path.slice(before.index, last.index + 1) : [];
    // A process that passes a packet on and drops it has seen it once.
    const cameBack = events.some(({ action }) => action.kind === "receive" || action.kind === "read");
    if (cameBack) return { events, visits: alike.length + 1 };
  }
  return undefined;
}

function signOf({ at, headers }: Event): string {
  return `${at.netns} ${at.dev} ${ipHeaders(headers)[0]?.dst}`;
}

function rowOf({ at, action }: Event): readonly string[] {
  if (action.kind !== "route" || action.found.route.type !== "unicast") return [];
  return [`${placeName(at.netns)} has ${routeWords(action.found.route)}`];
}
