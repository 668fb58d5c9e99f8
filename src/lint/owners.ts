import type { Ip } from "../addr/ip.ts";
import { parseCommand } from "../kernel/edit.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Route } from "../kernel/route.ts";
import type { Host, Topology } from "../topology/topology.ts";
import { placeName } from "../trace/project.ts";
import type { Sighting } from "./finding.ts";
import { machinePath } from "./paths.ts";
import type { Scope } from "./scope.ts";

/** Addresses and parts of the pods' network that two machines hold. */
export function* owners(scope: Scope): Generator<Sighting> {
  const holders = holdersOf(scope.topology);
  for (const netns of changed(scope)) {
    yield* addresses(netns, holders);
    yield* blocks(scope, netns);
  }
  yield* nodeAddresses(scope.topology);
  for (const { netns, sample, hosts } of scope.kinds) {
    const found = nobodys(netns, sample) ?? offDefaultRoute(scope, sample);
    if (found) yield { ...found, count: hosts.length };
    yield* bridges(netns, sample, hosts.length);
  }
}

/** Nodes that are known by one address. */
function* nodeAddresses({ hosts }: Topology): Generator<Sighting> {
  const first = new Map<string, Host>();
  for (const host of hosts.values()) {
    for (const nodeIP of host.nodeIPs) {
      const other = first.get(`${nodeIP}`);
      if (!other) first.set(`${nodeIP}`, host);
      else yield sameAddress(host, other, nodeIP);
    }
  }
}

function sameAddress(host: Host, other: Host, nodeIP: Ip): Sighting {
  const cards = host.nics.flatMap((nic) => nic.addresses.map(({ ip }) => `${nic.name} has ${ip}`));
  const { name } = host;
  return {
    code: "NODE_IP_DUPLICATE",
    severity: "error",
    at: name,
    path: ["hosts", name, "nodeIP"],
    text: `${other.name} and ${name} are both known by ${nodeIP}: what is for the one goes to the other, or never leaves its sender.`,
    fix: `Have ${name} take another address (${cards.join(", ")}): flanneld --iface=, Calico IP_AUTODETECTION_METHOD=interface= or cidr=.`,
  };
}

/** A node address that is on no device of the node. */
function nobodys(netns: Netns, { name, nics, nodeIPs }: Host): Sighting | undefined {
  const nodeIP = nodeIPs.find((ip) => !netns.addresses.some((held) => held.ip.equals(ip)));
  if (!nodeIP) return undefined;
  const cards = nics.flatMap((nic) => nic.addresses.map(({ ip, length }) => `${nic.name} has ${ip}/${length}`));
  const text = `${name} is known by ${nodeIP}, and no device of its has that address (${cards.join(", ")}).`;
  return { code: "NODE_IP_MISDETECTED", severity: "error", at: name, path: ["hosts", name, "nodeIP"], text };
}

/** A bridge whose address is none of the node's own share: its pods' gateway is not where their addresses are. */
function* bridges(netns: Netns, { name, podCIDRs }: Host, count: number): Generator<Sighting> {
  for (const { dev, ip, length, scope, source } of netns.addresses) {
    if (netns.links.get(dev)?.kind !== "bridge" || scope !== "global") continue;
    const shares = podCIDRs.filter(({ family }) => family === ip.family);
    if (shares.length === 0 || shares.some((share) => share.contains(ip))) continue;
    const text = `${dev} of ${name} has ${ip}/${length}, and the node's podCIDR is ${shares.join(", ")}: pods with addresses of that have no gateway there.`;
    const fix = `ip link delete ${dev} on ${name}; the CNI plugin makes it anew with the next pod.`;
    const place = source;
    const path = ["hosts", name, "podCIDR"];
    yield {
      code: "BRIDGE_ADDR_MISMATCH",
      severity: "error",
      at: name,
      path,
      text,
      fix,
      count,
      ...(place && { place }),
    };
  }
}

/** Machines that a fault has given an address or a route; the topology itself gives nothing twice. */
function* changed({ network, faults }: Scope): Generator<Netns> {
  const names = new Set<string>();
  for (const { target, text } of faults)
    if (target.kind !== "pod" && gives(text)) names.add(`${target.kind}/${target.name}`);
  for (const name of names) {
    const netns = network.netns(name);
    if (netns) yield netns;
  }
}

function gives(command: string): boolean {
  const read = parseCommand(command);
  return read.ok && (read.edit.kind === "route" || read.edit.kind === "address") && read.edit.op !== "del";
}

/** Machines by the addresses that the topology gives their cards. */
function holdersOf({ hosts, routers }: Topology): ReadonlyMap<string, string> {
  const holders = new Map<string, string>();
  for (const machines of [hosts, routers]) {
    for (const { name, nics } of machines.values()) {
      for (const { addresses: held } of nics) for (const { ip } of held) holders.set(`${ip}`, name);
    }
  }
  return holders;
}

function* addresses(netns: Netns, holders: ReadonlyMap<string, string>): Generator<Sighting> {
  const at = placeName(netns.name);
  for (const { ip, dev, source } of netns.addresses) {
    const other = holders.get(`${ip}`);
    if (other === undefined || other === at) continue;
    const text = `${at} has ${ip} on ${dev}, and that is ${other}'s address: whoever answers ARP last gets the packets for both.`;
    yield {
      code: "NODE_IP_DUPLICATE",
      severity: "error",
      at,
      path: machinePath(netns.name),
      text,
      ...(source && { place: source }),
    };
  }
}

/** Rows that hold a network for this node, inside what another node owns. */
function* blocks({ topology }: Scope, netns: Netns): Generator<Sighting> {
  const at = placeName(netns.name);
  for (const row of netns.routes.near([])) {
    if (!holds(row) || !topology.cluster.podNetworks.some((cidr) => cidr.containsPrefix(row.dst))) continue;
    const other = netns.peers.byIp(row.dst.ip).find(({ name }) => name !== at);
    const owner = other && topology.hosts.get(other.name);
    if (!owner?.podCIDRs.some((cidr) => cidr.overlaps(row.dst)) || pinnedHere(topology, row.dst.ip, at)) continue;
    const share = owner.podCIDRs.find((cidr) => cidr.overlaps(row.dst));
    const text = `${at} holds ${row.dst} (${row.type === "unicast" ? `on ${row.dev}` : row.type}), and that lies in ${share}, which is ${owner.name}'s: packets for it end on whichever of the two a sender's routes name.`;
    const place = row.source;
    yield {
      code: "BLOCK_MULTI_OWNER",
      severity: "error",
      at,
      path: machinePath(netns.name),
      text,
      ...(place && { place }),
    };
  }
}

/** A blackhole for a block, or a network on a device of the node's own. */
function holds({ type, via, nexthops, dst }: Route): boolean {
  if (dst.length === dst.ip.bits) return false;
  return type === "blackhole" || (type === "unicast" && via === undefined && nexthops === undefined);
}

function pinnedHere({ pods }: Topology, ip: Ip, host: string): boolean {
  return pods.pinnedAt(ip)?.host === host;
}

/**
 * A node address on another card than the default route's. kubelet, and flanneld without --iface, take the card of the
 * default route (flannel pkg/ip/match.go); Calico takes the first one it finds.
 */
function offDefaultRoute({ topology }: Scope, { name, nics, nodeIPs }: Host): Sighting | undefined {
  const [nodeIP] = nodeIPs;
  const holder = nics.find(({ addresses: held }) => held.some(({ ip }) => nodeIP?.equals(ip)));
  const way = nics.find(({ subnet }) =>
    topology.subnets.get(subnet)?.gateways.some((gateway) => gateway.family === nodeIP?.family),
  );
  if (!holder || !way || way === holder) return undefined;
  const other = way.addresses.find(({ ip }) => ip.family === nodeIP?.family)?.ip;
  const text = `${name} is known by ${nodeIP} on ${holder.name}, and its default route leaves by ${way.name}: kubelet, and flanneld without --iface, take ${other} instead.`;
  const fix = `If ${nodeIP} is right, say so: kubelet --node-ip=${nodeIP}, flanneld --iface=${holder.name}; else nodeIP: ${other} in the topology.`;
  const path = ["hosts", name, "nodeIP"];
  return { code: "NODE_IP_MISDETECTED", severity: "note", at: name, path, text, fix };
}
