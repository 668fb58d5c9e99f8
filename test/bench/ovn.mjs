// A trace beside ovn-trace, which answers the same question for a logical network of OVN: 500 nodes of 30 pods, each node
// with a switch of its own on one router. Both start as a process that knows nothing, and end with their verdict: ours
// reads a file, ovn-trace a southbound database that ovn-northd has made before. All of it lives in one folder and
// speaks over sockets there.
//   apt-get install --no-install-recommends ovn-central ovn-common
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writtenOut } from "./cluster.mjs";

const GOAL = 20;
const ROUNDS = 5;
const PROGRAMS = ["ovsdb-tool", "ovsdb-server", "ovn-northd", "ovn-nbctl", "ovn-trace"];
const SCHEMAS = "/usr/share/ovn";
const bundle = join(import.meta.dirname, "../../bin/cni-trace.cjs");

/** Prints both times and how they compare; whether the goal was missed. */
export async function besideOvn(env) {
  console.log("\nbeside ovn-trace: 500 nodes, 15,000 pods, from the file or the database to the verdict");
  const missing = PROGRAMS.filter((name) => spawnSync("sh", ["-c", 'command -v "$1"', "sh", name]).status !== 0);
  if (missing.length > 0) {
    console.log(`  LEFT OUT: ${missing.join(", ")} not installed (Debian: ovn-central ovn-common)`);
    return false;
  }
  const folder = mkdtempSync(join(tmpdir(), "cni-trace-ovn-"));
  const started = [];
  try {
    const network = writtenOut({ racks: 10, hostsPerRack: 50, podsPerHost: 30 });
    const own = { ...env, OVN_RUNDIR: folder, OVS_RUNDIR: folder, OVN_LOGDIR: folder, OVS_LOGDIR: folder };
    await program(network, folder, own, started);
    return report(rowsFor(network, folder, own));
  } finally {
    for (const child of started.reverse()) if (child.kill()) await once(child, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes the network into a northbound database, and waits until ovn-northd has made logical flows of it. */
async function program({ pods }, folder, env, started) {
  const databases = ["nb", "sb"].map((side) => {
    const file = join(folder, `${side}.db`);
    run(["ovsdb-tool", "create", file, join(SCHEMAS, `ovn-${side}.ovsschema`)], env);
    return file;
  });
  const socket = join(folder, "db.sock");
  const start = (name, ...args) => {
    const child = spawn(name, [...args, "--no-chdir", `--unixctl=${join(folder, `${name}.ctl`)}`], {
      cwd: folder,
      env,
      stdio: "ignore",
    });
    started.push(child);
  };
  start("ovsdb-server", ...databases, `--remote=punix:${socket}`);
  while (!existsSync(socket)) {
    if (started.some(({ exitCode }) => exitCode !== null)) throw new Error("ovsdb-server ended before it listened");
    await new Promise((done) => setTimeout(done, 20));
  }
  const db = `unix:${socket}`;
  const byHost = new Map();
  for (const entry of Object.entries(pods)) byHost.set(entry[1].host, [...(byHost.get(entry[1].host) ?? []), entry]);
  let words = ["--", "lr-add", "cluster"];
  const flush = () => {
    run(["ovn-nbctl", `--db=${db}`, ...words], env);
    words = [];
  };
  for (const [host, own] of byHost) {
    const [, { address }] = own[0];
    const gateway = address.replace(/\d+$/, "1");
    words.push("--", "lrp-add", "cluster", `to-${host}`, mac(gateway), `${gateway}/24`);
    words.push("--", "ls-add", host, "--", "lsp-add", host, `gw-${host}`);
    words.push("--", "lsp-set-type", `gw-${host}`, "router", "--", "lsp-set-addresses", `gw-${host}`, "router");
    words.push("--", "lsp-set-options", `gw-${host}`, `router-port=to-${host}`);
    for (const [name, pod] of own) {
      words.push("--", "lsp-add", host, name);
      words.push("--", "lsp-set-addresses", name, `${mac(pod.address)} ${pod.address}`);
    }
    if (words.length > 5000) flush();
  }
  if (words.length > 0) flush();
  start("ovn-northd", `--ovnnb-db=${db}`, `--ovnsb-db=${db}`);
  run(["ovn-nbctl", `--db=${db}`, "--wait=sb", "--timeout=600", "sync"], env);
}

/** Both questions: from the first pod to the last, on the last node. */
function rowsFor(network, folder, env) {
  const names = Object.keys(network.pods);
  const [src, dst] = [names[0], names.at(-1)];
  const [from, to] = [network.pods[src], network.pods[dst]];
  const file = join(folder, "network.json");
  writeFileSync(file, JSON.stringify(network));
  const flow = [
    `inport == "${src}"`,
    `eth.src == ${mac(from.address)} && eth.dst == ${mac(from.address.replace(/\d+$/, "1"))}`,
    `ip4.src == ${from.address} && ip4.dst == ${to.address} && ip.ttl == 64`,
    "udp && udp.src == 40000 && udp.dst == 9000",
  ].join(" && ");
  const ovn = ["ovn-trace", "--minimal", `--db=unix:${join(folder, "db.sock")}`, from.host, flow];
  return {
    ours: { argv: [process.execPath, bundle, "-t", file, "--mode", "vxlan", src, dst], env, says: "DELIVERED" },
    ovn: { argv: ovn, env, says: `output("${dst}");` },
  };
}

function report({ ours, ovn }) {
  // The first run of ours fills its code cache, and that of the other its page cache.
  for (const row of [ours, ovn]) timed(row);
  const times = Array.from({ length: ROUNDS }, () => ({ ours: timed(ours), ovn: timed(ovn) }));
  const middle = (numbers) => numbers.toSorted((a, b) => a - b)[ROUNDS >> 1];
  const ratio = middle(times.map((each) => each.ovn / each.ours));
  const missed = ratio < GOAL;
  for (const [name, key] of [
    ["ours", "ours"],
    ["ovn-trace", "ovn"],
  ]) {
    console.log(
      `  ${name.padEnd(42)}${middle(times.map((each) => each[key]))
        .toFixed(0)
        .padStart(9)} ms`,
    );
  }
  console.log(`  ${ratio.toFixed(1)} × faster; goal ≥ ${GOAL} ×: ${missed ? "missed" : "met"}`);
  return missed;
}

/** Milliseconds of one process that must say what it is to say. */
function timed({ argv, env, says }) {
  const start = process.hrtime.bigint();
  const out = run(argv, env);
  const took = Number(process.hrtime.bigint() - start) / 1e6;
  if (!out.includes(says)) throw new Error(`${argv[0]} does not say ${says}:\n${out}`);
  return took;
}

function run([program, ...args], env) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { env, encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${program} ${args[0]} ended with ${status}: ${stderr}${error?.message ?? ""}`);
  return stdout;
}

/** The MAC address that stands for an IPv4 address. */
function mac(address) {
  const bytes = address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
  return `0a:58:${bytes.join(":")}`;
}
