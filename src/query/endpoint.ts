import { Ip } from "../addr/ip.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Network } from "../kernel/network.ts";
import { nearest } from "../topology/nearest.ts";
import type { Outcome, Problem } from "../topology/problem.ts";
import type { Topology } from "../topology/topology.ts";
import type { Endpoint } from "../trace/answer.ts";

type Kind = "pod" | "host" | "router" | "ip";

/**
 * Finds what a user names: `[pod:|host:|router:|ip:]name`, where a pod without namespace is `default/…`. A name that
 * several things have, or none, is a problem with the choices.
 */
export function findEndpoint(topology: Topology, network: Network, text: string, family: 4 | 6): Outcome<Endpoint> {
  const colon = /^(pod|host|router|ip):(.+)$/.exec(text);
  const kinds: readonly Kind[] = colon ? [colon[1] as Kind] : ["pod", "host", "router", "ip"];
  const name = colon?.[2] ?? text;
  const named = kinds.filter((kind) => exists(topology, kind, name));
  // A host that is named after an address has it, or is asked about all the same.
  const found = named.length > 1 ? named.filter((kind) => kind !== "ip") : named;
  const [kind] = found;
  if (found.length > 1) {
    const choices = found.map((each) => `${each}:${name}`).join(" or ");
    return problem("ambiguous-place", `${name} is the name of more than one thing`, `say ${choices}`);
  }
  if (kind === undefined) {
    const close = nearest(name, placeNames(topology));
    return problem("unknown-place", `there is no pod, host or router ${name}`, close && `did you mean ${close}?`);
  }
  return endpoint(topology, network, kind, name, family);
}

function exists(topology: Topology, kind: Kind, name: string): boolean {
  if (kind === "pod") return topology.pods.get(podName(name)) !== undefined;
  if (kind === "host") return topology.hosts.has(name);
  return kind === "router" ? topology.routers.has(name) : Ip.parse(name) !== undefined;
}

function podName(name: string): string {
  return name.includes("/") ? name : `default/${name}`;
}

function endpoint(topology: Topology, network: Network, kind: Kind, name: string, family: 4 | 6): Outcome<Endpoint> {
  if (kind === "ip") return { ok: true, value: { name, ip: Ip.parse(name) as Ip } };
  const pod = kind === "pod" ? topology.pods.get(podName(name)) : undefined;
  const netns = pod && !pod.hostNetwork ? `pod/${pod.name}` : `${pod ? "host" : kind}/${pod?.host ?? name}`;
  const plain = pod ? pod.name.replace(/^default\//, "") : name;
  const addresses = addressesOf(topology, network, netns, kind === "host" || pod?.hostNetwork === true);
  const ip = addresses.find((candidate) => candidate.family === family) ?? addresses[0];
  if (!ip) return problem("no-address", `${plain} has no address`, "see cni-trace tables for what it has");
  return { ok: true, value: { name: plain, netns, ip } };
}

function addressesOf(topology: Topology, network: Network, netns: string, isHost: boolean): readonly Ip[] {
  const host = isHost ? topology.hosts.get(netns.slice("host/".length)) : undefined;
  return host?.nodeIPs ?? globalAddresses(network.netns(netns));
}

function globalAddresses(netns: Netns | undefined): readonly Ip[] {
  return (netns?.addresses ?? []).filter(({ scope, dev }) => scope === "global" && dev !== "lo").map(({ ip }) => ip);
}

/** All names a user may type, pods by their short names. */
function* placeNames(topology: Topology): Generator<string> {
  for (const name of topology.pods.names()) yield name.replace(/^default\//, "");
  yield* topology.hosts.keys();
  yield* topology.routers.keys();
}

function problem(code: string, message: string, hint: string | undefined): { ok: false; problems: readonly Problem[] } {
  return { ok: false, problems: [{ code, message, ...(hint && { hint }) }] };
}
