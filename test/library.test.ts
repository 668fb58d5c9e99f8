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
    "importTopology",
    "itemsOf",
    "loadTopology",
    "modes",
    "pcapng",
    "plain",
    "redact",
    "renderCheck",
    "renderCompare",
    "renderDiff",
    "renderTables",
    "renderTrace",
    "traceJson",
    "traceQuestion",
    "walk",
    "writeYaml",
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

test("objects of Kubernetes become a topology, and a file of ours", async () => {
  const node = (name: string, address: string, mac: string) => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      annotations: {
        "flannel.alpha.coreos.com/kube-subnet-manager": "true",
        "flannel.alpha.coreos.com/backend-type": "vxlan",
        "flannel.alpha.coreos.com/backend-data": JSON.stringify({ VtepMAC: mac }),
      },
    },
    status: { addresses: [{ type: "InternalIP", address }] },
  });
  const objects = [node("a", "10.0.0.1", "02:00:00:00:00:01"), node("b", "10.0.0.2", "02:00:00:00:00:02")];
  const bytes = new TextEncoder().encode(JSON.stringify({ kind: "List", apiVersion: "v1", items: objects }));
  for (const input of [
    { file: "o.json", text: JSON.stringify(objects) },
    { file: "o.json", chunks: [bytes] },
  ]) {
    const imported = await library.importTopology([input], { name: "mine", mode: "needed" });
    if (!imported.ok) throw new Error("the objects are wrong");
    const { topology, document, findings } = imported.value;
    expect(topology.cni.mode).toBe("flannel-vxlan");
    expect(findings?.summary()).toEqual(["these objects are of flannel-vxlan: backend-type vxlan on 2 Nodes"]);
    expect(library.writeYaml(document, findings, "o.json")).toContain("# - backend-type vxlan on 2 Nodes");
    expect(library.writeYaml(library.redact(document), undefined, "")).toContain("node-1: ");
  }
  const wrong = await library.importTopology([{ file: "o.json", text: "{}" }], { name: "mine", mode: "needed" });
  expect(wrong).toMatchObject({ ok: false });
});
