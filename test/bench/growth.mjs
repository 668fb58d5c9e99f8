// How questions grow with a cluster: 50 to 5,000 hosts in racks of 50 with 30 pods each. Every time is divided by that
// of a process that only reads and parses the same cluster written out as JSON; the exponent says how time, less that of
// a bare Node, grows with hosts from one size to the next: 1 is as many times as there are more hosts.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writtenOut } from "./cluster.mjs";

const HOSTS = [50, 500, 2000, 5000];
const PER_RACK = 50;
const PODS = 30;

/** Prints a table; `run` gives the arguments of Node for a command, `time` the milliseconds of a process. */
export function growth({ folder, env, rounds, run, time }) {
  mkdirSync(folder);
  const sizes = HOSTS.map((hosts) => clusterOf(hosts, folder));
  const questions = {
    "trace, from JSON": ({ json, last }) => run("-t", json, "--mode", "vxlan", "pod-000001", last),
    "trace, generated": ({ yaml, last }) => run("-t", yaml, "--mode", "vxlan", "pod-000001", last),
    "all pairs, from JSON": ({ json }) => run("check", "-t", json, "--mode", "vxlan", "--fail-on", "never"),
    "all pairs, generated": ({ yaml }) => run("check", "-t", yaml, "--mode", "vxlan", "--fail-on", "never"),
    "diff of two modes": ({ yaml }) => run("diff", "vxlan", "host-gw", "-t", yaml, "--exit-zero"),
  };
  const rows = {
    "only JSON.parse": ({ json }) => [
      "-e",
      `JSON.parse(require("node:fs").readFileSync(${JSON.stringify(json)}, "utf8"))`,
    ],
    ...questions,
  };
  const bare = fastest(() => time({ name: "bare", args: ["-e", "0"], env }), rounds);
  const measured = new Map(
    Object.entries(rows).map(([name, args]) => [
      name,
      sizes.map((size) => fastest(() => time({ name: `${name}, ${size.hosts} hosts`, args: args(size), env }), rounds)),
    ]),
  );
  const [[, floors]] = measured;
  console.log("\ngrowth: milliseconds, and times the process that only parses; exponents from size to size");
  console.log(
    line(
      "hosts",
      HOSTS.map((hosts) => String(hosts)),
      "",
    ),
  );
  for (const [name, times] of measured) {
    const cells = times.map((took, i) => `${took.toFixed(0)} ${(took / floors[i]).toFixed(1)}×`);
    console.log(line(name, cells, exponents(times.map((took) => Math.max(took - bare, 1)))));
  }
}

function clusterOf(hosts, folder) {
  const racks = hosts / PER_RACK;
  const [json, yaml] = ["json", "yaml"].map((ending) => join(folder, `${hosts}.${ending}`));
  writeFileSync(json, JSON.stringify(writtenOut({ racks, hostsPerRack: PER_RACK, podsPerHost: PODS })));
  const generate = `racks: ${racks}, hostsPerRack: ${PER_RACK}, podsPerHost: ${PODS}, underlay: 172.16.0.0/16, bgp: true`;
  writeFileSync(yaml, `cni-trace: 1\ncluster: { podCIDR: 10.0.0.0/11 }\ngenerate: { ${generate} }\n`);
  return { hosts, json, yaml, last: `pod-${String(hosts * PODS).padStart(6, "0")}` };
}

function fastest(once, rounds) {
  return Math.min(...Array.from({ length: rounds }, once));
}

function exponents(times) {
  const steps = times.slice(1).map((took, i) => Math.log(took / times[i]) / Math.log(HOSTS[i + 1] / HOSTS[i]));
  return steps.map((step) => step.toFixed(2)).join(" ");
}

function line(name, cells, end) {
  return `  ${name.padEnd(22)}${cells.map((cell) => cell.padStart(13)).join("")}  ${end}`.trimEnd();
}
