import type { Send } from "../../src/dataplane/output.ts";
import type { State } from "../../src/dataplane/state.ts";
import { walk } from "../../src/dataplane/walk.ts";
import type { Network } from "../../src/kernel/network.ts";
import { networkOf } from "../../src/modes/build.ts";
import { findEndpoint } from "../../src/query/endpoint.ts";
import { arrival, replyTo } from "../../src/query/flow.ts";
import { traceroute } from "../../src/query/traceroute.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Topology } from "../../src/topology/topology.ts";
import type { Question } from "../../src/trace/answer.ts";
import { placeName, senderSees } from "../../src/trace/project.ts";
import { eventsOf, type Trace } from "../../src/trace/trace.ts";

/** A cluster of two nodes, in one subnet or behind a router, as a topology file. */
export function cluster(more: { readonly routed?: boolean; readonly [key: string]: unknown } = {}): object {
  const { routed = false, ...rest } = more;
  return {
    "cni-trace": 1,
    subnets: routed ? { a: "192.168.1.0/24", b: "192.168.2.0/24" } : { a: "192.168.1.0/24" },
    routers: { r1: routed ? ["192.168.1.1", "192.168.2.1"] : ["192.168.1.1"] },
    hosts: { n1: "192.168.1.11", n2: routed ? "192.168.2.12" : "192.168.1.12" },
    pods: { p1: "n1", p2: "n2" },
    ...rest,
  };
}

/** A network that packets can be sent through, with what they teach it. */
export interface Scene {
  readonly network: Network;
  readonly topology: Topology;
}

export async function scene(mode: string, document: object, set: readonly string[] = []): Promise<Scene> {
  const loaded = await loadTopology({ text: JSON.stringify(document), file: "scene.json", set });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const built = networkOf(loaded.value, mode);
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  return { network: built.value, topology: loaded.value };
}

interface Probe {
  readonly size?: number;
  readonly df?: Send["df"];
  readonly ttl?: number;
  readonly dport?: number;
  readonly ping?: boolean;
  readonly state?: State;
}

export interface Outcome {
  /** `delivered ttl 62`, or the place and the kernel's reason: `r1 IP_INNOROUTES`. */
  readonly end: string;
  /** What the sender is told: `silence`, `EMSGSIZE 1450 local`, `ENETUNREACH 3/0 from 192.168.1.1`. */
  readonly sees: string;
  readonly trace: Trace;
  readonly state: State;
}

export function send({ network, topology }: Scene, from: string, to: string, probe: Probe = {}): Outcome {
  const { trace, state } = walk(network, request(network, topology, from, to, probe), {
    ...(probe.state && { state: probe.state }),
  });
  return { end: ending(trace), sees: seen(trace), trace, state };
}

/** What comes of the answer to what was delivered. */
export function reply({ network }: Scene, { trace, state }: Outcome): Outcome {
  const answer = replyTo(trace, { dst: { name: "p2" } } as Question);
  if (!answer) throw new Error("nothing was delivered");
  const back = walk(network, answer, { state });
  return { end: ending(back.trace), sees: seen(back.trace), trace: back.trace, state: back.state };
}

/** As traceroute -n prints it. */
export function hops({ network, topology }: Scene, from: string, to: string): string {
  const found = traceroute(network, request(network, topology, from, to, {}), {});
  return found.map((hop) => (hop.from ? String(hop.from) : "*")).join(" ");
}

function request(network: Network, topology: Topology, from: string, to: string, probe: Probe): Send {
  const src = findEndpoint(topology, network, from, 4);
  const dst = findEndpoint(topology, network, to, 4);
  if (!src.ok || !dst.ok) throw new Error(`${from} or ${to} is nobody`);
  const size = probe.size ?? 60;
  return {
    from: src.value.netns ?? "",
    dst: dst.value.ip,
    df: probe.df ?? "auto",
    ...(probe.ttl !== undefined && { ttl: probe.ttl }),
    process: from,
    payload: [
      probe.ping
        ? { kind: "icmp", type: 8, code: 0, rest: 1 }
        : { kind: "udp", sport: 40000, dport: probe.dport ?? 9000 },
      { kind: "payload", length: size - 28 },
    ],
  };
}

function ending(trace: Trace): string {
  const delivered = arrival(trace);
  const ip = delivered?.headers[0];
  if (ip?.kind === "ipv4" || ip?.kind === "ipv6") return `delivered ttl ${ip.ttl}`;
  const [drop] = eventsOf(trace, "drop");
  return drop ? `${placeName(drop.at.netns)} ${drop.action.reason}` : "nothing";
}

function seen(trace: Trace): string {
  const { kind, error } = senderSees(trace);
  if (!error) return kind;
  const what = [
    error.errno,
    error.icmp && `${error.icmp.type}/${error.icmp.code}`,
    error.mtu,
    error.from ? `from ${error.from}` : error.origin,
  ];
  return what.filter((word) => word !== undefined).join(" ");
}
