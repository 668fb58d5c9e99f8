import { Prefix } from "../addr/prefix.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Path } from "../topology/path.ts";
import type { Topology } from "../topology/topology.ts";
import { placeName } from "../trace/project.ts";
import type { Sighting } from "./finding.ts";
import { machinePath } from "./paths.ts";
import type { Scope } from "./scope.ts";

/** What Docker gives its bridge docker0 unless it is told otherwise (moby daemon/libnetwork/ipamutils). */
const DOCKER = Prefix.parse("172.17.0.0/16") as Prefix;

/** Kubernetes' own default, which kubeadm gives to services (kubeadm apis v1beta4, `DefaultServicesSubnet`). */
const SERVICES = "10.96.0.0/12";

/** Networks that must be apart and are not; what the file says twice of one address is a problem of the file already. */
export function* overlaps({ topology, network, kinds, routers }: Scope): Generator<Sighting> {
  const named = networksOf(topology);
  const services = topology.cluster.serviceCIDRs;
  for (const { cidr, what, path, at } of named.filter(({ path: [section] }) => section === "subnets")) {
    for (const service of services.filter((other) => other.overlaps(cidr))) {
      const text = `${what} ${cidr} lies in the services' network ${service}. A service that is given one of its addresses takes the packets for it.`;
      yield { code: "CIDR_OVERLAP", severity: "warning", at, path, text };
    }
  }
  if (services.length === 0) {
    const [pods] = topology.cluster.podNetworks;
    const text = `The pods' network ${pods} overlaps ${SERVICES}, from which Kubernetes takes the addresses of services unless it is told otherwise.`;
    const fix = "Say cluster.serviceCIDR, and set it on the API server, or choose another cluster.podCIDR.";
    yield { code: "CIDR_OVERLAP", severity: "warning", at: topology.name, path: ["cluster", "podCIDR"], text, fix };
  }
  for (const { cidr, what, path, at } of named) {
    if (!cidr.overlaps(DOCKER)) continue;
    const text = `${what} ${cidr} overlaps ${DOCKER}. Where Docker is installed its bridge docker0 has that network, and a node takes packets for it to docker0.`;
    const fix = 'Choose another network, or give Docker one: "bip" in /etc/docker/daemon.json.';
    yield { code: "CIDR_OVERLAP", severity: "warning", at, path, text, fix };
  }
  yield* widePools(topology, network.mode);
  for (const { netns, hosts } of kinds) yield* devices(netns, hosts.length);
  for (const netns of routers) yield* devices(netns, 1);
}

/** Felix masquerades only what leaves all pools, disabled ones included (felix/calc `all-ipam-pools`). */
function* widePools({ cni, subnets }: Topology, mode: string): Generator<Sighting> {
  if (!mode.startsWith("calico")) return;
  for (const { name, cidr } of cni.calico.ipPools) {
    for (const subnet of subnets.values()) {
      const covered = subnet.cidrs.find((other) => other.overlaps(cidr));
      if (!covered) continue;
      const text = `Pool ${name} ${cidr} shares addresses with subnet ${subnet.name} ${covered}: what pods send there keeps the pod's own address, and answers to that find no way back.`;
      const fix = "Narrow the pool to what pods use, or let the subnet's routers learn the way to pods.";
      yield {
        code: "CIDR_OVERLAP",
        severity: "warning",
        at: name,
        path: ["cni", "calico", "ipPools", name],
        text,
        fix,
      };
    }
  }
}

interface Network {
  readonly cidr: Prefix;
  readonly what: string;
  readonly at: string;
  readonly path: Path;
}

function networksOf({ name: topology, cluster, subnets }: Topology): readonly Network[] {
  return [
    ...[...subnets.values()].flatMap(({ name, cidrs }) =>
      cidrs.map((cidr) => ({ cidr, what: `Subnet ${name}`, at: name, path: ["subnets", name, "cidr"] })),
    ),
    ...cluster.podNetworks.map((cidr) => ({
      cidr,
      what: "The pods' network",
      at: topology,
      path: ["cluster", "podCIDR"],
    })),
    ...cluster.serviceCIDRs.map((cidr) => ({
      cidr,
      what: "The services' network",
      at: topology,
      path: ["cluster", "serviceCIDR"],
    })),
  ];
}

/** Two devices of one machine whose networks share addresses, a card among them; a tunnel's wide mask is its agent's way. */
function* devices(netns: Netns, count: number): Generator<Sighting> {
  const connected = netns.addresses.filter(({ ip, length, scope }) => length < ip.bits && scope === "global");
  for (const [i, a] of connected.entries()) {
    for (const b of connected.slice(i + 1)) {
      const cards = [a, b].some(({ dev }) => netns.links.get(dev)?.kind === "nic");
      if (a.dev === b.dev || !cards || !Prefix.of(a.ip, a.length).overlaps(Prefix.of(b.ip, b.length))) continue;
      const at = placeName(netns.name);
      const [wide, narrow] = a.length <= b.length ? [a, b] : [b, a];
      const text = `${at} has ${wide.ip}/${wide.length} on ${wide.dev} and ${narrow.ip}/${narrow.length} on ${narrow.dev}: addresses of the smaller network are looked for on ${narrow.dev} alone.`;
      const place = b.source ?? a.source;
      yield {
        code: "CIDR_OVERLAP",
        severity: "error",
        at,
        path: machinePath(netns.name),
        text,
        count,
        ...(place && { place }),
      };
    }
  }
}
