import "../../src/modes/registry.ts";
import { expect, test, vi } from "vitest";
import { STARTER } from "../../src/topology/init.ts";
import { loadTopology } from "../../src/topology/load.ts";

vi.mock("zod", () => {
  throw new Error("zod was loaded");
});

test("a file without a mistake is read without zod", async () => {
  const outcome = await loadTopology({ text: STARTER, file: "topologies/starter.yml" });
  expect(outcome).toMatchObject({ ok: true, value: { name: "starter" } });
});

test("zod is loaded to explain", async () => {
  await expect(loadTopology({ text: "cni-trace: 1\nhost: {}", file: "x" })).rejects.toThrow();
});

test("JSON without a mistake is read without yaml", async () => {
  vi.doMock("yaml", () => {
    throw new Error("yaml was loaded");
  });
  const text = '{ "cni-trace": 1, "subnets": { "lan": "192.168.0.0/24" }, "hosts": { "node-1": "lan" } }';
  const outcome = await loadTopology({ text, file: "a.b.json" });
  expect(outcome).toMatchObject({ ok: true, value: { name: "a.b" } });
});
