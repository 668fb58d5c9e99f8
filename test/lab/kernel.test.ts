import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Network } from "../../src/kernel/network.ts";
import { agreementOf } from "../../src/lab/agree.ts";
import type { Case } from "../../src/lab/cases.ts";
import { run } from "../../src/lab/helper.ts";
import { planLab } from "../../src/lab/plan.ts";
import { lacking } from "../../src/lab/possible.ts";
import { readRecord, writeQuestions } from "../../src/lab/record.ts";
import { agreementText, disagreementsOf } from "../../src/lab/report.ts";
import { bringUp, stateFolder, takeDown } from "../../src/lab/up.ts";
import { casesBetween, podPairs, prepare, verify } from "../../src/lab/verify.ts";
import { networkOf } from "../../src/modes/build.ts";
import { loadTopology } from "../../src/topology/load.ts";

const PREFIX = "cnitest-";
const MODES = ["flannel-vxlan", "flannel-udp", "flannel-host-gw"] as const;

async function packaged(name: string, mode: string): Promise<Network> {
  const file = `${name}.yaml`;
  const text = readFileSync(new URL(`../../topologies/${file}`, import.meta.url), "utf8");
  const loaded = await loadTopology({ text, file });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const built = networkOf(loaded.value, mode);
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  return built.value;
}

const lacks = [
  ...new Set(
    (await Promise.all(MODES.map((mode) => packaged("two-nodes", mode)))).flatMap((one) => lacking(one, PREFIX)),
  ),
];

if (lacks.length > 0) {
  test(`LEFT OUT: nothing was compared with a kernel, because ${lacks.join(", ")}`, () => {
    expect(process.env.CI === undefined || lacks.length === 0).toBe(true);
  });
} else {
  afterAll(() => takeDown(PREFIX));

  test("who is told of a shorter way is the kernel's: a node that forwards, and a pod that believes it", async () => {
    const network = await redirecting();
    const node = { name: "n1", netns: "host/n1", ip: addressOf(network, "host/n1", "eth0") };
    const pods = podPairs(network, 6);
    const [other, neighbour] = ["p2", "p3"].map((name) => pods.find(([, to]) => to.name === name)?.[1]);
    const pod = pods.find(([from]) => from.name === "p1")?.[0];
    if (!other || !neighbour || !pod) throw new Error("the pods are gone");
    agree(
      network,
      [
        [node, other],
        [pod, neighbour],
      ],
      ({ question }) => question.size === 60,
    );
  }, 60_000);

  test("what a helper did with a prepared folder is what a kernel answered", async () => {
    const network = await packaged("two-nodes", "flannel-vxlan");
    const folder = mkdtempSync(join(tmpdir(), "cni-trace-"));
    const job = prepare(
      network,
      casesBetween(network, podPairs(network, 2), ({ question }) => question.size < 90),
      PREFIX,
    );
    const source = { text: "", topology: "two-nodes", mode: network.mode, set: [], fault: [] };
    writeQuestions(folder, source, job);
    const { status, text } = run(["python3", "-B", join(folder, "helper.py"), "run", folder]);
    const record = readRecord(folder, network);
    rmSync(folder, { recursive: true });
    expect([status, text, mine()]).toEqual([0, expect.stringContaining("probes answered"), []]);
    if (!record.ok) throw new Error(JSON.stringify(record.problems));
    const agreement = agreementOf(network, record.value.questions, record.value.answers);
    expect(disagreementsOf(agreement).length, agreementText(agreement)).toBe(0);
    expect(agreement.missing).toEqual([]);
  }, 60_000);

  test("what is killed half-way is taken down, and down can be said twice", async () => {
    const network = await packaged("two-nodes", "flannel-udp");
    const plan = planLab(network, PREFIX);
    bringUp({ ...plan, steps: plan.steps.slice(0, plan.steps.length >> 1) });
    expect(mine()).not.toEqual([]);
    bringUp(plan);
    const forwarders = forwarderProcesses();
    expect(forwarders).toHaveLength(2);
    takeDown(PREFIX);
    takeDown(PREFIX);
    expect([mine(), forwarderProcesses()]).toEqual([[], []]);
    expect(run(["test", "-e", stateFolder(PREFIX)]).status).not.toBe(0);
  }, 60_000);
}

/** A router that sends a node's packet back into the segment, and a pod that sends to its neighbour by their gateway. */
async function redirecting(): Promise<Network> {
  const document = {
    "cni-trace": 1,
    subnets: { a: "192.168.1.0/24" },
    routers: { r1: "192.168.1.1" },
    hosts: { n1: "192.168.1.11", n2: "192.168.1.12" },
    pods: { p1: "n1", p2: "n2", p3: "n1" },
    faults: [
      "n1: ip route del 10.244.2.0/24",
      "r1: ip route add 10.244.2.0/24 via 192.168.1.12",
      "p1: ip route add 10.244.1.3/32 via 10.244.1.1",
    ],
  };
  const loaded = await loadTopology({ text: JSON.stringify(document), file: "redirect.json" });
  const built = loaded.ok ? networkOf(loaded.value, "flannel-host-gw") : loaded;
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  return built.value;
}

function addressOf(network: Network, netns: string, dev: string) {
  const found = network.netns(netns)?.addresses.find((row) => row.dev === dev);
  if (!found) throw new Error(`${netns} has no address on ${dev}`);
  return found.ip;
}

function agree(network: Network, pairs: ReturnType<typeof podPairs>, only: (one: Case) => boolean): void {
  const { agreement } = verify(network, casesBetween(network, pairs, only), PREFIX);
  expect(disagreementsOf(agreement).length, agreementText(agreement)).toBe(0);
}

function mine(): readonly string[] {
  return readdirSync("/run/netns").filter((name) => name.startsWith(PREFIX));
}

function forwarderProcesses(): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const { text } = run(["cat", `/proc/${pid}/cmdline`]);
    return text.includes("helper.py") && text.includes(stateFolder(PREFIX));
  });
}
