import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { HostMap, RouterMap } from "./file.ts";
import type { Racks } from "./generate.ts";
import { FIRST_HOST, hostName, rackAs, rackName, torName } from "./generated-names.ts";
import type { ShareSource } from "./pools.ts";
import type { BgpPeer, Host, Nic, Router, Speaker } from "./topology.ts";
import type { Segment } from "./underlay.ts";

/** Machines that are right by construction: nothing of them has to be parsed or checked. */
export interface GeneratedMachines {
  readonly routers: ReadonlyMap<string, Router>;
  readonly hosts: ReadonlyMap<string, Host>;
}

export const NO_MACHINES: GeneratedMachines = { routers: new Map(), hosts: new Map() };

/** The routers and hosts of planned racks, on segments whose MTUs the file may have changed. */
export function makeMachines(
  plan: Racks,
  segments: ReadonlyMap<string, Segment>,
  sources: readonly ShareSource[],
): GeneratedMachines {
  const { racks, hostsPerRack, bgp, core, cidrsOf } = plan;
  const routers = new Map<string, Router>();
  const hosts = new Map<string, Host>();
  const tors: BgpPeer[] = Array.from({ length: bgp ? racks : 0 }, (_, i) => ({ name: torName(i + 1) }));
  const coreMtu = segments.get("core")?.mtu ?? 1500;
  let index = 0;
  for (let rack = 1; rack <= racks; rack++) {
    const cidrs = cidrsOf(rack);
    const subnet = rackName(rack);
    const mtu = segments.get(subnet)?.mtu ?? 1500;
    const as = rackAs(rack);
    const [tor] = tors.slice(rack - 1, rack);
    const speaker: Speaker = { as, peers: tor ? [tor] : [], routeReflector: false };
    const members: BgpPeer[] = [];
    for (let i = 0; i < hostsPerRack; i++, index++) {
      const name = hostName(index);
      const ips = cidrs.map((cidr) => cidr.host(FIRST_HOST + i));
      const host = { name, index, nics: [nic("eth0", subnet, cidrs, ips, mtu)], nodeIPs: ips, ...bare(index, sources) };
      hosts.set(name, bgp ? { ...host, bgp: speaker } : host);
      members.push({ name });
    }
    const uplink = core.map((cidr) => cidr.host(rack));
    const nics = [
      nic(
        "eth0",
        subnet,
        cidrs,
        cidrs.map((cidr) => cidr.host(1)),
        mtu,
      ),
      nic("eth1", "core", core, uplink, coreMtu),
    ];
    const name = torName(rack);
    const router = { name, nics, igp: true, routes: [] };
    const peers = [...members, ...tors.filter((other) => other !== tor)];
    routers.set(name, bgp ? { ...router, bgp: { as, peers, routeReflector: true } } : router);
  }
  return { routers, hosts };
}

/** A generated machine as a file would write it, for laying a written entry over it. */
export function asWritten({ nics, bgp }: Host | Router): HostMap & RouterMap {
  const addresses = nics.flatMap((nic) => nic.addresses.map(({ ip }) => String(ip)));
  if (!bgp) return { addresses };
  const { as, routeReflector } = bgp;
  return { addresses, bgp: { as, peers: bgp.peers.map(({ name }) => name), routeReflector } };
}

function nic(name: string, subnet: string, cidrs: readonly Prefix[], ips: readonly Ip[], mtu: number): Nic {
  return { name, subnet, addresses: ips.map((ip, i) => ({ ip, length: cidrs[i]?.length ?? ip.bits })), mtu };
}

const NO_LABELS: Host["labels"] = new Map();
const NO_CNI: Host["cni"] = { flannel: {}, calico: {}, modes: new Map() };

function bare(index: number, sources: readonly ShareSource[]): Pick<Host, "podCIDRs" | "labels" | "cni"> {
  const shares = sources.map(({ whole, length }) => whole.subnet(length, index + 1));
  return { podCIDRs: shares, labels: NO_LABELS, cni: NO_CNI };
}
