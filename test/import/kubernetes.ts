import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { Ip } from "../../src/addr/ip.ts";
import { macFromName } from "../../src/addr/mac.ts";
import { buildNetwork } from "../../src/modes/build.ts";
import type { Mode } from "../../src/modes/mode.ts";
import type { Host, Topology } from "../../src/topology/topology.ts";
import { calico, calicoAnnotations, configMap, flannelAnnotations, type Kube, node, pod } from "./objects.ts";

/** A topology as the API of a real cluster would tell it, and an overlay for what no API knows. */
export interface Cluster {
  readonly objects: readonly Kube[];
  readonly overlay: string;
}

const FOLDER = join(import.meta.dirname, "../../topologies");

/**
 * Turns a packaged topology, run in a mode, into the objects of Kubernetes and of the mode's CNI. Pods have the addresses
 * that the mode gives them, or, of too many pods to build, those that somebody else knows.
 */
export function kubernetes(
  topology: Topology,
  mode: Mode,
  { addressOf }: { readonly addressOf?: (host: string) => readonly Ip[] } = {},
): Cluster {
  const network = buildNetwork(topology, mode);
  if (!network.ok) throw new Error(network.problems.map(({ message }) => message).join("; "));
  const addressesOf = (netns: string): readonly Ip[] => {
    const all = network.value.netns(netns)?.addresses ?? [];
    return all.filter(({ scope, dev }) => scope === "global" && dev !== "lo").map(({ ip }) => ip);
  };
  const hosts = [...topology.hosts.values()];
  const ips = (host: Host) => host.nics.flatMap(({ addresses }) => addresses.map(({ ip }) => ip.toString()));
  const own = mode.family === "flannel" ? flannel(topology, mode) : calicoOf(topology, mode);
  const nodes = hosts.map((host) =>
    node(host.name, {
      ips: ips(host),
      podCIDRs: host.podCIDRs.map(String),
      annotations: own.annotations(host, addressesOf),
    }),
  );
  const pods = [...topology.pods.names()].map((name) => {
    const { host, hostNetwork, labels } = topology.pods.get(name) ?? {
      host: "",
      hostNetwork: false,
      labels: new Map(),
    };
    const [hostIP = ""] = topology.hosts.get(host)?.nodeIPs.map(String) ?? [];
    const own = hostNetwork ? [hostIP] : (addressOf?.(host) ?? addressesOf(`pod/${name}`)).map(String);
    return pod(name, { on: host, hostIP, ips: own, hostNetwork, labels: Object.fromEntries(labels) });
  });
  const objects = [...own.objects, ...nodes, ...pods];
  return { objects, overlay: addressOf || !existsSync(fileOf(topology)) ? "" : overlayOf(topology) };
}

function fileOf({ name }: Topology): string {
  return join(FOLDER, `${name}.yaml`);
}

/** What the API does not know: subnets, routers, what is broken, and names of devices. */
function overlayOf({ name, hosts: resolved }: Topology): string {
  const {
    subnets,
    routers = {},
    faults,
    pods = {},
    hosts = {},
  } = parse(readFileSync(join(FOLDER, `${name}.yaml`), "utf8"));
  const pinned = pick(pods, "device", "listen");
  // A node that takes an address for its own which it has not: from the API one would think that it has it.
  const isDeceived = ({ nics, nodeIPs }: Host) =>
    nodeIPs.some((ip) => !nics.some(({ addresses }) => addresses.some((own) => own.ip.equals(ip))));
  const deceived = [...resolved.values()].filter(isDeceived).map((host) => host.name);
  const told = {
    ...pick(hosts, "mtu"),
    ...pick(Object.fromEntries(deceived.map((host) => [host, hosts[host]])), "mtu", "address", "addresses"),
  };
  return stringify({
    subnets,
    routers,
    ...(faults && { faults }),
    ...(Object.keys(pinned).length > 0 && { pods: pinned }),
    ...(Object.keys(told).length > 0 && { hosts: told }),
  });
}

/** Of the entries in their long form, some fields. */
function pick(
  section: Readonly<Record<string, unknown>>,
  ...keys: readonly string[]
): Readonly<Record<string, object>> {
  const found = Object.entries(section).flatMap(([name, entry]): [string, object][] => {
    const fields = Object.entries(Object(entry)).filter(([key]) => keys.includes(key));
    return typeof entry === "object" && fields.length > 0 ? [[name, Object.fromEntries(fields)]] : [];
  });
  return Object.fromEntries(found);
}

interface OwnObjects {
  readonly objects: readonly Kube[];
  readonly annotations: (host: Host, addresses: (netns: string) => readonly Ip[]) => Readonly<Record<string, string>>;
}

function flannel({ cluster, cni }: Topology, mode: Mode): OwnObjects {
  const [, type = "", direct] = /^flannel-(.*?)(-direct)?$/.exec(mode.name) ?? [];
  const [v4, v6] = [4, 6].map((family) => cluster.podCIDRs.find((cidr) => cidr.family === family)?.toString());
  const settings = cni.modes.get(mode.name) ?? {};
  const net = {
    Network: v4,
    ...(v6 !== undefined && { EnableIPv6: true, IPv6Network: v6 }),
    Backend: { Type: type, ...settings, ...(direct !== undefined && { DirectRouting: true }) },
  };
  const plugins = [{ type: "flannel", delegate: { bridge: cni.flannel.bridge, isDefaultGateway: true } }];
  const conf = { "net-conf.json": JSON.stringify(net), "cni-conf.json": JSON.stringify({ name: "cbr0", plugins }) };
  return {
    objects: [configMap("kube-flannel/kube-flannel-cfg", conf)],
    annotations: ({ name, nodeIPs }) =>
      flannelAnnotations(type === "udp" ? "" : type, {
        ip: `${nodeIPs[0]}`,
        ...(type === "vxlan" && { mac: macFromName(`host/${name} flannel.1`), vni: Number(settings.VNI ?? 1) }),
      }),
  };
}

function calicoOf(topology: Topology, mode: Mode): OwnObjects {
  const { cni, cluster, hosts, routers } = topology;
  const { ipPools } = cni.calico;
  const [, kind, cross] = /^calico-(ipip|vxlan|bgp|wireguard)(-crosssubnet)?$/.exec(mode.name) ?? [];
  const word = cross === undefined ? "Always" : "CrossSubnet";
  const pools = ipPools.map(({ cidr, ipipMode, vxlanMode, natOutgoing }, k) =>
    calico("IPPool", `pool-${k}-ipv${cidr.family}`, {
      cidr: cidr.toString(),
      ipipMode: ipipMode ?? (kind === "ipip" && cidr.family === 4 ? word : "Never"),
      vxlanMode: vxlanMode ?? (kind === "vxlan" ? word : "Never"),
      natOutgoing: natOutgoing ?? true,
    }),
  );
  const controlPlane = configMap("kube-system/kubeadm-config", {
    ClusterConfiguration: stringify({ networking: { podSubnet: cluster.podCIDRs.join() } }),
  });
  const { asNumber, nodeToNodeMeshEnabled } = cni.calico;
  const addressOf = (name: string) => (routers.get(name) ?? hosts.get(name))?.nics[0]?.addresses[0]?.ip.toString();
  const asOf = (name: string) => routers.get(name)?.bgp?.as ?? hosts.get(name)?.bgp?.as ?? asNumber;
  const peers = [...hosts.values()].flatMap(({ name, bgp }) =>
    (bgp?.peers ?? []).map((peer) =>
      calico("BGPPeer", `${name}-${peer.name}`, {
        node: name,
        peerIP: addressOf(peer.name),
        asNumber: peer.as ?? asOf(peer.name),
      }),
    ),
  );
  const felix = calico("FelixConfiguration", "default", { ...(kind === "wireguard" && { wireguardEnabled: true }) });
  const tunnel = (host: Host, addresses: (netns: string) => readonly Ip[]) => {
    if (kind === "bgp") return {};
    const pods = addresses(`host/${host.name}`).filter(
      (ip) => ip.family === 4 && !host.nodeIPs.some((own) => own.equals(ip)),
    );
    const inside = pods.find((ip) => ipPools.some(({ cidr }) => cidr.contains(ip)));
    const key = new Map([
      ["ipip", "IPv4IPIPTunnelAddr"],
      ["vxlan", "IPv4VXLANTunnelAddr"],
      ["wireguard", "IPv4WireguardInterfaceAddr"],
    ]).get(kind ?? "");
    return inside && key !== undefined ? { [key]: inside.toString() } : {};
  };
  return {
    objects: [
      controlPlane,
      ...pools,
      felix,
      ...peers,
      calico("BGPConfiguration", "default", { asNumber, nodeToNodeMeshEnabled }),
    ],
    annotations: (host, addresses) => {
      const all = host.nics.flatMap((nic) => nic.addresses);
      const [detected] = host.nodeIPs;
      const length = all.find(({ ip }) => detected?.equals(ip))?.length ?? all[0]?.length;
      return calicoAnnotations({
        IPv4Address: `${detected}/${length}`,
        ...(host.bgp && { ASNumber: String(host.bgp.as) }),
        ...tunnel(host, addresses),
      });
    },
  };
}
