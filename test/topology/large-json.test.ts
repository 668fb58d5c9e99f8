import "../../src/modes/registry.ts";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { Ip } from "../../src/addr/ip.ts";
import { parseAroundPods } from "../../src/topology/large-json.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Pod, Topology } from "../../src/topology/topology.ts";
import { v4Word } from "../../src/topology/v4-word.ts";
import { wordSet } from "../../src/topology/word-set.ts";

vi.setConfig({ testTimeout: 60_000 });

interface Options {
  readonly pods?: number;
  readonly odd?: Readonly<Record<string, unknown>>;
  readonly indent?: number;
}

/** A cluster of 60 hosts, large enough to be read without marks. */
function cluster({ pods = 1200, odd = {}, indent }: Options): string {
  const hosts = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`node-${i + 1}`, { address: `192.168.0.${i + 10}` }]),
  );
  const all = Array.from({ length: pods }, (_, i) => {
    const host = 1 + (i % 60);
    const name = i % 3 === 0 ? `pod-${i}a` : `shop-${i % 7}/db-${i}`;
    if (i % 4 === 0) return [name, `node-${host}`];
    const rest = i % 4 === 1 ? { hostNetwork: true } : { device: `cali${i}`, listen: ["tcp/80"] };
    const address = i % 4 === 1 ? {} : { address: `10.244.${host}.${2 + Math.floor(i / 60)}` };
    return [name, { host: `node-${host}`, ...address, ...rest, labels: { app: "db", tier: `t-${i}` } }];
  });
  const tree = {
    "cni-trace": 1,
    subnets: { lan: "192.168.0.0/24" },
    hosts,
    pods: { ...Object.fromEntries(all), ...odd },
  };
  return JSON.stringify(tree, undefined, indent);
}

async function load(text: string): Promise<Topology> {
  const outcome = await loadTopology({ text, file: "large.json" });
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  return outcome.value;
}

/** The same topology read without scanning: an escape is not plain. */
function unscanned(text: string): string {
  return text.replace('"host":', '"\\u0068ost":');
}

function podsOf({ pods, hosts }: Topology): unknown {
  const on = [...hosts.keys()].map((host) => pods.on(host).map(said));
  const got = [...pods.names()].map((name) => said(pods.get(name)));
  return { size: pods.size, on, got };
}

/** All that a pod says, read out of it or not. */
function said(pod: Pod | undefined): Required<Record<Exclude<keyof Pod, "place">, unknown>> | undefined {
  if (!pod) return undefined;
  const { name, host, addresses, device, labels, listen, hostNetwork } = pod;
  return { name, host, addresses, device, labels, listen, hostNetwork };
}

describe("a large JSON cluster", () => {
  test.each([undefined, 2])("scanned and parsed gives the same pods, indented by %s", async (indent) => {
    const text = cluster({ ...(indent && { indent }) });
    const escaped = text.replace(/"host": ?/, (key) => key.replace("h", "\\u0068"));
    expect(parseAroundPods(text)?.pods?.size).toBe(1200);
    expect(parseAroundPods(escaped)).toBeUndefined();
    const scanned = await load(text);
    expect(podsOf(scanned)).toEqual(podsOf(await load(escaped)));
    expect(scanned.pods.get("shop-1/db-1")).toMatchObject({ host: "node-2", hostNetwork: true });
    expect(scanned.pods.get("default/pod-0a")).toMatchObject({ name: "default/pod-0a", host: "node-1" });
    expect(scanned.pods.get("pod-0a")).toBeUndefined();
    expect(scanned.pods.get("default/shop-1/db-1")).toBeUndefined();
    expect(scanned.pods.get("shop-1/db-1x")).toBeUndefined();
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["an unknown host", { x: "node-99" }, '"node-99" is not a host'],
    ["an unknown key", { x: { host: "node-1", hst: 1 } }, "hst is not a key here"],
    ["an address twice", { x: { host: "node-1", address: "10.244.3.2" } }, "10.244.3.2 is shop-2/db-2's already"],
    [
      "an address outside",
      { x: { host: "node-1", address: "10.9.0.2" } },
      "10.9.0.2 is not in the pods' 10.244.0.0/16",
    ],
    ["a device twice", { x: { host: "node-3", device: "cali2" } }, "cali2 is shop-2/db-2's on node-3 already"],
    ["a bad device", { x: { host: "node-3", device: "a/b" } }, '"a/b" is not a device name'],
    ["a bad name", { "X/y": "node-1" }, '"X/y" is not a name'],
    ["a bad port", { x: { host: "node-1", listen: ["tcp/0"] } }, '"tcp/0" is not a port to listen on'],
    ["no host", { x: {} }, "x has no host"],
    ["a list", { x: [] }, "x cannot be a list"],
    ["a name twice by its namespace", { "default/pod-0a": "node-1" }, "default/pod-0a is pod-0a again"],
    [
      "a pinned address on the host's network",
      { x: { host: "node-1", hostNetwork: true, address: "10.244.1.99" } },
      "a pod on the host's network has no address of its own",
    ],
    [
      "too many pods",
      Object.fromEntries(Array.from({ length: 234 }, (_, i) => [`p${i}`, "node-1"])),
      "10.244.1.0/24 of node-1 has no address left for p233, pod 254 there",
    ],
  ])("with %s is refused, with its place", async (_, odd, message) => {
    for (const text of [cluster({ odd }), cluster({ odd, indent: 1 })]) {
      const outcome = await loadTopology({ text, file: "large.json" });
      const problems = outcome.ok ? [] : outcome.problems;
      expect(problems.map((problem) => problem.message)).toEqual([message]);
      expect(problems[0]?.place?.line).toBe(text.split("\n").length === 1 ? 1 : lineOf(text, message));
    }
  });

  test("with a key twice is refused, among the pods and elsewhere", async () => {
    const text = cluster({});
    for (const twice of [
      text.replace('"pod-3a"', '"pod-0a"'),
      text.replace('"node-2"', '"node-1"'),
      text.replace('"tier":"t-2"', '"app":"t-2"'),
      text.replace('"hostNetwork":true', '"hostNetwork":true,"hostNetwork":true'),
      unscanned(text.replace('"pod-3a"', '"pod-0a"')),
      text.replace('"cni-trace":1', '"cni-trace":1,"pods":{}'),
    ]) {
      const outcome = await loadTopology({ text: twice, file: "large.json" });
      expect(outcome.ok ? [] : outcome.problems.map(({ code }) => code)).toContain("duplicate-key");
    }
  });

  test("that is no JSON is refused where it ends to be", async () => {
    const text = cluster({ indent: 1 });
    for (const broken of [
      text.slice(0, -20),
      text.replace('"pod-3a":', '"pod-3a" '),
      text.replace("192.168.0.20", "\n"),
    ]) {
      const outcome = await loadTopology({ text: broken, file: "large.json" });
      expect(outcome).toMatchObject({ ok: false, problems: [{ code: "not-json" }] });
    }
  });

  test("takes edits and generated hosts like any other", async () => {
    const text = cluster({});
    const outcome = await loadTopology({
      text,
      file: "large.json",
      set: ["pods.pod-0a=node-2", "hosts.node-1.mtu=1400"],
    });
    expect(outcome.ok && outcome.value.pods.get("default/pod-0a")?.host).toBe("node-2");
    expect(outcome.ok && outcome.value.hosts.get("node-1")?.nics[0]?.mtu).toBe(1400);
    const wrong = await loadTopology({ text, file: "large.json", set: ["hosts.node-1.mtu=14"] });
    expect(wrong).toMatchObject({
      ok: false,
      problems: [{ place: { file: "--set hosts.node-1.mtu=14", column: 18 } }],
    });
  });
});

/** The line of the last pod: what is odd stands there. */
function lineOf(text: string, message: string): number {
  const [word = ""] = message.replace(/^"/, "").split(/["' ]/);
  const lines = text.split("\n");
  const named = lines.findLastIndex((line) => line.includes(`"${word}"`));
  const last = lines.findLastIndex((line) => /^ {2}"/.test(line));
  const known = message.startsWith("10.244.1.0/24") ? lines.findIndex((line) => line.includes('"p233"')) : named;
  const onNetwork = lines.findIndex((line) => line.includes('"10.244.1.99"'));
  return 1 + (message.startsWith("a pod on") ? onNetwork : known < 0 ? last : known);
}

test("v4Word reads what Ip.parse reads", () => {
  const almost = fc.array(fc.constantFrom("0", "1", "25", "255", "256", "00", ".", "-", " ", "a"), { maxLength: 9 });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.ipV4(),
        almost.map((parts) => parts.join("")),
      ),
      (text) => {
        const ip = Ip.parse(text);
        expect(v4Word(text)).toBe(ip?.family === 4 ? ip.words[0] : -1);
        expect(v4Word(`x${text}y`, 1, text.length + 1)).toBe(v4Word(text));
      },
    ),
    { seed: 7, numRuns: 1000 },
  );
});

test("a word set tells new pairs from old ones", () => {
  const word = fc.oneof(fc.integer(), fc.integer({ min: 0, max: 3 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word), { maxLength: 60 }), (pairs) => {
      const set = wordSet(pairs.length);
      const known = new Set<string>();
      for (const [high, low] of pairs) {
        const isNew = !known.has(`${high} ${low}`);
        known.add(`${high} ${low}`);
        expect(set.add(high, low)).toBe(isNew);
      }
    }),
    { seed: 8, numRuns: 500 },
  );
});
