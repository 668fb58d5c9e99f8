import fc from "fast-check";
import type { Network } from "../../src/kernel/network.ts";
import { buildNetwork } from "../../src/modes/build.ts";
import type { Mode } from "../../src/modes/mode.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Fault, Topology } from "../../src/topology/topology.ts";

/** A topology as a file says it, small enough to shrink and to read. */
export interface Drawn {
  readonly subnets: number;
  readonly mtus: readonly number[];
  /** The subnet of each host. */
  readonly hosts: readonly number[];
  /** The host of each pod. */
  readonly pods: readonly number[];
  /** Whether the routers stand in a ring rather than in a row. */
  readonly ring: boolean;
  readonly bgp: "mesh" | "routers" | "reflector";
  /** Which of the faults below, and where. */
  readonly faults: readonly { readonly kind: number; readonly at: number; readonly other: number }[];
}

export const drawn = (faults: { readonly min: number; readonly max: number }) =>
  fc.record({
    subnets: fc.integer({ min: 1, max: 3 }),
    mtus: fc.array(fc.constantFrom(1280, 1400, 1500, 9000), { minLength: 3, maxLength: 3 }),
    hosts: fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }),
    pods: fc.array(fc.nat(4), { minLength: 2, maxLength: 6 }),
    ring: fc.boolean(),
    bgp: fc.constantFrom("mesh", "routers", "reflector"),
    faults: fc.array(fc.record({ kind: fc.nat(99), at: fc.nat(9), other: fc.nat(9) }), {
      minLength: faults.min,
      maxLength: faults.max,
    }),
  }) satisfies fc.Arbitrary<Drawn>;

/** Subnet k is 172.16.k.0/24 and its router r(k) has .1; routers meet on 172.31.k.0/30 links. */
export function documentOf(draw: Drawn): object {
  const count = draw.subnets;
  const subnet = (k: number) => k % count;
  const links = count < 2 ? [] : range(draw.ring && count > 2 ? count : count - 1);
  const routers = range(count).map((k) => [
    `r${k}`,
    {
      addresses: [
        `172.16.${k}.1`,
        ...links.filter((link) => link === k).map((link) => `172.31.${link}.1`),
        ...links.filter((link) => (link + 1) % count === k).map((link) => `172.31.${link}.2`),
      ],
      ...(draw.bgp === "routers" && { bgp: { as: 65100 + k, peers: routerPeers(draw, k, links) } }),
    },
  ]);
  return {
    "cni-trace": 1,
    cni: { calico: { nodeToNodeMeshEnabled: draw.bgp === "mesh" } },
    subnets: Object.fromEntries([
      ...range(count).map((k) => [`s${k}`, { cidr: `172.16.${k}.0/24`, mtu: draw.mtus[k] }]),
      ...links.map((k) => [`link${k}`, { cidr: `172.31.${k}.0/30`, mtu: 9000 }]),
    ]),
    routers: Object.fromEntries(routers),
    hosts: Object.fromEntries(
      draw.hosts.map((at, k) => [
        `n${k}`,
        { address: `172.16.${subnet(at)}.${11 + k}`, ...speaker(draw, k, subnet(at)) },
      ]),
    ),
    pods: Object.fromEntries(draw.pods.map((at, k) => [`p${k}`, `n${at % draw.hosts.length}`])),
  };
}

function routerPeers(draw: Drawn, k: number, links: readonly number[]): readonly string[] {
  const count = draw.subnets;
  const hosts = draw.hosts.flatMap((at, host) => (at % count === k ? [`n${host}`] : []));
  const others = links.flatMap((link) =>
    link === k ? [`r${(link + 1) % count}`] : (link + 1) % count === k ? [`r${link}`] : [],
  );
  return [...hosts, ...others];
}

function speaker(draw: Drawn, k: number, subnet: number): object {
  if (draw.bgp === "mesh") return {};
  if (draw.bgp === "routers") return { bgp: { as: 65001 + k, peers: [`r${subnet}`] } };
  const clients = draw.hosts.map((_, host) => `n${host}`).slice(1);
  return { bgp: k === 0 ? { as: 64512, peers: clients, routeReflector: true } : { as: 64512, peers: ["n0"] } };
}

export async function topologyOf(draw: Drawn): Promise<Topology> {
  const loaded = await loadTopology({ text: JSON.stringify(documentOf(draw)), file: "random.json" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.value;
}

/**
 * The faults of a draw, as commands that fit what the network holds: rows are deleted, devices taken down, forwarding
 * switched off, firewalls closed, addresses of tunnels pointed elsewhere. One that fits nothing is left out.
 */
export function faultsOf(network: Network, draw: Drawn): readonly Fault[] {
  const hosts = draw.hosts.map((_, k) => `n${k}`);
  return draw.faults.flatMap(({ kind, at, other }) => {
    const host = hosts[at % hosts.length] as string;
    const netns = network.netns(`host/${host}`);
    if (!netns) return [];
    const pick = <T>(rows: readonly T[]) => rows[other % Math.max(1, rows.length)];
    const route = pick([...netns.routes.rows()].filter((row) => row.table === 254 && row.by !== "kernel"));
    const neighbour = pick([...netns.neighbours.rows()]);
    const fdb = pick([...netns.fdb.rows()].filter((row) => row.dst));
    const link = pick([...netns.links.values()].filter((each) => each.kind !== "loopback"));
    const commands = [
      route && `ip route del ${route.type === "unicast" ? "" : `${route.type} `}${route.dst}`,
      route && `ip route replace ${route.dst} dev eth0`,
      neighbour && `ip neigh del ${neighbour.ip} dev ${neighbour.dev}`,
      neighbour && `ip neigh replace ${neighbour.ip} lladdr 02:00:00:00:00:99 dev ${neighbour.dev}`,
      fdb && `bridge fdb del ${fdb.mac} dev ${fdb.dev}`,
      fdb && `bridge fdb replace ${fdb.mac} dev ${fdb.dev} dst 172.16.0.250`,
      link && `ip link set ${link.name} down`,
      link && `ip link set ${link.name} mtu 1280`,
      "sysctl net.ipv4.ip_forward=0",
      "iptables -P FORWARD DROP",
      "iptables -I FORWARD -j DROP",
      "iptables -I INPUT -j DROP",
      "sysctl net.ipv4.conf.all.rp_filter=1",
    ];
    const text = commands[kind % commands.length];
    return text ? [{ text, target: { kind: "host", name: host } as const }] : [];
  });
}

/** The network of a draw in a mode, with those of its faults that can be done. */
export function networkOf(topology: Topology, mode: Mode, draw: Drawn): Network {
  const healthy = buildNetwork(topology, mode);
  if (!healthy.ok) throw new Error(JSON.stringify(healthy.problems));
  let network = healthy.value;
  let done: readonly Fault[] = [];
  for (const fault of faultsOf(network, draw)) {
    const built = buildNetwork(topology, mode, [...done, fault]);
    if (!built.ok) continue;
    done = [...done, fault];
    network = built.value;
  }
  return network;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, k) => k);
}
