import { Ip } from "../../src/addr/ip.ts";
import type { Send } from "../../src/dataplane/output.ts";
import { walk } from "../../src/dataplane/walk.ts";
import { diagnose } from "../../src/diagnose/diagnose.ts";
import { proposeFixes } from "../../src/diagnose/fixes.ts";
import type { Network } from "../../src/kernel/network.ts";
import { networkOf } from "../../src/modes/build.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Diagnosis } from "../../src/trace/answer.ts";
import type { Trace } from "../../src/trace/trace.ts";

/** Two nodes and a pod on each, in one subnet or with a router between them. */
export function cluster(more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    "cni-trace": 1,
    subnets: { lan: "192.168.1.0/24" },
    routers: { r1: ["192.168.1.1"] },
    hosts: { n1: "192.168.1.11", n2: "192.168.1.12" },
    pods: { p1: { host: "n1", device: "veth1" }, p2: { host: "n2", device: "veth2" } },
    ...more,
  };
}

export function routed(more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return cluster({
    subnets: { a: "192.168.1.0/24", b: "192.168.2.0/24" },
    routers: { r1: ["192.168.1.1", "192.168.2.1"] },
    hosts: { n1: "192.168.1.11", n2: "192.168.2.12" },
    ...more,
  });
}

export async function networkFrom(mode: string, document: Readonly<Record<string, unknown>>): Promise<Network> {
  const loaded = await loadTopology({ text: JSON.stringify(document), file: "case.json" });
  const built = loaded.ok ? networkOf(loaded.value, mode) : loaded;
  if (!built.ok) throw new Error(built.problems.map(({ message }) => message).join("\n"));
  return built.value;
}

export interface Probe {
  readonly from?: string;
  readonly to?: string;
  readonly size?: number;
  readonly df?: Send["df"];
  readonly ttl?: number;
  readonly ping?: boolean;
  readonly cause?: Send["cause"];
}

export function ip(text: string): Ip {
  const parsed = Ip.parse(text);
  if (!parsed) throw new Error(`no address: ${text}`);
  return parsed;
}

export function send(network: Network, probe: Probe = {}): Trace {
  const { from = "pod/default/p1", to = "10.244.2.2", size = 60, df = "auto", ttl, ping = false, cause } = probe;
  const dst = ip(to);
  const what: Send = {
    from,
    dst,
    df,
    process: "test",
    payload: [
      ping ? { kind: "icmp", type: 8, code: 0, rest: 1 } : { kind: "udp", sport: 40000, dport: 9000 },
      { kind: "payload", length: size - (dst.family === 4 ? 28 : 48) },
    ],
    ...(ttl !== undefined && { ttl }),
    ...(cause && { cause }),
  };
  return walk(network, what).trace;
}

/** `NO_ROUTE at r1`. */
export function where({ code, at }: Pick<Diagnosis, "code" | "at">): string {
  return `${code} at ${at}`;
}

/** The proposals that make the packet arrive, each as its commands; every one is applied to a network made anew. */
export async function mends(
  mode: string,
  document: Readonly<Record<string, unknown>>,
  probe: Probe,
): Promise<readonly string[]> {
  const network = await networkFrom(mode, document);
  const trace = send(network, probe);
  const diagnosis = diagnose(network, trace);
  const found: string[] = [];
  for (const { edits } of proposeFixes(network, trace, diagnosis)) {
    const faults = [...faultsOf(document), ...edits.map(({ at, command }) => ({ [at]: command }))];
    const mended = await networkFrom(mode, { ...document, faults }).catch(() => undefined);
    const verdict = mended && diagnose(mended, send(mended, probe)).verdict;
    const words = edits.map(({ at, command }) => `${at}: ${command}`).join("; ");
    if (verdict === "REACHABLE" || verdict === "REACHABLE_WITH_RISK") found.push(words);
  }
  return found;
}

function faultsOf({ faults }: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Array.isArray(faults) ? faults : [];
}
