import { walk } from "../../src/dataplane/walk.ts";
import { diagnose } from "../../src/diagnose/diagnose.ts";
import type { Network } from "../../src/kernel/network.ts";
import { type Case, OPEN_PORT, openTo, sendOf } from "../../src/lab/cases.ts";
import type { Cases } from "../../src/lab/verify.ts";
import { answerQuestion } from "../../src/query/answer.ts";
import type { Endpoint, Question } from "../../src/trace/answer.ts";
import { placeName } from "../../src/trace/project.ts";
import { cluster, ip, networkFrom, type Probe, routed } from "../diagnose/ask.ts";
import { beliefs } from "../diagnose/beliefs.ts";
import { filter, layer2, outcome, routing, size, tunnel } from "../diagnose/modelled.ts";
import { written } from "../diagnose/written.ts";
import { UNSHOWN } from "./unshown.ts";

/** A network and packets that show codes: what is said of them is true when a kernel does the same with them. */
export interface Showing {
  readonly name: string;
  readonly network: Network;
  readonly cases: Cases;
  readonly codes: readonly string[];
}

/** What the diagnosis tests have tables for, and what several packets come to together. */
export async function showings(): Promise<readonly Showing[]> {
  const single = [...outcome, ...routing, ...beliefs, ...layer2, ...tunnel, ...filter, ...size].map(async (one) => {
    return { ...one, network: await networkFrom(one.mode, one.document) };
  });
  const byHand = written.map(async (one) => ({ ...one, network: await one.network() }));
  return [
    ...(await Promise.all([...single, ...byHand])).flatMap(({ name, network, probe = {} }) => {
      const one = caseOf(network, probe);
      const codes = codesOf(network, one);
      return codes.some(isUnshown) ? [] : [{ name, network, cases: [[one]], codes }];
    }),
    ...(await Promise.all(TOGETHER.map(together))),
  ];
}

function isUnshown(code: string): boolean {
  return UNSHOWN.some(([each]) => each === code);
}

/** Codes of a packet and its reply, or of a flow. */
interface Together {
  readonly name: string;
  readonly mode: string;
  readonly document: Readonly<Record<string, unknown>>;
  readonly probe: Probe;
  /** Packets of the flow. */
  readonly count?: number;
}

const TOGETHER: readonly Together[] = [
  {
    name: "a reply that dies",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n2: "ip route del 10.244.1.0/24" }] }),
    probe: { ping: true },
  },
  {
    name: "a reply that is not wrapped where the packet was",
    mode: "flannel-vxlan",
    document: cluster({ faults: [{ n2: "ip route replace 10.244.1.0/24 via 192.168.1.11 dev eth0" }] }),
    probe: { ping: true },
  },
  {
    name: "a pod's own address outside, and no way back to it",
    mode: "calico-bgp",
    document: cluster({
      subnets: { lan: "192.168.1.0/24", office: "192.168.86.0/24" },
      routers: { r1: ["192.168.1.1", "192.168.86.1"], printer: ["192.168.86.160"] },
      faults: [{ n1: "ipset add cali40all-ipam-pools 192.168.86.0/24" }],
    }),
    probe: { to: "192.168.86.160", ping: true },
  },
  {
    name: "a node that takes its neighbour for one behind a router, and wraps",
    mode: "calico-vxlan-crosssubnet",
    document: cluster({ hosts: { n1: addressed("192.168.1.11/32"), n2: "192.168.1.12" } }),
    probe: { ping: true },
  },
  {
    name: "a node that takes one behind a router for its neighbour, and does not wrap",
    mode: "calico-vxlan-crosssubnet",
    document: routed({
      hosts: { n1: addressed("192.168.1.11/16"), n2: "192.168.2.12" },
      routers: { r1: { addresses: ["192.168.1.1", "192.168.2.1"], routes: ["10.244.2.0/26 via 192.168.2.12"] } },
    }),
    probe: { ping: true },
  },
  {
    name: "a reply that comes to a node that never translated its request",
    mode: "flannel-vxlan",
    document: cluster({
      subnets: { lan: "192.168.1.0/24", office: "192.168.86.0/24" },
      routers: { r1: ["192.168.1.1", "192.168.86.1"], printer: ["192.168.86.160"] },
      faults: [{ n1: "iptables -t nat -I POSTROUTING -s 10.244.1.0/24 ! -o cni0 -j SNAT --to-source 192.168.1.12" }],
    }),
    probe: { to: "192.168.86.160", ping: true },
  },
  {
    name: "a flow whose first packet is lost on a narrow leg",
    mode: "flannel-udp",
    document: cluster({
      subnets: { a: "192.168.1.0/24", b: "192.168.2.0/24", core: { cidr: "10.0.0.0/30", mtu: 1400 } },
      routers: { r1: ["192.168.1.1", "10.0.0.1"], r2: ["192.168.2.1", "10.0.0.2"] },
      hosts: { n1: "192.168.1.11", n2: "192.168.2.12" },
    }),
    probe: { size: 1472, df: "always" },
    count: 3,
  },
];

/** A host whose Calico believes an address and a prefix length of it. */
function addressed(ipv4Address: string): object {
  return { address: "192.168.1.11", cni: { calico: { ipv4Address } } };
}

async function together({ name, mode, document, probe, count = 1 }: Together): Promise<Showing> {
  const network = await networkFrom(mode, document);
  const one = caseOf(network, probe);
  const { code, because } = answerQuestion(network, { ...one.question, count }, { oneWay: count > 1 });
  const cases = Array.from({ length: count }, (_, k) => ({ ...one, id: `${one.id}, ${k + 1}`, again: k > 0 }));
  return { name, network, cases: [cases], codes: [code, ...because.map((finding) => finding.code)] };
}

/** Whether a lab of it has devices that not every kernel has: those of the guest are there for them. */
export function needsTunnels(network: Network): boolean {
  const kinds = kindsOf(network);
  return kinds.has("ipip") || kinds.has("wireguard");
}

function kindsOf(network: Network): ReadonlySet<string> {
  const all = [...network.names()].flatMap((name) => [...(network.netns(name)?.links.values() ?? [])]);
  return new Set(all.map(({ kind }) => kind));
}

/** The codes of one packet. */
export function codesOf(network: Network, one: Case): readonly string[] {
  const open = openTo(network, one.question.dst.netns ?? "", one.open ? OPEN_PORT : undefined);
  const { code, because } = diagnose(open, walk(open, sendOf(one), { cold: one.question.cold }).trace);
  return [code, ...because.map((finding) => finding.code)];
}

function caseOf(network: Network, probe: Probe): Case {
  const { from = "pod/default/p1", to = "10.244.2.2", size: length = 60, df = "auto", ttl = 64, ping = false } = probe;
  const dst = endpointOf(network, to);
  const there = network.netns(dst.netns ?? "");
  const sockets = there?.sockets.some(({ protocol, port }) => protocol === "udp" && port === OPEN_PORT);
  const { mode, topology } = network;
  const question: Question = {
    ...{ mode, topology, src: senderOf(network, from, dst.ip.family), dst },
    ...{ protocol: ping ? "icmp" : "udp", sport: 40000, dport: OPEN_PORT },
    // A handshake is tried again after five seconds (REKEY_TIMEOUT), but by peers that were just made.
    ...{ size: length, df, ttl, cold: kindsOf(network).has("wireguard"), count: 1 },
  };
  return { id: `${from} > ${to}`, question, open: there?.assumeListening === true || sockets === true, again: false };
}

function senderOf(network: Network, netns: string, family: 4 | 6): Endpoint {
  const all = network.netns(netns)?.addresses ?? [];
  const own = all.find((row) => row.dev === "eth0" && row.by !== "kernel" && row.ip.family === family);
  return { name: placeName(netns), netns, ip: own?.ip ?? ip("0.0.0.0") };
}

function endpointOf(network: Network, address: string): Endpoint {
  const there = ip(address);
  const netns = [...network.names()].find((name) => network.netns(name)?.addresses.some((row) => row.ip.equals(there)));
  return netns === undefined ? { name: address, ip: there } : { name: placeName(netns), netns, ip: there };
}
