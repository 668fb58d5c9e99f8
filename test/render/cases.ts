import { readFileSync } from "node:fs";
import { findMode } from "../../src/modes/registry.ts";
import type { Ask } from "../../src/query/answer.ts";
import { traceQuestion } from "../../src/query/trace.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Fault, Topology } from "../../src/topology/topology.ts";
import type { Answer } from "../../src/trace/answer.ts";

/** A question over a packaged topology, possibly changed or broken first. */
export interface Case {
  readonly mode: string;
  readonly topology: string;
  readonly set?: readonly string[];
  readonly faults?: readonly string[];
  readonly ask?: Partial<Ask>;
}

const NARROW_ROUTER = "routers.r1={addresses: [192.168.1.1, 192.168.2.1], mtu: {eth1: 1400}}";
const NARROW_CORE = "subnets.core={cidr: 10.0.0.0/30, mtu: 1400}";
const FAR = { src: "container-1", dst: "container-3" };
const BUSY_ELSEWHERE = "pods.pod-b={host: node-2, listen: [tcp/5432]}";
const NOBODY_THERE = "node-1: ip route replace 10.244.2.0/24 via 192.168.0.99 dev eth0";
const V6 = ["cluster.podCIDR=fd00:10:244::/48", "cluster.nodeMaskSize=64", "subnets.lan=fd00:1::/64"];

/** One case for each way a packet can go or end that a reader must be told of. */
export const CASES: ReadonlyMap<string, Case> = new Map<string, Case>([
  ["vxlan", { mode: "flannel-vxlan", topology: "two-nodes" }],
  ["vxlan-cold", { mode: "flannel-vxlan", topology: "two-nodes", ask: { cold: true } }],
  ["vxlan-icmp", { mode: "flannel-vxlan", topology: "two-nodes", ask: { protocol: "icmp", traceroute: true } }],
  ["vxlan-tcp", { mode: "flannel-vxlan", topology: "two-nodes", ask: { protocol: "tcp" } }],
  ["seed-udp", { mode: "flannel-udp", topology: "seed-udp" }],
  ["host-gw", { mode: "flannel-host-gw", topology: "two-nodes" }],
  ["host-gw-subnets", { mode: "flannel-host-gw", topology: "two-subnets", ask: { traceroute: true } }],
  [
    "host-gw-v6",
    {
      mode: "flannel-host-gw",
      topology: "two-nodes",
      set: [...V6, "routers.gateway=fd00:1::1", "hosts.node-1=fd00:1::11", "hosts.node-2=fd00:1::12"],
    },
  ],
  ["bridge", { mode: "flannel-vxlan", topology: "one-node" }],
  ["calico-ipip", { mode: "calico-ipip", topology: "two-subnets" }],
  ["calico-veth", { mode: "calico-bgp", topology: "two-subnets", set: ["pods.pod-b=node-1"] }],
  ["calico-no-default", { mode: "calico-bgp", topology: "one-node", set: ["routers={}"] }],
  ["emsgsize", { mode: "flannel-vxlan", topology: "two-nodes", ask: { size: 1500, df: "always" } }],
  [
    "frag-needed",
    {
      mode: "flannel-host-gw",
      topology: "two-nodes",
      faults: ["node-1: ip link set eth0 mtu 1400"],
      ask: { size: 1500, df: "always" },
    },
  ],
  [
    "fragments",
    { mode: "flannel-vxlan", topology: "two-subnets", set: [NARROW_ROUTER], ask: { size: 1450, oneWay: true } },
  ],
  ["reply-too-big", { mode: "flannel-vxlan", topology: "two-subnets", set: [NARROW_ROUTER], ask: { size: 1450 } }],
  ["no-listener", { mode: "flannel-vxlan", topology: "two-nodes", set: [BUSY_ELSEWHERE] }],
  [
    "no-listener-tcp",
    { mode: "flannel-vxlan", topology: "two-nodes", set: [BUSY_ELSEWHERE], ask: { protocol: "tcp" } },
  ],
  ["arp-failed", { mode: "flannel-vxlan", topology: "two-nodes", faults: [NOBODY_THERE] }],
  ["arp-failed-cold", { mode: "flannel-vxlan", topology: "two-nodes", faults: [NOBODY_THERE], ask: { cold: true } }],
  ["fabric", { mode: "flannel-vxlan", topology: "blocked" }],
  [
    "forward-drop",
    {
      mode: "flannel-vxlan",
      topology: "two-nodes",
      faults: ["node-2: iptables -P FORWARD DROP", "node-2: iptables -F FLANNEL-FWD"],
    },
  ],
  ["ttl", { mode: "flannel-vxlan", topology: "two-nodes", ask: { ttl: 1 } }],
  ["ttl-process", { mode: "flannel-udp", topology: "seed-udp", ask: { ttl: 2 } }],
  ["ttl-outer", { mode: "calico-ipip", topology: "two-subnets", ask: { ttl: 2 } }],
  [
    "loop",
    {
      mode: "flannel-host-gw",
      topology: "two-nodes",
      faults: ["node-2: ip route replace 10.244.2.0/24 via 192.168.0.11 dev eth0"],
    },
  ],
  [
    "branches",
    {
      mode: "flannel-host-gw",
      topology: "two-nodes",
      faults: [
        "node-1: ip route replace 10.244.2.0/24 nexthop via 192.168.0.12 dev eth0 nexthop via 192.168.0.99 dev eth0",
      ],
    },
  ],
  [
    "branches-all",
    {
      mode: "flannel-host-gw",
      topology: "two-nodes",
      faults: [
        "node-1: ip route replace 10.244.2.0/24 nexthop via 192.168.0.12 weight 3 nexthop via 192.168.0.99",
        "node-2: ip route replace 10.244.1.0/24 nexthop via 192.168.0.11 dev eth0 nexthop via 192.168.0.1 dev eth0",
      ],
      ask: { allBranches: true },
    },
  ],
  [
    "flow-ipip",
    { mode: "calico-ipip", topology: "seed-calico", set: [NARROW_CORE], ask: { ...FAR, size: 1480, count: 8 } },
  ],
  [
    "flow-df",
    { mode: "flannel-udp", topology: "bgp-routers", set: [NARROW_CORE], ask: { size: 1472, df: "always", count: 5 } },
  ],
  [
    "flow-lost",
    {
      mode: "flannel-ipip",
      topology: "bgp-routers",
      set: [NARROW_CORE],
      ask: { size: 1480, df: "always", count: 4, oneWay: true },
    },
  ],
  [
    "flow-tcp",
    {
      mode: "calico-ipip",
      topology: "seed-calico",
      set: [NARROW_CORE],
      ask: { ...FAR, protocol: "tcp", size: 1480, count: 6 },
    },
  ],
  ["flow-cold", { mode: "flannel-wireguard", topology: "two-nodes", ask: { cold: true, count: 3 } }],
  [
    "asymmetric",
    {
      mode: "flannel-vxlan",
      topology: "two-nodes",
      faults: ["node-2: ip route replace 10.244.1.0/24 via 192.168.0.11 dev eth0"],
    },
  ],
  [
    "fdb-missing",
    {
      mode: "flannel-vxlan",
      topology: "two-nodes",
      faults: ["node-1: bridge fdb del 6e:38:66:14:d1:1a dev flannel.1"],
    },
  ],
]);

/** The answer to a case. */
export async function answerTo(name: string): Promise<Answer> {
  const found = CASES.get(name);
  if (!found) throw new Error(`no case ${name}`);
  const file = `topologies/${found.topology}.yaml`;
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const loaded = await loadTopology({ text, file, set: found.set ?? [] });
  const mode = findMode(found.mode);
  if (!loaded.ok || !mode.ok) throw new Error(JSON.stringify(loaded.ok ? mode : loaded));
  const topology = loaded.value;
  const [src = "", dst = ""] = [...topology.pods.names()].map((pod) => pod.replace(/^default\//, ""));
  const faults = (found.faults ?? []).map((fault) => faultOf(topology, fault));
  const answer = traceQuestion({ ...topology, faults }, mode.value, { src, dst, ...found.ask });
  if (!answer.ok) throw new Error(JSON.stringify(answer.problems));
  return answer.value;
}

function faultOf(topology: Topology, text: string): Fault {
  const [name = "", ...words] = text.split(": ");
  const kind = topology.hosts.has(name) ? "host" : topology.routers.has(name) ? "router" : "pod";
  return { target: { kind, name }, text: words.join(": ") };
}
