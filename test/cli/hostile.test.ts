import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test, vi } from "vitest";

// What a child with little memory to spare cannot read, it refuses: were it to hold all of it, it would die of that.
vi.setConfig({ testTimeout: 120_000 });

const bundle = join(import.meta.dirname, "../../bin/cni-trace.cjs");
const COUNT = 150_000;

/** Traces in a topology file from standard input, with so many MiB of heap. */
function refused(topology: unknown, heap: number): string {
  const text = typeof topology === "string" ? topology : JSON.stringify(topology);
  const { status, stderr } = spawnSync(
    process.execPath,
    [`--max-old-space-size=${heap}`, bundle, "-t", "-", "a", "b"],
    { input: text, encoding: "utf8", maxBuffer: 2 ** 26 },
  );
  expect(status, stderr.slice(0, 2000)).toBe(2);
  return stderr;
}

function file(sections: object): object {
  const hosts = { "node-1": "192.168.0.11", "node-2": "192.168.0.12" };
  return { "cni-trace": 1, subnets: { lan: "192.168.0.0/24" }, hosts, pods: { a: "node-1", b: "node-2" }, ...sections };
}

function many(value: unknown): object {
  return Object.fromEntries(Array.from({ length: COUNT }, (_, i) => [`x-${i}`, value]));
}

const list = Array.from({ length: COUNT }, () => "node-1: ip route del 10.0.0.0/8");
const lan = { cidr: "192.168.0.0/24" };

test.each([
  ["hosts", { hosts: many("192.168.0.7") }],
  ["routers", { routers: many({ as: 1 }) }],
  ["subnets", { subnets: many("10.0.0.0/8") }],
  ["faults", { faults: list }],
  ["subnets.lan.routes", { subnets: { lan: { ...lan, routes: list } } }],
  ["subnets.lan.drop", { subnets: { lan: { ...lan, drop: list } } }],
  ["hosts.node-1.labels", { hosts: { "node-1": { address: "192.168.0.11", labels: many("y") } } }],
  ["pods.a.labels", { pods: { a: { host: "node-1", labels: many(5) } } }],
  ["pods.a.listen", { pods: { a: { host: "node-1", listen: list } } }],
  ["the file", many(1)],
])("more entries than are read are refused: %s", (where, sections) => {
  const start = `stdin:1:1  ${where} has `;
  const said = refused(file(sections), 128);
  expect(said.slice(0, start.length)).toBe(start);
  expect(said).toMatch(/has 15\d{4} entries, more than the 100000 that are read/);
});

test("of pods that are all wrong the first thousand are told, and how many more there are", () => {
  const said = refused(file({ pods: many(7) }), 192)
    .trimEnd()
    .split("\n");
  expect(said).toHaveLength(1001);
  expect(said[0]).toContain("x-0 cannot be the number 7");
  expect(said.at(-1)).toBe(`cni-trace: ${COUNT - 1000} more problems, not listed`);
});

test("a text of more values than are read is refused before it is parsed", () => {
  const text = `{"cni-trace":1,"hosts":{"a":[${"[1],".repeat(2_100_000)}1]}}`;
  expect(refused(text, 128)).toContain("this has more than 2000000 lines and commas");
});

test.each([
  ["lists", "[", "]"],
  ["maps", '{"a":', "}"],
])("%s nested a million deep are refused", (_, open, close) => {
  const text = `{"cni-trace":1,"hosts":${open.repeat(1e6)}1${close.repeat(1e6)}}`;
  expect(refused(text, 256)).toContain("more than 32 maps and lists inside one another");
});

test("a name of many megabytes is shown by its start", () => {
  const said = refused(file({ pods: { ["x".repeat(8e6)]: "node-1", b: "node-2" } }), 128);
  expect(said.length).toBeLessThan(1000);
  expect(said).toContain(`${"x".repeat(60)}…`);
});
