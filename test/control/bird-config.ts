import type { Ip } from "../../src/addr/ip.ts";
import { Prefix } from "../../src/addr/prefix.ts";
import type { BgpView } from "../../src/modes/routing.ts";
import type { CalicoSettings, Host, Router, Topology } from "../../src/topology/topology.ts";

type Family = 4 | 6;

/**
 * What BIRD 1.6 is told on a machine, written from the topology and from nothing that the BGP room has worked out.
 *
 * A node's is what Calico v3.30 renders (confd/etc/calico/confd/templates/bird.cfg.template, bird_ipam.cfg.template,
 * bird_aggr.cfg.template), without what only its fork of BIRD reads: a pool without a tunnel sets `krt_tunnel = ""`,
 * which changes nothing. `connect delay time` and `connect retry time` are shorter than its 2 and 5 seconds; after an error
 * BIRD waits 4 seconds, less up to a quarter, so that a session that cannot come up is tried by either end many times.
 * A router's is plain BIRD: what came by BGP goes on by BGP and into the kernel.
 */
export function birdConfig(topology: Topology, view: BgpView, log: string): string {
  const host = topology.hosts.get(view.speaker.name);
  const router = topology.routers.get(view.speaker.name);
  const config = { topology, family: view.family, announced: view.announced, log };
  if (host) return nodeConfig(config, host);
  if (router) return routerConfig(config, router);
  throw new Error(`${view.speaker.name} is neither a host nor a router`);
}

interface Config {
  readonly topology: Topology;
  readonly family: Family;
  /** A node's confirmed blocks, and the single addresses it holds in others'. */
  readonly announced: readonly Prefix[];
  readonly log: string;
}

const TIMES = "connect delay time 1;\n  connect retry time 1;\n  error wait time 4,4;";

function nodeConfig({ topology, family, announced, log }: Config, host: Host): string {
  const own = addressOf(host, host, family);
  const as = asOf(topology, host);
  const blocks = announced.filter(({ length, ip }) => length < ip.bits);
  const pools = topology.cluster.podCIDRs.filter((pool) => pool.family === family);
  const { nodeToNodeMeshEnabled } = settings(topology, host);
  const meshed = nodeToNodeMeshEnabled && !host.bgp?.routeReflector;
  const others = [...topology.hosts.values()].filter((other) => other !== host && !other.bgp?.routeReflector);
  const mesh = meshed ? others.filter((other) => addressIn(other, family)) : [];
  const configured = (host.bgp?.peers ?? []).filter(({ name }) => {
    const other = topology.hosts.get(name);
    return !(other && mesh.includes(other));
  });
  const sessions = [
    ...mesh.map((other) => meshSession(topology, { own, as, family }, other)),
    ...configured.map((peer) => peerSession(topology, { host, own, as, family }, peer)),
  ];
  return `log "${log}" all;
function apply_communities () { }
${staticProtocol(blocks.map((block) => `route ${block} blackhole;`))}
function calico_aggr () {
${blocks.map((block) => `  if ( net = ${block} ) then { accept; }\n  if ( net ~ ${block} ) then { reject; }`).join("\n")}
}
function reject_disabled_pools () { }
function reject_tunnel_routes () {
  if (defined(ifname)) then {
    if ((ifname ~ "*.cali") || (ifname ~ "*.calico")) then { reject; }
  }
}
function reject_local_routes () {
  if (defined(ifname)) then { if (ifname ~ "bpf*.cali") then { reject; } }
}
function calico_export_to_bgp_peers(bool internal_peer) {
  reject_disabled_pools();
  if (internal_peer) then { reject_tunnel_routes(); }
  reject_local_routes();
  apply_communities();
  calico_aggr();
${pools.map((pool) => `  if ( net ~ ${pool} ) then { accept; }`).join("\n")}
}
filter calico_kernel_programming { accept; }
router id ${routerId(host)};
protocol kernel { learn; persist; scan time 2; import all; export filter calico_kernel_programming;
  graceful restart; merge paths on; }
protocol device { debug { states }; scan time 2; }
protocol direct { debug { states }; interface -"cali*", -"kube-ipvs*", "*"; }
template bgp bgp_template {
  debug { states };
  description "Connection to BGP peer";
  local as ${as};
  gateway recursive;
  add paths on;
  graceful restart;
  ${TIMES}
}
${sessions.join("\n")}
`;
}

interface Side {
  readonly own: Ip;
  readonly as: number;
  readonly family: Family;
}

function meshSession(topology: Topology, { own, family }: Side, other: Host): string {
  const ip = addressOf(other, other, family);
  return `protocol bgp Mesh_${symbol(ip)} from bgp_template {
  neighbor ${ip} as ${asOf(topology, other)};
  source address ${own};
  import all;
  export filter { calico_export_to_bgp_peers(true); reject; };
  ${`${ip}` > `${own}` ? "passive on;" : ""}
}`;
}

function peerSession(
  topology: Topology,
  { host, own, as, family }: Side & { readonly host: Host },
  peer: { readonly name: string; readonly as?: number },
): string {
  const other = machineOf(topology, peer.name);
  const ip = addressOf(other, host, family);
  const theirs = peer.as ?? asOf(topology, other);
  const isNode = topology.hosts.has(peer.name);
  const client = theirs === as && host.bgp?.routeReflector === true;
  return `protocol bgp Node_${symbol(ip)} from bgp_template {
  ttl security off;
  multihop;
  neighbor ${ip} as ${theirs};
  source address ${own};
  import filter { accept; };
  export filter { calico_export_to_bgp_peers(${theirs === as}); reject; };
  ${isNode && `${ip}` > `${own}` ? "passive on;" : ""}
  ${client ? `rr client; rr cluster id ${routerId(host)};` : ""}
}`;
}

function routerConfig({ topology, family, log }: Config, router: Router): string {
  const as = asOf(topology, router);
  const sessions = (router.bgp?.peers ?? []).map((peer) => {
    const other = machineOf(topology, peer.name);
    const ip = addressOf(other, router, family);
    const theirs = peer.as ?? asOf(topology, other);
    const shared = networks(router).some((network) => network.contains(ip));
    return `protocol bgp ${peer.name.replace(/[^A-Za-z0-9_]/g, "_")} {
  debug { states };
  local as ${as};
  neighbor ${ip} as ${theirs};
  ${shared || theirs === as ? "" : "multihop;"}
  ${theirs === as && router.bgp?.routeReflector ? "rr client;" : ""}
  import all;
  export where source = RTS_BGP;
  ${TIMES}
}`;
  });
  return `log "${log}" all;
router id ${routerId(router)};
protocol kernel { learn; persist; scan time 2; import all; export where source = RTS_BGP; }
protocol device { scan time 2; }
protocol direct { interface "*"; }
${sessions.join("\n")}
`;
}

function staticProtocol(routes: readonly string[]): string {
  return routes.length === 0 ? "" : `protocol static {\n  ${routes.join("\n  ")}\n}`;
}

function machineOf(topology: Topology, name: string): Host | Router {
  const machine = topology.hosts.get(name) ?? topology.routers.get(name);
  if (!machine) throw new Error(`nobody is called ${name}`);
  return machine;
}

function settings({ cni }: Topology, host: Host): CalicoSettings {
  return { ...cni.calico, ...host.cni.calico };
}

function asOf(topology: Topology, machine: Host | Router): number {
  return machine.bgp?.as ?? ("podCIDRs" in machine ? settings(topology, machine).asNumber : 0);
}

/** A node is known by its node IP; a router by its address on a network that it shares, else by its first. */
function addressOf(machine: Host | Router, from: Host | Router, family: Family): Ip {
  const own = "nodeIPs" in machine ? machine.nodeIPs : machine.nics.flatMap((nic) => nic.addresses.map(({ ip }) => ip));
  const ips = own.filter((ip) => ip.family === family);
  const near = networks(from);
  const found = ips.find((ip) => near.some((network) => network.contains(ip))) ?? ips[0];
  if (!found) throw new Error(`${machine.name} has no IPv${family} address`);
  return found;
}

function addressIn(machine: Host, family: Family): boolean {
  return machine.nodeIPs.some((ip) => ip.family === family);
}

function networks({ nics }: Host | Router): readonly Prefix[] {
  return nics.flatMap((nic) => nic.addresses.map(({ ip, length }) => Prefix.of(ip, length)));
}

/** Always four bytes: the IPv4 node address, also in the daemon for IPv6. */
function routerId(machine: Host | Router): Ip {
  return addressOf(machine, machine, 4);
}

function symbol(ip: Ip): string {
  return `${ip}`.replace(/[.:]/g, "_");
}
