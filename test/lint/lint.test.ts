import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LINT_CODES } from "../../src/lint/codes.ts";
import { modes } from "../../src/modes/registry.ts";
import { answerQuestion, questionOf } from "../../src/query/answer.ts";
import { checkQuestion } from "../../src/query/check.ts";
import { CODES } from "../../src/trace/codes.ts";
import { mixed, worldOf } from "../laws/random.ts";
import { checked, words } from "./ask.ts";
import { cases } from "./cases.ts";

describe.each(cases)("$name", ({ mode, text, finds, about, near: [from, to], nearMode = mode }) => {
  test("is found, and nothing else is", async () => {
    expect(words(await checked(mode, text))).toEqual(finds);
  });
  test("and its neighbour is not", async () => {
    const code = about ?? finds[0]?.split(" ")[1];
    const { lint } = await checked(nearMode, from === "" ? text : text.replaceAll(from, to));
    expect(lint.findings.filter((finding) => finding.code === code)).toEqual([]);
  });
});

test("masquerading into VXLAN is noted where the agent leaves checksum offload on", async () => {
  const text = cases[0]?.text ?? "";
  const codes = async (mode: string) => (await checked(mode, text)).lint.findings.map(({ code }) => code);
  expect(await codes("vxlan")).toContain("CHECKSUM_OFFLOAD_RISK");
  expect(await codes("calico-vxlan")).not.toContain("CHECKSUM_OFFLOAD_RISK");
  expect(await codes("host-gw")).not.toContain("CHECKSUM_OFFLOAD_RISK");
});

describe("a generated cluster", () => {
  const text = `cni-trace: 1
cluster: { podCIDR: 10.0.0.0/11 }
cni: { calico: { nodeToNodeMeshEnabled: false } }
generate: { racks: 40, hostsPerRack: 20, podsPerHost: 2, underlay: 172.16.0.0/16, bgp: true }
`;
  test("is read by kinds of hosts, and the answer says how far it looked", async () => {
    const { lint } = await checked("bgp", text);
    expect(lint.findings).toEqual([]);
    expect(lint.looked).toEqual({ hosts: 800, kinds: 1, ways: 3 });
  });
  test("is told of once, with the number of machines", async () => {
    const { lint } = await checked("host-gw", text);
    expect(lint.findings).toHaveLength(1);
    expect(lint.findings[0]).toMatchObject({ code: "NEXTHOP_NOT_ONLINK", count: 800, place: { line: 4, column: 1 } });
  });
  test("does not hide the one host that is spoilt", async () => {
    const spoilt = `${text}hosts:\n  node-0042: { cni: { flannel-vxlan: { VNI: 7 } } }\n`;
    expect(words(await checked("vxlan", spoilt))).toEqual(["error ENCAP_VNI_MISMATCH at node-0042, line 6"]);
  });
});

describe.each(modes.map((mode) => [mode.name, mode] as const))("%s", (_, mode) => {
  test("where the check sees no error, every pod reaches every other", () =>
    fc.assert(
      fc.asyncProperty(mixed, async (draw) => {
        const { topology, network } = await worldOf(draw, mode);
        const outcome = checkQuestion({ topology, mode });
        if (!outcome.ok) throw new Error("it was built before");
        const lost: string[] = [];
        for (const src of topology.pods.names()) {
          for (const dst of topology.pods.names()) {
            const ask = { src: `pod:${src}`, dst: `pod:${dst}` };
            const question = questionOf(topology, network, mode, ask);
            const answer = question.ok ? answerQuestion(network, question.value) : undefined;
            if (answer?.verdict.startsWith("REACHABLE") === false) lost.push(`${src} → ${dst} ${answer.code}`);
          }
        }
        if (outcome.value.lint.counts.error === 0) expect(lost).toEqual([]);
      }),
      { seed: 20261126, numRuns: 5 },
    ));
});

test("every code of the lint's own is found in some case", async () => {
  const found = new Set(cases.flatMap(({ finds }) => finds.map((line) => line.split(" ")[1])));
  expect(LINT_CODES.map(({ code }) => code).filter((code) => !found.has(code))).toEqual([]);
  expect(LINT_CODES.filter(({ code }) => CODES.some((other) => String(other.code) === code))).toEqual([]);
});
