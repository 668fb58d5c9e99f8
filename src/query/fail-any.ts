import { arrives } from "../diagnose/conclusion.ts";
import { buildNetwork } from "../modes/build.ts";
import type { Mode } from "../modes/mode.ts";
import type { Outcome } from "../topology/problem.ts";
import type { Fault, Host, Nic, Pods, Router, Speaker, Topology } from "../topology/topology.ts";
import type { Code } from "../trace/codes.ts";
import { type Built, PairWalks } from "./all-pairs.ts";

/** What can fail: the cable of a card, a host, a router. */
export const FAILING = ["link", "host", "router"] as const;
export type Failing = (typeof FAILING)[number];

/** An element without which pods that have nothing to do with it lose one another. */
export interface Loss {
  readonly kind: Failing;
  /** `tor-001`, `node-1`, `tor-001 eth1`. */
  readonly name: string;
  /** How many elements are alike, this one among them: the loss of any one of them breaks as much. */
  readonly alike: number;
  /** Ordered pairs of pods that no longer reach one another with the usual packet; pods on a failed host not counted. */
  readonly breaks: number;
  /** One of them, by pod names, and the code it ends in. */
  readonly witness: readonly [src: string, dst: string];
  readonly code: Code;
}

export interface Losses {
  /** Elements tried, one of each kind that is alike. */
  readonly tried: number;
  /** Elements there are. */
  readonly elements: number;
  /** The worst first. */
  readonly losses: readonly Loss[];
}

/** One element, and the topology without it. */
interface Element {
  readonly kind: Failing;
  readonly name: string;
  readonly alike: number;
  /** Whose pods are gone with it. */
  readonly host?: string;
  readonly without: () => Topology;
}

/**
 * Takes every element away by itself, lets routers and agents program what is left, and counts the pairs that break.
 * Of elements that are alike one is taken. `onElement` is told how many are done, of how many.
 */
export function failAny(
  kinds: readonly Failing[],
  { topology, mode, faults }: Built,
  walks: PairWalks,
  onElement: (done: number, of: number) => void = () => {},
): Outcome<Losses> {
  const elements = [...elementsOf(kinds, topology, walks)];
  const own = faults.filter((fault) => !topology.faults.includes(fault));
  const losses: Loss[] = [];
  for (const [i, element] of elements.entries()) {
    const { host, kind, name, alike } = element;
    const before = broken(walks, host);
    const after = without(element, mode, own);
    if (!after.ok) return after;
    const { pairs, witness, code } = broken(after.value, undefined);
    if (witness && code && pairs > before.pairs)
      losses.push({ kind, name, alike, breaks: pairs - before.pairs, witness, code });
    onElement(i + 1, elements.length);
  }
  return {
    ok: true,
    value: {
      tried: elements.length,
      elements: elements.reduce((sum, { alike }) => sum + alike, 0),
      losses: losses.sort((a, b) => b.breaks - a.breaks),
    },
  };
}

function without({ without: take }: Element, mode: Mode, own: readonly Fault[]): Outcome<PairWalks> {
  const topology = take();
  const still = own.filter((fault) => exists(topology, fault));
  const built = buildNetwork(topology, mode, still);
  if (!built.ok) return built;
  const faults = [...topology.faults, ...still];
  return { ok: true, value: new PairWalks({ topology, mode, network: built.value, faults }) };
}

/** How many pairs a usual packet does not get through, pods of one host left out. */
function broken(walks: PairWalks, host: string | undefined) {
  const isThere = ({ host: at }: { readonly host: string }) => at !== host;
  const all = walks.answer(host === undefined ? {} : { from: isThere, to: isThere });
  const lost = all.classes.filter(({ small }) => !arrives(small.verdict));
  const [first] = lost;
  return {
    pairs: lost.reduce((sum, { pairs }) => sum + pairs, 0),
    ...(first && { witness: first.witness, code: first.small.code }),
  };
}

function* elementsOf(kinds: readonly Failing[], topology: Topology, walks: PairWalks): Generator<Element> {
  if (kinds.includes("host")) {
    for (const { host, alike } of walks.samples()) {
      const { name } = host;
      yield { kind: "host", name, alike, host: name, without: () => withoutHost(topology, name) };
    }
  }
  for (const routers of walks.alike.routers) {
    const [router] = routers;
    if (!router) continue;
    const { name, nics } = router;
    const alike = routers.length;
    if (kinds.includes("router")) yield { kind: "router", name, alike, without: () => withoutRouter(topology, name) };
    for (const nic of kinds.includes("link") ? nics : []) {
      yield { kind: "link", name: `${name} ${nic.name}`, alike, without: () => withoutCard(topology, router, nic) };
    }
  }
  // A host with one card is as good as gone without it.
  for (const { host, alike } of kinds.includes("link") ? walks.samples() : []) {
    for (const nic of host.nics.length > 1 ? host.nics : []) {
      yield { kind: "link", name: `${host.name} ${nic.name}`, alike, without: () => withoutCard(topology, host, nic) };
    }
  }
}

function withoutHost(topology: Topology, name: string): Topology {
  const hosts = new Map([...topology.hosts].filter(([other]) => other !== name));
  return settled(unpeered({ ...topology, hosts, pods: podsElsewhere(topology.pods, name) }, name));
}

/** Its addresses stay where they were, and nobody answers there: hosts keep their default route. */
function withoutRouter(topology: Topology, name: string): Topology {
  const nics = topology.routers.get(name)?.nics ?? [];
  const routers = new Map([...topology.routers].filter(([other]) => other !== name));
  return settled(dead(unpeered({ ...topology, routers }, name), name, nics));
}

function withoutCard(topology: Topology, machine: Host | Router, nic: Nic): Topology {
  const nics = machine.nics.filter((other) => other !== nic);
  const names = new RegExp(`\\b${nic.name}\\b`);
  const faults = topology.faults.filter(({ target, text }) => target.name !== machine.name || !names.test(text));
  const rest = { ...topology, faults };
  if ("podCIDRs" in machine) {
    const kept = machine.nodeIPs.filter((ip) => !nic.addresses.some((held) => held.ip.equals(ip)));
    const instead = nics.flatMap(({ addresses }) => addresses.map(({ ip }) => ip));
    // The agent starts anew, and takes the first card there is.
    const nodeIPs = machine.nodeIPs.flatMap((ip) =>
      kept.includes(ip) ? ip : (instead.find(({ family }) => family === ip.family) ?? []),
    );
    return { ...rest, hosts: new Map(topology.hosts).set(machine.name, { ...machine, nics, nodeIPs }) };
  }
  return dead({ ...rest, routers: new Map(topology.routers).set(machine.name, { ...machine, nics }) }, machine.name, [
    nic,
  ]);
}

/** Cards that are there and down, on a machine that takes no part in anything. */
function dead(topology: Topology, name: string, nics: readonly Nic[]): Topology {
  let ghost = `${name}-lost`;
  while (topology.routers.has(ghost)) ghost += "-lost";
  const router: Router = { name: ghost, nics, igp: false, routes: [] };
  const down = nics.map(
    (nic): Fault => ({ text: `ip link set ${nic.name} down`, target: { kind: "router", name: ghost } }),
  );
  return { ...topology, routers: new Map(topology.routers).set(ghost, router), faults: [...topology.faults, ...down] };
}

/** Nobody peers with a machine that is gone. */
function unpeered(topology: Topology, name: string): Topology {
  const rest = <T extends { readonly bgp?: Speaker }>(machine: T): T =>
    machine.bgp?.peers.some((peer) => peer.name === name)
      ? { ...machine, bgp: { ...machine.bgp, peers: machine.bgp.peers.filter((peer) => peer.name !== name) } }
      : machine;
  const hosts = new Map([...topology.hosts].map(([key, host]) => [key, rest(host)]));
  const routers = new Map([...topology.routers].map(([key, router]) => [key, rest(router)]));
  return { ...topology, hosts, routers };
}

/** Without the faults of machines and pods that are gone. */
function settled(topology: Topology): Topology {
  return { ...topology, faults: topology.faults.filter((fault) => exists(topology, fault)) };
}

function exists({ hosts, routers, pods }: Topology, { target: { kind, name } }: Fault): boolean {
  if (kind === "pod") return pods.get(name) !== undefined;
  return kind === "host" ? hosts.has(name) : routers.has(name) || name.endsWith("-gw");
}

function podsElsewhere(pods: Pods, host: string): Pods {
  const gone = new Set(pods.on(host).map(({ name }) => name));
  return {
    size: pods.size - gone.size,
    get: (name) => (gone.has(name) ? undefined : pods.get(name)),
    on: (name) => (name === host ? [] : pods.on(name)),
    *names() {
      for (const name of pods.names()) if (!gone.has(name)) yield name;
    },
    pinnedAt: (ip) => {
      const pod = pods.pinnedAt(ip);
      return pod && gone.has(pod.name) ? undefined : pod;
    },
  };
}
