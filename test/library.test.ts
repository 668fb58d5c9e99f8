import { expect, test } from "vitest";
import * as library from "../src/index.ts";

test("the library offers these functions and values, and no others", () => {
  expect(Object.keys(library).sort()).toEqual([
    "CODES",
    "EMPTY_STATE",
    "Ip",
    "Prefix",
    "buildNetwork",
    "checkJson",
    "checkQuestion",
    "compareJson",
    "compareModes",
    "decode",
    "diffJson",
    "diffQuestion",
    "encode",
    "explainCode",
    "findMode",
    "itemsOf",
    "loadTopology",
    "modes",
    "pcapng",
    "plain",
    "renderCheck",
    "renderCompare",
    "renderDiff",
    "renderTables",
    "renderTrace",
    "traceJson",
    "traceQuestion",
    "walk",
  ]);
});

test("the way from text to text takes five calls", async () => {
  const text = `cni-trace: 1
subnets: { lan: 192.168.0.0/24 }
hosts:   { node-1: 192.168.0.11, node-2: 192.168.0.12 }
pods:    { pod-a: node-1, pod-b: node-2 }
`;
  const topology = await library.loadTopology({ text, file: "mine.yaml" });
  const mode = library.findMode("vxlan");
  if (!topology.ok || !mode.ok) throw new Error("the example is wrong");
  const answer = library.traceQuestion(topology.value, mode.value, { src: "pod-a", dst: "pod-b" });
  if (!answer.ok) throw new Error("the question is wrong");
  const page = library.renderTrace(answer.value, { zoom: "normal", columns: 80, paint: library.plain, ascii: false });
  expect(page).toContain("DELIVERED");
  const network = library.buildNetwork(topology.value, mode.value);
  if (!network.ok) throw new Error("the network is wrong");
  const { trace } = library.walk(network.value, {
    from: "pod/default/pod-a",
    dst: answer.value.question.dst.ip,
    df: "auto",
    process: "pod-a",
    payload: [{ kind: "udp", sport: 40000, dport: 9000 }],
  });
  expect(trace.events.at(-1)?.action.kind).toBe("deliver");
});
