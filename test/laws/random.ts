import fc from "fast-check";
import type { Network } from "../../src/kernel/network.ts";
import { buildNetwork } from "../../src/modes/build.ts";
import type { Mode } from "../../src/modes/mode.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Topology } from "../../src/topology/topology.ts";
import { type Breakage, broken, type Document } from "./breakage.ts";

/** A topology as a file says it, small enough to shrink and to read. */
export interface Drawn {
  readonly subnets: number;
  readonly mtus: readonly number[];
  /** Subnet k hangs on router k, the subnets without one on the others; more routers than subnets lead nowhere. */
  readonly routers: number;
  /** Whether the routers stand in a ring rather than in a row. */
  readonly ring: boolean;
  /** The subnet of each host. */
  readonly hosts: readonly number[];
  /** The host of each pod. */
  readonly pods: readonly number[];
  readonly bgp: "mesh" | "routers" | "reflector";
  /** What is broken, and where. */
  readonly breakages: readonly Breakage[];
}

const mtu = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(1280, 1400, 1500, 9000) },
  { weight: 1, arbitrary: fc.integer({ min: 1280, max: 9000 }) },
);

export const drawn = (breakages: { readonly min: number; readonly max: number }) =>
  fc.record({
    subnets: fc.integer({ min: 1, max: 3 }),
    mtus: fc.array(mtu, { minLength: 3, maxLength: 3 }),
    routers: fc.integer({ min: 0, max: 3 }),
    ring: fc.boolean(),
    hosts: fc.array(fc.nat(2), { minLength: 1, maxLength: 6 }),
    pods: fc.array(fc.nat(5), { minLength: 2, maxLength: 7 }),
    bgp: fc.constantFrom("mesh", "routers", "reflector"),
    breakages: fc.array(fc.record({ kind: fc.nat(999), at: fc.nat(99), other: fc.nat(99) }), {
      minLength: breakages.min,
      maxLength: breakages.max,
    }),
  }) satisfies fc.Arbitrary<Drawn>;

/** Four in five draws are broken, in one way or two. */
export const mixed = fc.oneof(
  { weight: 2, arbitrary: drawn({ min: 1, max: 1 }) },
  { weight: 2, arbitrary: drawn({ min: 2, max: 2 }) },
  { weight: 1, arbitrary: drawn({ min: 0, max: 0 }) },
) satisfies fc.Arbitrary<Drawn>;

/** Subnet k is 172.16.k.0/24 and its router has .1 there; routers meet on 172.31.k.0/30 links. */
export function documentOf(draw: Drawn): Document {
  const links = linksOf(draw);
  const routers = range(draw.routers).map((k) => [
    `r${k}`,
    {
      addresses: [
        ...range(draw.subnets).flatMap((subnet) => (routerOf(draw, subnet) === k ? [`172.16.${subnet}.1`] : [])),
        ...links.flatMap(([left, right], link) => [
          ...(left === k ? [`172.31.${link}.1`] : []),
          ...(right === k ? [`172.31.${link}.2`] : []),
        ]),
      ],
      ...(draw.bgp === "routers" && { bgp: { as: 65100 + k, peers: routerPeers(draw, k) } }),
    },
  ]);
  return {
    "cni-trace": 1,
    cni: { calico: { nodeToNodeMeshEnabled: draw.bgp === "mesh" || (draw.bgp === "routers" && draw.routers === 0) } },
    subnets: Object.fromEntries([
      ...range(draw.subnets).map((k) => [`s${k}`, { cidr: `172.16.${k}.0/24`, mtu: draw.mtus[k] }]),
      ...links.map((_, k) => [`link${k}`, { cidr: `172.31.${k}.0/30`, mtu: 9000 }]),
    ]),
    ...(draw.routers > 0 && { routers: Object.fromEntries(routers) }),
    hosts: Object.fromEntries(
      draw.hosts.map((_, k) => [`n${k}`, { address: `172.16.${subnetOf(draw, k)}.${11 + k}`, ...speaker(draw, k) }]),
    ),
    pods: Object.fromEntries(draw.pods.map((at, k) => [`p${k}`, `n${at % draw.hosts.length}`])),
  };
}

/** The two routers at the ends of each link: a row, or a ring of three. */
function linksOf({ routers, ring }: Drawn): readonly (readonly [number, number])[] {
  const count = routers < 2 ? 0 : ring && routers > 2 ? routers : routers - 1;
  return range(count).map((k) => [k, (k + 1) % routers]);
}

function routerOf({ routers }: Drawn, subnet: number): number | undefined {
  return routers === 0 ? undefined : subnet % routers;
}

function subnetOf({ hosts, subnets }: Drawn, host: number): number {
  return (hosts[host] ?? 0) % subnets;
}

function routerPeers(draw: Drawn, k: number): readonly string[] {
  const hosts = draw.hosts.flatMap((_, host) => (routerOf(draw, subnetOf(draw, host)) === k ? [`n${host}`] : []));
  const others = linksOf(draw).flatMap(([left, right]) =>
    left === k ? [`r${right}`] : right === k ? [`r${left}`] : [],
  );
  return [...hosts, ...others];
}

function speaker(draw: Drawn, host: number): object {
  if (draw.bgp === "mesh") return {};
  const router = routerOf(draw, subnetOf(draw, host));
  if (draw.bgp === "routers") {
    return router === undefined ? {} : { bgp: { as: 65001 + host, peers: [`r${router}`] } };
  }
  const clients = range(draw.hosts.length)
    .slice(1)
    .map((k) => `n${k}`);
  return { bgp: host === 0 ? { as: 64512, peers: clients, routeReflector: true } : { as: 64512, peers: ["n0"] } };
}

export async function loaded(document: Document): Promise<Topology> {
  const outcome = await loadTopology({ text: JSON.stringify(document), file: "random.json" });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.value;
}

/** What a draw comes to in a mode: the file, the network, and what was broken in it. */
export interface World {
  readonly document: Document;
  readonly topology: Topology;
  readonly network: Network;
  readonly kinds: readonly string[];
}

/** Breaks a draw's network in its ways one after the other; a way that fits nothing there is left out. */
export async function worldOf(draw: Drawn, mode: Mode): Promise<World> {
  let world = await built(documentOf(draw), mode, []);
  if (typeof world === "string") throw new Error(world);
  for (const breakage of draw.breakages) {
    for (const { kind, document } of broken(world, breakage)) {
      const next = await built(document, mode, [...world.kinds, kind]);
      if (typeof next === "string") continue;
      world = next;
      break;
    }
  }
  return world;
}

async function built(document: Document, mode: Mode, kinds: readonly string[]): Promise<World | string> {
  const outcome = await loadTopology({ text: JSON.stringify(document), file: "random.json" });
  if (!outcome.ok) return JSON.stringify(outcome.problems);
  const network = buildNetwork(outcome.value, mode);
  return network.ok
    ? { document, topology: outcome.value, network: network.value, kinds }
    : JSON.stringify(network.problems);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, k) => k);
}
