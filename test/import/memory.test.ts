import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";

const BENCH = join(import.meta.dirname, "../bench");
const BUNDLE = join(import.meta.dirname, "../../bin/cni-trace.cjs");
const PODS_PER_NODE = 30;
const MIB = 2 ** 20;

/** The most memory that the command touches while it reads a cluster through a pipe, in bytes. */
async function peakOf(nodes: number): Promise<number> {
  const print = [join(BENCH, "kubectl-get.mjs"), String(nodes), String(PODS_PER_NODE)];
  const kubectl = spawn(process.execPath, print, { stdio: ["ignore", "pipe", "inherit"] });
  const command = ["--require", join(BENCH, "peak.cjs"), BUNDLE, "tables", "-t", "-", "node-0001", "--only", "link"];
  const child = spawn(process.execPath, command, { stdio: [kubectl.stdout, "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (data) => {
    said += data;
  });
  const [status] = await once(child, "close");
  expect([status, said]).toEqual([0, expect.stringMatching(/^peak \d+/m)]);
  return Number(/^peak (\d+)/m.exec(said)?.[1]);
}

// What kubectl prints of a pod is nine thousand bytes; what has to be kept of one is several hundred. Held back, forty
// thousand pods more would take 360 MB more. Nothing here is about time.
test("three times the cluster takes no more memory than what is kept of its pods", { timeout: 900_000 }, async () => {
  const nodes = 670;
  const small = await peakOf(nodes);
  const large = await peakOf(3 * nodes);
  expect(small / MIB).toBeLessThan(200);
  expect((large - small) / (2 * nodes * PODS_PER_NODE)).toBeLessThan(2500);
});
