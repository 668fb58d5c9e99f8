// npm run bench: how long the command takes, as a ratio to a bare Node measured in the same run.
// Rounds are interleaved, each row is divided by the base of its own round, and the median of the ratios counts. Memory
// is the most that a process held, in a run of its own: asking for it would be in the way of a short one.
//   --rounds N   default 21
//   --smoke      two rounds, no judgement: only that every row runs
//   --growth     instead, how questions grow from 50 to 5,000 hosts
//   --cluster    and once what kubectl prints of 5,000 nodes and 150,000 pods, 1.5 GB through a pipe
import { constants } from "node:buffer";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writtenOut } from "./cluster.mjs";
import { growth } from "./growth.mjs";
import { kubectlJson, podName } from "./kubectl.mjs";
import { lpm } from "./lpm.mjs";
import { besideOvn } from "./ovn.mjs";

const bundle = join(import.meta.dirname, "../../bin/cni-trace.cjs");
const PEAK = join(import.meta.dirname, "peak.cjs");
const smoke = process.argv.includes("--smoke");
const rounds = smoke ? 2 : Number(process.argv[process.argv.indexOf("--rounds") + 1] || 21) || 21;
const folder = mkdtempSync(join(tmpdir(), "cni-trace-bench-"));

// With either of these set, a bare Node is slower and every ratio looks better than it is.
const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...inherited } = process.env;
// A code cache of its own, warm after the first round, as on the machine of somebody who has run it before.
const env = { ...inherited, XDG_CACHE_HOME: join(folder, "cache") };
const cold = { ...env, NODE_DISABLE_COMPILE_CACHE: "1" };

const four = join(folder, "four-hosts.yaml");
writeFileSync(
  four,
  `cni-trace: 1
cni: { mode: flannel-vxlan }
subnets:
  lan: 192.168.0.0/24
hosts:
  node-1: 192.168.0.11
  node-2: 192.168.0.12
  node-3: 192.168.0.13
  node-4: 192.168.0.14
pods:
  pod-a: node-1
  pod-b: node-2
  pod-c: node-3
  pod-d: node-4
`,
);
const large = join(folder, "written-out.json");
writeFileSync(large, JSON.stringify(writtenOut({ racks: 100, hostsPerRack: 50, podsPerHost: 30 })));
const megabytes = (statSync(large).size / 1e6).toFixed(1);
const parseOnly = `JSON.parse(require("node:fs").readFileSync(${JSON.stringify(large)}, "utf8"))`;

const objects = join(folder, "objects.json");
const cluster = { nodes: smoke ? 10 : 200, podsPerNode: 30 };
const fd = openSync(objects, "w");
for (const piece of kubectlJson(cluster)) writeSync(fd, piece);
closeSync(fd);
const objectsMegabytes = statSync(objects).size / 1e6;

const bare = { name: "node -e 0", args: ["-e", "0"], env };
const parsing = { name: `node, only JSON.parse of ${megabytes} MB`, args: ["-e", parseOnly], env };
const parseObjects = {
  name: `node, only JSON.parse of ${objectsMegabytes.toFixed(1)} MB`,
  args: ["-e", `JSON.parse(require("node:fs").readFileSync(${JSON.stringify(objects)}, "utf8"))`],
  env,
};
const run = (...args) => [bundle, ...args];
const ALL_PAIRS = ["--mode", "vxlan", "--fail-on", "never"];
const faulty = join(folder, "faulty.yaml");
writeFileSync(
  faulty,
  readFileSync(join(import.meta.dirname, "../../topologies/huge.yaml"), "utf8") + deletedRoutes(5000),
);
const small = run("-t", four, "pod-a", "pod-d");
const rows = [
  { name: "node empty.cjs", args: [emptyFile()], env, base: bare },
  { name: "--version", args: run("--version"), env, base: bare, goal: 1.2 },
  { name: "--help", args: run("--help"), env, base: bare, goal: 1.3 },
  { name: "trace, four hosts in YAML", args: small, env, base: bare, goal: 1.8 },
  { name: "the same without a code cache", args: small, env: cold, base: bare },
  { name: "trace in huge", args: run("-t", "huge", "pod-000001", "pod-150000"), env, base: bare },
  {
    name: `trace in huge written out, ${megabytes} MB JSON`,
    args: run("-t", large, "pod-000001", "pod-150000"),
    env,
    base: parsing,
    goal: 2,
  },
  {
    name: "all pairs of huge",
    args: run("check", "-t", "huge", ...ALL_PAIRS),
    env,
    base: parsing,
    goal: 12,
    memory: 300,
  },
  {
    name: "all pairs, a route deleted on every node",
    args: run("check", "-t", faulty, ...ALL_PAIRS),
    env,
    base: parsing,
    goal: 12,
    memory: 300,
  },
  {
    name: "all pairs of huge written out",
    args: run("check", "-t", large, ...ALL_PAIRS),
    env,
    base: parsing,
    goal: 5,
    memory: 400,
  },
  {
    name: "diff of all tables of two modes in huge",
    args: run("diff", "vxlan", "host-gw", "-t", "huge", "--exit-zero"),
    env,
    base: parsing,
    goal: 12,
    memory: 300,
  },
];
const streamed = {
  name: `trace in what kubectl printed, ${objectsMegabytes.toFixed(1)} MB`,
  args: run("-t", objects, podName(0, 0), podName(1, 0)),
  env,
  base: parseObjects,
};
rows.push(streamed);

try {
  mkCache();
  if (process.argv.includes("--growth"))
    growth({ folder: join(folder, "growth"), env, rounds: Math.min(rounds, 3), run, time });
  else await measure();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure() {
  for (const row of [bare, parsing, parseObjects, ...rows]) time(row);
  const samples = new Map([bare, parsing, parseObjects, ...rows].map((row) => [row, []]));
  for (let round = 0; round < rounds; round++) for (const [row, times] of samples) times.push(time(row));
  report(samples, new Map(rows.filter(({ memory }) => memory).map((row) => [row, memoryOf(row)])));
  const speed = (row) => `${(objectsMegabytes / (median(samples.get(row)) / 1000)).toFixed(0)} MB/s`;
  console.log(
    `objects: streamed ${speed(streamed)}, JSON.parse ${speed(parseObjects)}, both with the start of a process`,
  );
  if (!smoke) for (const part of [lpm, () => besideOvn(env)]) if (await part()) process.exitCode = 1;
  if (process.argv.includes("--cluster")) await wholeCluster();
}

/**
 * A cluster of full size through a pipe: longer than a string can be, so that JSON.parse has nothing to say to it, and
 * beside it JSON.parse of the largest part that fits into one. By processor time, as making the text takes some too.
 */
async function wholeCluster() {
  const nodes = 5000;
  const streamed = await piped(nodes, run("-t", "-", podName(0, 0), podName(nodes - 1, 29)));
  const most = constants.MAX_STRING_LENGTH;
  const part = Math.floor(most / (streamed.bytes / nodes)) - 1;
  const parsed = await piped(part, ["-e", 'JSON.parse(require("node:fs").readFileSync(0, "latin1"))']);
  const words = ({ bytes, cpu, peak }) =>
    `${(bytes / 1e6).toFixed(0)} MB at ${(bytes / cpu).toFixed(0)} MB/s, ${(peak / 2 ** 20).toFixed(0)} MiB at most`;
  console.log(`5,000 nodes and 150,000 pods: ${words(streamed)}`);
  console.log(`JSON.parse of its first ${part} nodes, the most that a string holds: ${words(parsed)}`);
}

/** What a process makes of a cluster on its standard input: bytes of memory, microseconds of processor time. */
async function piped(nodes, args) {
  const child = spawn(process.execPath, ["--require", PEAK, ...args], {
    env,
    stdio: ["pipe", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (data) => {
    said += data;
  });
  const ended = once(child, "exit");
  let bytes = 0;
  for (const piece of kubectlJson({ nodes, podsPerNode: 30 })) {
    bytes += piece.length;
    if (!child.stdin.write(piece)) await once(child.stdin, "drain");
  }
  child.stdin.end();
  const [status] = await ended;
  if (status !== 0) throw new Error(`the whole cluster ended with ${status}: ${said}`);
  return { bytes, ...used(said) };
}

function mkCache() {
  // The folder above the cache must be the user's own, as ~/.cache is.
  time({ name: "first run", args: small, env });
}

/** Each node has lost the route to one other. */
function deletedRoutes(hosts) {
  const lines = Array.from({ length: hosts }, (_, i) => {
    const other = ((i * 7 + 3) % hosts) + 1;
    const name = `node-${String(i + 1).padStart(4, "0")}`;
    return other === i + 1 ? "" : `  - ${name}: ip route del 10.${other >> 8}.${other & 255}.0/24\n`;
  });
  return `faults:\n${lines.join("")}`;
}

function emptyFile() {
  const file = join(folder, "empty.cjs");
  writeFileSync(file, "");
  return file;
}

/** Milliseconds from start to end of one process. */
function time({ name, args, env }) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const took = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
  return took;
}

/** The most memory that one process held, in MiB. */
function memoryOf({ name, args, env }) {
  const { status, stderr } = spawnSync(process.execPath, ["--require", PEAK, ...args], { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
  return used(stderr).peak / 2 ** 20;
}

/** What `peak.cjs` has said at the end of a process: bytes of memory, microseconds of processor time. */
function used(said) {
  const [, peak, cpu] = /^peak (\d+) cpu (\d+)$/m.exec(said) ?? [];
  if (cpu === undefined) throw new Error(`a process did not say what it used: ${said}`);
  return { peak: Number(peak), cpu: Number(cpu) };
}

function report(samples, memory) {
  console.log(`Node ${process.version}, ${rounds} rounds, medians\n`);
  console.log(line("", "ms", "ratio", "at most", "MiB", "at most", ""));
  let missed = 0;
  for (const [row, times] of samples) {
    const base = samples.get(row.base) ?? [];
    const ratio = row.base && median(times.map((took, round) => took / base[round]));
    const most = memory.get(row);
    const isMissed = (row.goal !== undefined && ratio > row.goal) || (most !== undefined && most > row.memory);
    if (isMissed) missed++;
    const [shown, goal] = [ratio, row.goal].map((number) => (number === undefined ? "" : number.toFixed(2)));
    const [held, bound] = [most, row.memory].map((number) => (number === undefined ? "" : number.toFixed(0)));
    const judgement = row.goal || row.memory ? (isMissed ? "missed" : "met") : "";
    console.log(line(row.name, median(times).toFixed(1), shown, goal, held, bound, judgement));
  }
  console.log("\nratio: to `node -e 0`; for the JSON file and diff, to the process that only parses that file");
  if (missed > 0 && !smoke) process.exitCode = 1;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function line(name, ms, ratio, goal, memory, bound, judgement) {
  const numbers = [ms.padStart(8), ratio.padStart(8), goal.padStart(9), memory.padStart(6), bound.padStart(9)];
  return `${name.padEnd(41)}${numbers.join("")}  ${judgement}`.trimEnd();
}
