import type { Answer, Direction, Endpoint, Finding } from "../trace/answer.ts";
import type { Event } from "../trace/event.ts";
import { pathOf } from "../trace/path.ts";
import type { Path, Step } from "../trace/steps.ts";
import type { Trace } from "../trace/trace.ts";
import type { Packet } from "../wire/header.ts";
import { actionJson } from "./action-json.ts";
import { fields, type Json, plainOf, SCHEMA_VERSION } from "./json.ts";
import { record, refusedJson } from "./row-json.ts";

/**
 * The answer to `trace` as plain data; `schemas.ts` has its schema. Addresses are text, `netns` is Linux's. An event's
 * `headers` stand only where they differ from those of the event before it of the same packet.
 */
export function traceJson(answer: Answer): { readonly [key: string]: Json } {
  const { question, verdict, code, because, senderSees, forward, reply, fixes, traceroute, assumptions } = answer;
  return fields({
    schemaVersion: SCHEMA_VERSION,
    kind: "trace",
    question: { ...record(question), src: endpointJson(question.src), dst: endpointJson(question.dst) },
    verdict,
    code,
    because: because.map(findingJson),
    senderSees: plainOf(senderSees),
    forward: directionJson(forward),
    reply: reply && directionJson(reply),
    fixes: fixes.map((fix) => plainOf(fix)),
    traceroute: traceroute?.map((hop) => plainOf(hop)),
    assumptions,
  });
}

function endpointJson({ name, netns, ip }: Endpoint): Json {
  return fields({ name, netns, ip: `${ip}` });
}

function directionJson(direction: Direction): Json {
  const { trace, diagnosis, crossings, places, ipHops, headerBytes, ttl, pathMtu, fabric } = direction;
  return {
    diagnosis: fields({ ...record(diagnosis), because: diagnosis.because.map(findingJson) }),
    summary: fields({ places, ipHops, crossings: plainOf(crossings), headerBytes, ttl, pathMtu }),
    fabric: fabric.map((need) => plainOf(need)),
    path: pathJson(pathOf(trace), new Map(trace.events.map((event, index) => [event, index]))),
    from: trace.from,
    sent: headersJson(trace.sent),
    packets: trace.packets.map((packet) => plainOf(packet)),
    events: eventsJson(trace),
  };
}

function findingJson({ code, at, text, refused }: Finding): Json {
  return fields({ code, at, text, refused: refused && refusedJson(refused) });
}

/** The way place by place; a step names its event by its place in `events`. */
function pathJson({ places }: Path, index: ReadonlyMap<Event, number>): Json {
  return places.map(({ number, netns, name, in: came, steps }) => ({
    number,
    netns,
    name,
    in: [...came],
    steps: steps.map((step) => stepJson(step, index)),
  }));
}

function stepJson(step: Step, index: ReadonlyMap<Event, number>): Json {
  const { event, crossing, process, ttl, length, bytes, depth, likewise, under } = step;
  return fields({
    event: index.get(event),
    kind: event.action.kind,
    crossing,
    process,
    ttl: [...ttl],
    length,
    bytes: bytes === 0 ? undefined : bytes,
    depth,
    likewise: likewise === 0 ? undefined : likewise,
    under: under.length > 0 ? under.flatMap((each) => index.get(each) ?? []) : undefined,
  });
}

function eventsJson({ events }: Trace): Json {
  const last = new Map<number, string>();
  return events.map((event, index) => {
    const headers = headersJson(event.headers);
    const text = JSON.stringify(headers);
    const changed = last.get(event.packet) !== text;
    last.set(event.packet, text);
    const { netns, dev } = event.at;
    const { kind } = event.action;
    const base = { id: index, packet: event.packet, netns, dev, kind, ...actionJson(event.action) };
    return fields({ ...base, headers: changed ? headers : undefined });
  });
}

function headersJson(packet: Packet): Json {
  return packet.map((header) => plainOf(header));
}
