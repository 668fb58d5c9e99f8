import { describe, expect, test } from "vitest";
import { pathOf } from "../../src/trace/path.ts";
import { crossings, places } from "../../src/trace/project.ts";
import { stationsOf } from "../../src/trace/stations.ts";
import { turnsOf } from "../../src/trace/turns.ts";
import { detours, isWayBack, ttlSpent } from "../../src/trace/way.ts";
import { answerTo, CASES } from "../render/cases.ts";

describe.each([...CASES.keys()])("the path of %s", (name) => {
  test("has a step for every crossing, and no other", async () => {
    const { trace } = (await answerTo(name)).forward;
    const steps = pathOf(trace).places.flatMap((place) => place.steps);
    // A packet that is cut is counted for each of its fragments by the trace, once by the path.
    const expected = trace.packets.some(({ cause }) => cause === "fragment") ? undefined : crossings(trace);
    const mine = steps.filter(({ crossing }) => crossing !== undefined);
    if (expected) expect(mine).toHaveLength(expected.total);
    if (expected) expect(mine.filter(({ process }) => process !== undefined)).toHaveLength(expected.cni);
  });

  test("visits the places of the trace in their order", async () => {
    const { trace } = (await answerTo(name)).forward;
    const path = pathOf(trace);
    expect(path.places.map(({ number }) => number)).toEqual(path.places.map((_, i) => i + 1));
    const fragments = trace.packets.some(({ cause }) => cause === "fragment");
    if (!fragments) expect(path.places.map(({ netns }) => netns)).toEqual(places(trace));
  });

  test("pops what it pushes, when the packet arrives", async () => {
    const { trace, ttl } = (await answerTo(name)).forward;
    const steps = pathOf(trace).places.flatMap((place) => place.steps);
    const sum = steps.reduce((bytes, step) => bytes + step.bytes, 0);
    if (ttl !== undefined) expect(sum).toBe(0);
    if (ttl !== undefined) expect(steps.at(-1)?.ttl).toEqual([ttl]);
  });

  test("accounts for every TTL that was spent", async () => {
    const { forward, question } = await answerTo(name);
    const { kernels, processes } = ttlSpent(pathOf(forward.trace));
    if (forward.ttl !== undefined) expect(kernels.length + processes.length).toBe(question.ttl - forward.ttl);
  });
});

test("fragments that do the same are told once", async () => {
  const { trace } = (await answerTo("fragments")).forward;
  const path = pathOf(trace);
  expect(path.others).toEqual([]);
  const counts = path.places.flatMap(({ steps }) => steps.map(({ likewise }) => likewise));
  expect(Math.max(...counts)).toBe(1);
});

test("a loop is found with its period", async () => {
  const { trace } = (await answerTo("loop")).forward;
  expect(turnsOf(pathOf(trace).places)).toEqual({ first: 2, period: 2, count: 31 });
});

test("a path that goes nowhere twice has no turns", async () => {
  expect(turnsOf(pathOf((await answerTo("vxlan")).forward.trace).places)).toBeUndefined();
});

test("what a process forwards is its detour, with both machines", async () => {
  const path = pathOf((await answerTo("seed-udp")).forward.trace);
  expect(detours(path)).toEqual([{ process: "flanneld", places: ["node-1", "node-2"], crossings: 4 }]);
});

test("the reply of a symmetric path is its way back", async () => {
  const { forward, reply } = await answerTo("vxlan");
  if (!reply) throw new Error("no reply");
  expect(isWayBack(pathOf(forward.trace), pathOf(reply.trace))).toBe(true);
  expect(isWayBack(pathOf(forward.trace), pathOf(forward.trace))).toBe(false);
});

test("an ICMP error is followed to where it ends", async () => {
  const path = pathOf((await answerTo("no-listener")).forward.trace);
  const step = path.places.at(-1)?.steps.find(({ event }) => event.action.kind === "icmp");
  expect(step?.error).toMatchObject({ places: ["pod-b", "node-2", "node-1", "pod-a"], arrived: true });
});

test("an ICMP error about an outer packet ends at the tunnel's machine", async () => {
  const path = pathOf((await answerTo("ttl-outer")).forward.trace);
  const step = path.places.at(-1)?.steps.find(({ event }) => event.action.kind === "icmp");
  expect(step?.error?.places).toEqual(["r1", "node-1"]);
});

test("stations leave out what only passes frames on", async () => {
  const stations = stationsOf(pathOf((await answerTo("vxlan")).forward.trace));
  expect(stations.map(({ place, dev }) => `${place} ${dev}`)).toEqual([
    "pod-a eth0",
    "node-1 cni0",
    "node-1 flannel.1",
    "node-1 eth0",
    "node-2 flannel.1",
    "node-2 cni0",
    "pod-b eth0",
  ]);
});
