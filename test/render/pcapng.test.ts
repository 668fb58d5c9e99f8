import { describe, expect, test } from "vitest";
import { pcapng } from "../../src/render/pcapng.ts";
import type { Answer } from "../../src/trace/answer.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { encode } from "../../src/wire/stack.ts";
import { answerTo, CASES } from "./cases.ts";
import { readPcapng } from "./pcapng-reader.ts";

const APPLICATION = "cni-trace 1.2.3";
const ETHERNET = 1;
const RAW = 101;

function tracesOf({ forward, reply }: Answer): readonly Trace[] {
  return reply ? [forward.trace, reply.trace] : [forward.trace];
}

async function capture(name: string) {
  return readPcapng(pcapng(tracesOf(await answerTo(name)), APPLICATION));
}

describe("the file", () => {
  test("is one section of version 1.0 that says who wrote it, and that nobody captured it", async () => {
    const { version, application, comment } = await capture("vxlan");
    expect([version, application, comment]).toEqual(["1.0", APPLICATION, "predicted, not captured: flannel-vxlan"]);
  });

  test("is the same bytes each time", async () => {
    const traces = tracesOf(await answerTo("vxlan-cold"));
    expect(pcapng(traces, APPLICATION)).toEqual(pcapng(tracesOf(await answerTo("vxlan-cold")), APPLICATION));
  });

  test("of no walk holds no frame", () => {
    expect(readPcapng(pcapng([], APPLICATION))).toMatchObject({ interfaces: [], frames: [] });
  });
});

describe("an interface", () => {
  test("is a device that saw a frame, called place/device, once for both directions, in the order of the walk", async () => {
    const { interfaces } = await capture("vxlan");
    expect(interfaces.map(({ name }) => name)).toEqual([
      "pod-a/eth0",
      expect.stringMatching(/^node-1\/veth[0-9a-f]{8}$/),
      "node-1/cni0",
      "node-1/flannel.1",
      "node-1/eth0",
      "node-2/eth0",
      "node-2/flannel.1",
      "node-2/cni0",
      expect.stringMatching(/^node-2\/veth[0-9a-f]{8}$/),
      "pod-b/eth0",
    ]);
    expect(interfaces.every(({ linkType, snapLength }) => linkType === ETHERNET && snapLength >= 65549)).toBe(true);
  });

  test.each([
    ["seed-udp", "flannel0"],
    ["calico-ipip", "tunl0"],
  ])("of %s without Ethernet is raw IP: %s", async (name, dev) => {
    const { interfaces } = await capture(name);
    const raw = interfaces.filter(({ linkType }) => linkType === RAW);
    expect(raw.map((one) => one.name.split("/").at(-1))).toEqual([dev, dev]);
  });
});

describe("a frame", () => {
  test.each([...CASES.keys()])("is there for every capture point of %s, byte for byte, 1 µs apart", async (name) => {
    const traces = tracesOf(await answerTo(name));
    const { frames } = readPcapng(pcapng(traces, APPLICATION));
    const seen = traces
      .flatMap((trace) => trace.events)
      .filter(({ action }) => action.kind === "transmit" || action.kind === "receive");
    expect(frames.map(({ time }) => time)).toEqual(seen.map((_, k) => k));
    expect(frames.map(({ bytes }) => Buffer.from(bytes).toString("hex"))).toEqual(
      seen.map(({ headers }) => Buffer.from(encode(headers)).toString("hex")),
    );
    expect(frames.map((frame) => [frame.interface.split("/").at(-1), frame.direction])).toEqual(
      seen.map(({ at, action }) => [at.dev, action.kind === "transmit" ? "out" : "in"]),
    );
    expect(frames.map(({ linkType }) => linkType)).toEqual(
      seen.map(({ headers }) => (headers[0]?.kind === "ethernet" ? ETHERNET : RAW)),
    );
  });

  test("names its place, its packet, its event, and the rows it met since it was last seen", async () => {
    const { frames } = await capture("vxlan");
    const on = (name: string) => frames.filter((frame) => frame.interface === name).map(({ comment }) => comment);
    expect(on("pod-a/eth0")[0]).toMatch(
      /^pod-a eth0: out, packet 0, event 3, sent by pod-a, route 10\.244\.0\.0\/16 via 10\.244\.1\.1 dev eth0, neigh 10\.244\.1\.1 dev eth0 lladdr [0-9a-f:]{17}$/,
    );
    expect(on("node-1/eth0")[0]).toMatch(
      /^node-1 eth0: out, packet 0, event \d+, fdb [0-9a-f:]{17} dev flannel\.1 dst 192\.168\.0\.12, encapsulated by flannel\.1, route 192\.168\.0\.0\/24 dev eth0, /,
    );
    expect(on("node-2/eth0")[0]).toMatch(/^node-2 eth0: in, packet 0, event \d+, over lan$/);
    expect(on("node-2/flannel.1")[0]).toMatch(/, decapsulated by flannel\.1$/);
    expect(on("pod-b/eth0").map((comment) => comment.includes(" of the reply"))).toEqual([false, true]);
  });

  test("has the number of the event that the JSON document has", async () => {
    const answer = await answerTo("vxlan");
    const { frames } = readPcapng(pcapng([answer.forward.trace], APPLICATION));
    for (const { comment, interface: name } of frames) {
      const event = answer.forward.trace.events[Number(/event (\d+)/.exec(comment)?.[1])];
      expect(event?.action.kind).toBe(comment.includes(": out,") ? "transmit" : "receive");
      expect(name.endsWith(`/${event?.at.dev}`)).toBe(true);
    }
  });

  test("of a fragment says what it is a part of and where it was cut; put together, from how many", async () => {
    const comments = (await capture("fragments")).frames.map(({ comment }) => comment);
    const cut = comments.filter((comment) => comment.includes("cut into 2 for mtu 1400"));
    expect(cut).toHaveLength(2);
    for (const comment of cut) expect(comment).toMatch(/^r1 eth1: out, packet \d+ \(a fragment of packet 0\), event /);
  });

  test("of a question on the link, or of an error, says for which packet", async () => {
    const cold = (await capture("vxlan-cold")).frames.map(({ comment }) => comment);
    expect(cold[0]).toMatch(/^pod-a eth0: out, packet 1 \(for packet 0\), event /);
    const lost = (await capture("frag-needed")).frames.map(({ comment }) => comment);
    expect(lost.at(-1)).toMatch(/^pod-a eth0: in, packet \d+ \(an error about packet 0\), event /);
  });
});
