import "../../src/modes/registry.ts";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadTopology } from "../../src/topology/load.ts";

const plain = readdirSync("topologies").filter((file) => file.endsWith(".yaml"));
const files = [...plain, ...readdirSync("topologies/questions").map((file) => `questions/${file}`)];

test("every topology that the documents name is packaged", () => {
  const names =
    "blocked bgp-routers dual-stack huge one-node seed-calico seed-calico-routers seed-host-gw seed-udp seed-vxlan";
  expect(new Set(plain)).toEqual(
    new Set(`${names} two-nodes two-subnets vpc`.split(" ").map((name) => `${name}.yaml`)),
  );
});

test.each(files)("%s loads without a problem", async (file) => {
  const text = readFileSync(`topologies/${file}`, "utf8");
  const outcome = await loadTopology({ text, file });
  expect(outcome).toMatchObject({ ok: true, value: { name: file.replace(/^questions\/|\.yaml$/g, "") } });
});

test.each(files)("%s starts with a title, a blank comment and its story", (file) => {
  const lines = readFileSync(`topologies/${file}`, "utf8").split("\n");
  expect(lines[0]).toMatch(/^# \S.{9,70}[^.]$/);
  expect(lines[1]).toBe("#");
  expect(lines[2]).toMatch(/^# \S/);
  expect(lines.filter((line) => line.length > 100)).toEqual([]);
});
