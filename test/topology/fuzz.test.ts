import "../../src/modes/registry.ts";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { loadTopology } from "../../src/topology/load.ts";
import { problemText } from "../../src/topology/problem-text.ts";
import { documents, mutated } from "./documents.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Whatever comes in, a topology or problems with places come out; what hangs meets the test's own end. */
async function survives(text: string, ...set: string[]): Promise<boolean> {
  const outcome = await loadTopology({ text, file: "fuzz", set });
  if (outcome.ok) {
    for (const host of outcome.value.hosts.keys()) outcome.value.pods.on(host);
    return true;
  }
  expect(outcome.problems).not.toEqual([]);
  for (const problem of outcome.problems) {
    if (problem.code !== "too-many-problems") expect(problem.place, problemText(problem)).toBeDefined();
    expect(problem.message.length).toBeLessThan(400);
  }
  return false;
}

test("documents of the right shape, as JSON and as YAML, give the same verdict", async () => {
  await fc.assert(
    fc.asyncProperty(documents, async (document) => {
      expect(await survives(JSON.stringify(document))).toBe(await survives(stringify(document)));
    }),
    { seed: 3, numRuns: 80 },
  );
});

test("mutated documents never crash", async () => {
  await fc.assert(
    fc.asyncProperty(mutated, async (document) => void (await survives(JSON.stringify(document)))),
    { seed: 4, numRuns: 200 },
  );
});

const scrap = fc.constantFrom(
  "cni-trace: 1",
  "hosts:",
  "  node-1: 192.168.0.11",
  "subnets: { lan: 192.168.0.0/24 }",
  "pods: [",
  "{",
  "}",
  "]",
  "&a",
  "*a",
  "- ",
  "? ",
  ": ",
  "!!binary",
  "---",
  "...",
  "\t",
  "|",
  ">",
  "'",
  '"',
  "#",
  "%YAML 1.1",
  "<<: *a",
  "\u0000",
  "é",
  "\r",
  "1e999",
);

test("scraps of YAML never crash", async () => {
  const scraps = fc.array(fc.tuple(scrap, fc.constantFrom("\n", " ", "")), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(scraps, async (parts) => void (await survives(parts.flat().join("")))),
    { seed: 5, numRuns: 600 },
  );
});

const SMALL = `cni-trace: 1
subnets: { lan: 192.168.0.0/24 }
hosts: { node-1: 192.168.0.11, node-2: 192.168.0.12 }
pods: { pod-a: node-1 }
`;

test("edits never crash", async () => {
  const step = fc.constantFrom(
    "hosts",
    "node-1",
    "pods",
    "pod-a",
    "subnets",
    "lan",
    "mtu",
    "0",
    "faults",
    "__proto__",
    '"a.b"',
    "bgp",
    "",
  );
  const value = fc.oneof(
    scrap,
    fc.string({ maxLength: 10 }),
    fc.constantFrom("1400", "[a]", "{ mtu: 1400 }", "node-2"),
  );
  const edit = fc.oneof(
    fc.tuple(fc.array(step, { maxLength: 5 }), value).map(([steps, text]) => `${steps.join(".")}=${text}`),
    fc.string({ maxLength: 20 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
      await survives(SMALL, ...edits);
    }),
    { seed: 6, numRuns: 500 },
  );
});
