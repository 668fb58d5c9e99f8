import * as z from "zod";
import {
  ATTACHMENTS,
  CALICO_VERSIONS,
  MATCH_OPERATORS,
  modeNames,
  modeSettings,
  POOL_USES,
  type Setting,
  TUNNEL_MODES,
} from "./settings.ts";

/**
 * The schema of a topology file: its keys, types and ranges, with a sentence for each.
 *
 * It explains structural mistakes and is published for editors. What needs two places at once (addresses on subnets,
 * names of hosts, overlaps) is checked while the file is resolved. `read.ts` accepts exactly what this accepts.
 */

const NAME_PATTERN = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";
const POD_NAME_PATTERN = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?/)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";

const cidr = z.string().meta({ title: "CIDR", examples: ["192.168.0.0/24"] });
const cidrs = z.union([cidr, z.array(cidr).min(1).max(2)]).describe("A CIDR, or [IPv4, IPv6] for dual stack.");
const address = z.string().meta({
  description: "An address, which decides the subnet; or a subnet's name, which takes the next free address there.",
  examples: ["192.168.0.11"],
});
const ips = z.union([z.string(), z.array(z.string()).min(1).max(2)]);
const mtu = z.int().min(68).max(65535).describe("The largest IP packet, in bytes.");
const as = z.int().min(1).max(4294967294).describe("An autonomous system number.");
const labels = z.record(z.string(), z.string()).describe("Kubernetes labels; quote values that look like numbers.");
const routes = z.array(z.string()).describe("Routes in ip-route(8) words: `10.244.2.0/24 via 192.168.2.12`.");

function perFamily(v4: z.ZodType<number>, v6: z.ZodType<number>, bare: z.ZodType<number>) {
  const families = { v4: v4.optional().describe("For IPv4."), v6: v6.optional().describe("For IPv6.") };
  return z.union([bare, z.strictObject(families)]);
}

function named<T extends z.ZodType>(value: T, pattern = NAME_PATTERN) {
  return z.record(z.string().meta({ pattern }), value);
}

const cluster = z
  .strictObject({
    podCIDR: cidrs.optional().describe("Default 10.244.0.0/16. The k-th host owns the k-th share, in every mode."),
    nodeMaskSize: perFamily(z.int().min(0).max(32), z.int().min(0).max(128), z.int().min(0).max(128))
      .optional()
      .describe("Prefix length of a host's share; default 24, and 64 for IPv6."),
    serviceCIDR: cidrs.optional().describe("Default 10.96.0.0/12."),
  })
  .describe("What the cluster shares; all of it has defaults.");

const flannelShape = {
  bridge: z.string().optional().describe("Default cni0; docker0 is the old Docker layout."),
  ipMasq: z.boolean().optional().describe("Masquerade what leaves the pod network; default true."),
  attach: z.enum(ATTACHMENTS).optional().describe("What attaches pods; calico is Canal: no bridge. Default bridge."),
};
const flannel = z.strictObject(flannelShape).describe("Shared by all flannel modes.");
const hostFlannel = z
  .strictObject({
    ...flannelShape,
    "public-ip": z.string().optional().describe("What flanneld takes for its address and tells the others."),
    "public-ipv6": z.string().optional().describe("The same for IPv6."),
    "public-ip-overwrite": z.string().optional().describe("What only the others are told."),
    "public-ipv6-overwrite": z.string().optional().describe("The same for IPv6."),
    VtepMAC: z.string().optional().describe("What the others take for the MAC of its VXLAN device."),
  })
  .describe("What flannel on this host alone is told, and records of it.");

const tunnelMode = z
  .enum(TUNNEL_MODES)
  .describe("Which packets between nodes ride in this tunnel; default: as --mode.");
const poolBlockSize = z.union([z.int().min(20).max(32), z.int().min(116).max(128)]);

const pool = z
  .union([
    cidr,
    z.strictObject({
      cidr,
      ipipMode: tunnelMode.optional(),
      vxlanMode: tunnelMode.optional(),
      natOutgoing: z
        .boolean()
        .optional()
        .describe("Masquerade what leaves all pools; default: cni.calico.natOutgoing."),
      blockSize: poolBlockSize.optional().describe("Prefix length of its blocks; default: cni.calico.blockSize."),
      nodeSelector: z
        .string()
        .meta({ examples: ['rack == "1"'] })
        .optional()
        .describe("Which hosts draw from it, by their labels; default all()."),
      disabled: z.boolean().optional().describe("Gives no new addresses."),
      disableBGPExport: z.boolean().optional().describe("Its routes stay on their node; default false."),
      allowedUses: z.array(z.enum(POOL_USES)).min(1).optional().describe("Default [Workload, Tunnel]."),
      assignmentMode: z.enum(["Automatic", "Manual"]).optional().describe("Manual: only for pinned addresses."),
    }),
  ])
  .describe("A Calico IPPool: its CIDR, or a map with `cidr` and more, in upstream's spelling.");

const filterRules = z
  .array(
    z.strictObject({
      action: z.enum(["Accept", "Reject"]).describe("What happens to a route that all the rest matches."),
      cidr: cidr.optional(),
      matchOperator: z.enum(MATCH_OPERATORS).optional().describe("How the route's prefix is compared with cidr."),
      prefixLength: z
        .strictObject({
          min: z.int().min(0).max(128).optional().describe("Default: that of cidr."),
          max: z.int().min(0).max(128).optional().describe("Default: 32, or 128."),
        })
        .optional()
        .describe("Lengths that count as inside cidr."),
      source: z.literal("RemotePeers").optional().describe("Only routes learned over BGP."),
      interface: z.string().optional().describe("The device the route leaves by; * is anything."),
      peerType: z.enum(["iBGP", "eBGP"]).optional().describe("Only on sessions of this kind; since v3.32."),
      asPathPrefix: z.array(as).min(1).optional().describe("The first ASes on the path; since v3.32."),
      priority: z.int().min(1).max(2147483646).optional().describe("2147483647 less its LOCAL_PREF; since v3.32."),
    }),
  )
  .describe("Rules, of which the first that matches decides; what none matches takes its usual way.");
const filter = z
  .strictObject({
    exportV4: filterRules.optional(),
    importV4: filterRules.optional(),
    exportV6: filterRules.optional(),
    importV6: filterRules.optional(),
  })
  .describe("A BGPFilter, in upstream's spelling; `filters` of a peer names it.");

const calicoShape = {
  version: z.enum(CALICO_VERSIONS).optional().describe("Decides who writes which row; default v3.30."),
  blockSize: perFamily(
    z.int().min(20).max(32),
    z.int().min(116).max(128),
    z.union([z.int().min(20).max(32), z.int().min(116).max(128)]),
  )
    .optional()
    .describe("Prefix length of an IPAM block; default 26, and 122 for IPv6."),
  natOutgoing: z.boolean().optional().describe("Masquerade what leaves the pools; default true."),
  asNumber: as.optional().describe("The AS of nodes that name none; default 64512."),
  nodeToNodeMeshEnabled: z.boolean().optional().describe("Every node peers with every other; default true."),
};
const hostCalico = z
  .strictObject({
    ...calicoShape,
    ipv4Address: cidr.optional().describe("Its address with the mask that Calico records; default: the card's."),
    ipv6Address: cidr.optional().describe("The same for IPv6."),
    ipv4IPIPTunnelAddr: z.string().optional().describe("Default: the first address of its share."),
    ipv4VXLANTunnelAddr: z.string().optional().describe("Default: the first address of its share."),
    ipv6VXLANTunnelAddr: z.string().optional().describe("Default: the first address of its share."),
    ipv4WireguardInterfaceAddr: z.string().optional().describe("Default: the first address of its share."),
    ipv6WireguardInterfaceAddr: z.string().optional().describe("Default: the first address of its share."),
    blocks: z.array(cidr).min(1).optional().describe("The IPAM blocks that are its own (BlockAffinity)."),
  })
  .describe("What Calico on this host alone is told, and records of it.");
const calico = z
  .strictObject({
    ...calicoShape,
    ipPools: named(pool)
      .optional()
      .describe("By name; default one that is cluster.podCIDR. Its mode wins over --mode."),
    bgpFilters: named(filter).optional().describe("By name."),
  })
  .describe("Shared by all Calico modes: IPPool, BGPConfiguration and FelixConfiguration fields.");

function settings(table: Readonly<Record<string, Setting>>) {
  const shape = Object.entries(table).map(([key, { min, max, about }]) => {
    return [key, z.int().min(min).max(max).optional().describe(about)] as const;
  });
  const about = shape.length === 0 ? "This mode has no settings." : "Settings of this mode alone.";
  return z.strictObject(Object.fromEntries(shape)).optional().describe(about);
}

/** This file is loaded when somebody is told what is wrong: the registry of modes has spoken by then. */
const modeShape = Object.fromEntries(modeNames().map((mode) => [mode, settings(modeSettings(mode))]));
const hostCni = z
  .strictObject({ flannel: hostFlannel.optional(), calico: hostCalico.optional(), ...modeShape })
  .describe("What this host's agent alone is told.");
const cni = z
  .strictObject({
    mode: z.enum(modeNames()).optional().describe("What runs today."),
    flannel: flannel.optional(),
    calico: calico.optional(),
    ...modeShape,
  })
  .describe("Settings of the CNI, by family and by mode, in upstream's spelling.");

const fabricMatches = z.array(z.string().meta({ examples: ["udp/8472", "tcp", "icmp", "proto/4"] }));
const subnet = z
  .union([
    cidr,
    z.array(cidr).min(1).max(2),
    z.strictObject({
      cidr: cidrs.optional(),
      mtu: mtu.optional().describe("Default 1500."),
      gateway: ips.optional().describe("Default: the only router here; `none` for no default route."),
      drop: fabricMatches.optional().describe("What the fabric eats."),
      allow: fabricMatches.optional().describe("The fabric eats everything but this."),
      sourceDestCheck: z.boolean().optional().describe("A frame's IP addresses must be its card's; AWS's name."),
      routes: routes.optional().describe("A cloud route table, in ip-route(8) words."),
    }),
  ])
  .describe("A layer 2 segment: its CIDR, or a map with `cidr` and more.");

const peer = z.strictObject({
  as: as.optional(),
  filters: z.array(z.string()).optional().describe("Names in cni.calico.bgpFilters, in order."),
  nextHopMode: z.enum(["Auto", "Self", "Keep"]).optional().describe("Which next hop it tells this peer; default Auto."),
  numAllowedLocalASNumbers: z.int().min(0).max(255).optional().describe("How often the own AS may be on a path."),
});
const peers = z
  .array(z.union([z.string(), z.record(z.string(), z.union([as, peer]))]))
  .describe(
    "Names, `{ name: as }` with the AS this side believes the peer to be in, or `{ name: { as, filters … } }`.",
  );
const bgpShape = {
  peers: peers.optional(),
  routeReflector: z
    .union([z.boolean(), z.string()])
    .optional()
    .describe("Its peers of the same AS are clients; a cluster id, such as 244.0.0.1, says which of them are not."),
};
const machineShape = {
  address: address.optional(),
  addresses: z.array(address).min(1).optional().describe("Several cards: eth0, eth1 …"),
  mtu: z
    .union([mtu, z.record(z.string(), mtu)])
    .optional()
    .describe("Of all cards, or by device; default: the subnet's."),
  mac: z
    .union([z.string(), z.record(z.string(), z.string())])
    .optional()
    .describe("Of eth0, or by device, flannel.1 and vxlan.calico too; default: derived from the names."),
};
const router = z
  .union([
    address,
    z.array(address).min(1),
    z.strictObject({
      ...machineShape,
      igp: z.boolean().optional().describe("Knows every subnet, as if an IGP ran; default true."),
      routes: routes.optional(),
      bgp: z
        .strictObject({
          as,
          ...bgpShape,
          originate: z
            .array(z.string().meta({ examples: ["default", "connected", "10.0.0.0/8"] }))
            .optional()
            .describe("What it puts up itself: CIDRs, `default`, `connected` for its subnets."),
        })
        .optional(),
    }),
  ])
  .describe("A router: its addresses, or a map with `addresses` and more.");

const host = z
  .union([
    address,
    z.array(address).min(1),
    z.strictObject({
      ...machineShape,
      nodeIP: ips.optional().describe("The address the CNI detects; default: that of eth0."),
      podCIDR: cidrs.optional(),
      labels: labels.optional(),
      bgp: z.strictObject({ as: as.optional(), ...bgpShape }).optional(),
      cni: hostCni.optional(),
    }),
  ])
  .describe("A host: its address, or a map with `address` and more.");

const pod = z
  .union([
    z.string(),
    z.strictObject({
      host: z.string().optional().describe("The host it runs on."),
      address: ips.optional().describe("Default: the CNI's own order."),
      device: z.string().optional().describe("The host end of its veth; default: the CNI's own naming rule."),
      labels: labels.optional(),
      listen: z
        .array(z.string().meta({ examples: ["tcp/5432"] }))
        .optional()
        .describe("Where it listens; default: everywhere, assumed."),
      hostNetwork: z.boolean().optional().describe("It shares its host's network."),
    }),
  ])
  .describe("A pod: the host it runs on, or a map with `host` and more.");

const fault = z
  .union([z.string(), z.record(z.string(), z.string())])
  .describe("`node-1: ip route del 10.244.2.0/24`: done to the finished tables, read, never run.");

const generate = z
  .strictObject({
    racks: z.int().min(1).max(65535).describe("Subnets rack-001 …, routers tor-001 … at .1, all on one core."),
    hostsPerRack: z.int().min(1).max(65535).describe("Hosts node-0001 …, addresses from .11."),
    podsPerHost: z.int().min(0).max(65535).describe("Pods pod-000001 …"),
    underlay: cidrs.optional().describe("Default 172.16.0.0/16; a /24 a rack, the core takes the last one."),
    bgp: z.boolean().optional().describe("An AS a rack; hosts peer with their tor, tors over the core."),
  })
  .describe("A large cluster; entries written by hand are laid over generated ones, by name.");

export const topologySchema = z
  .strictObject({
    "cni-trace": z.literal(1).describe("The version of the format."),
    cluster: cluster.optional(),
    cni: cni.optional(),
    subnets: named(subnet).optional(),
    routers: named(router).optional(),
    hosts: named(host).optional(),
    pods: named(pod, POD_NAME_PATTERN).optional(),
    faults: z.array(fault).optional(),
    generate: generate.optional(),
  })
  .meta({ title: "cni-trace topology", description: "Subnets, hosts and pods; the rest has defaults." });

/** The published JSON Schema (draft 2020-12) of a topology file. */
export function topologyJsonSchema(): Readonly<Record<string, unknown>> {
  jsonSchema ??= { ...z.toJSONSchema(topologySchema) };
  return jsonSchema;
}

let jsonSchema: Readonly<Record<string, unknown>> | undefined;
