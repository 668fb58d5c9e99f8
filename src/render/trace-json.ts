import type { Answer, Branch, Branches, Diagnosis, Direction, Endpoint, Finding, FlowPacket } from "../trace/answer.ts";
import type { Event } from "../trace/event.ts";
import { pathOf } from "../trace/path.ts";
import { places } from "../trace/project.ts";
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
  const { flow, allBranches = false } = answer;
  return fields({
    schemaVersion: SCHEMA_VERSION,
    kind: "trace",
    question: { ...record(question), src: endpointJson(question.src), dst: endpointJson(question.dst) },
    verdict,
    code,
    because: because.map(findingJson),
    senderSees: plainOf(senderSees),
    forward: directionJson(forward, allBranches),
    reply: reply && directionJson(reply, allBranches),
    flow: flow?.map(packetJson),
    fixes: fixes.map((fix) => plainOf(fix)),
    traceroute: traceroute?.map((hop) => plainOf(hop)),
    assumptions,
  });
}

function endpointJson({ name, netns, ip }: Endpoint): Json {
  return fields({ name, netns, ip: `${ip}` });
}

/** A packet of a flow; the first stands in full where the only one would, and one that goes like another is told by it. */
function packetJson({ number, size, like, senderSees, learned, forward, reply }: FlowPacket): Json {
  const told = number === 1 || like !== undefined;
  return fields({
    number,
    size,
    like,
    verdict: forward.diagnosis.verdict,
    code: forward.diagnosis.code,
    at: forward.diagnosis.at,
    senderSees: plainOf(senderSees),
    learned: learned.map((row) => plainOf(row)),
    forward: told ? undefined : directionJson(forward, false),
    reply: told ? undefined : reply && directionJson(reply, false),
  });
}

/** How many ways equal routes leave, and which; each in full when it was asked for. */
function branchesJson({ walked, more }: Branches, all: boolean): Json {
  return fields({
    walked: walked.length,
    more,
    lost: walked.filter(({ ttl }) => ttl === undefined).length,
    ways: all ? walked.map(branchJson) : undefined,
  });
}

function branchJson({ share, choices, trace, diagnosis, ttl }: Branch): Json {
  return fields({
    share,
    choices: choices.map(({ netns, route, nexthop, share: part }) =>
      fields({ netns, dst: `${route.dst}`, nexthop: plainOf(nexthop), share: part }),
    ),
    diagnosis: diagnosisJson(diagnosis),
    ttl,
    places: places(trace),
  });
}

function diagnosisJson(diagnosis: Diagnosis): Json {
  return fields({ ...record(diagnosis), because: diagnosis.because.map(findingJson) });
}

function directionJson(direction: Direction, allBranches: boolean): Json {
  const { trace, diagnosis, crossings, ipHops, headerBytes, ttl, pathMtu, fabric, branches } = direction;
  return fields({
    diagnosis: diagnosisJson(diagnosis),
    summary: fields({ places: direction.places, ipHops, crossings: plainOf(crossings), headerBytes, ttl, pathMtu }),
    fabric: fabric.map((need) => plainOf(need)),
    branches: branches && branchesJson(branches, allBranches),
    path: pathJson(pathOf(trace), new Map(trace.events.map((event, index) => [event, index]))),
    from: trace.from,
    sent: headersJson(trace.sent),
    packets: trace.packets.map((packet) => plainOf(packet)),
    events: eventsJson(trace),
  });
}

function findingJson({ code, at, text, refused }: Finding): Json {
  return fields({ code, at, text, refused: refused && refusedJson(refused) });
}

/** The way place by place; a step names its event by its place in `events`. */
function pathJson(path: Path, index: ReadonlyMap<Event, number>): Json {
  return path.places.map(({ number, netns, name, in: came, steps }) => ({
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
