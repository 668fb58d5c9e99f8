import type { Ip } from "../addr/ip.ts";
import { isGroup, type Mac, parseMac } from "../addr/mac.ts";
import { type Prefix, parseWithLength } from "../addr/prefix.ts";
import type { Check } from "./check.ts";
import { readCalico, readFlannel, readModes } from "./cni.ts";
import type { HostCalicoEntry, HostCniEntry, HostFlannelEntry } from "./file.ts";
import type { Path } from "./path.ts";
import { quoted, readIps, readPrefixes } from "./prefixes.ts";
import type { Cluster, HostCalico, HostCni, HostFlannel } from "./topology.ts";

/** What one host's agent alone is told, and what the others are told of it. `nodeIPs` are the addresses it detects. */
export function resolveHostCni(
  entry: HostCniEntry = {},
  { cluster, nodeIPs, path }: { readonly cluster: Cluster; readonly nodeIPs: readonly Ip[]; readonly path: Path },
  check: Check,
): HostCni {
  const { flannel, calico } = entry;
  return {
    flannel: { ...readFlannel(flannel, path, check), ...readHostFlannel(flannel, [...path, "flannel"], check) },
    calico: {
      ...readCalico(calico, cluster, path, check),
      ...readBlocks(calico?.blocks, cluster, [...path, "calico", "blocks"], check),
      ...readRecorded(calico, nodeIPs, [...path, "calico"], check),
      ...readTunnels(calico, [...path, "calico"], check),
    },
    modes: readModes(entry),
  };
}

function readHostFlannel(entry: HostFlannelEntry = {}, path: Path, check: Check): HostFlannel {
  const ips = (...keys: readonly ["public-ip" | "public-ip-overwrite", "public-ipv6" | "public-ipv6-overwrite"]) =>
    keys.flatMap((key, i) => readIp(entry[key], i === 0 ? 4 : 6, [...path, key], check) ?? []);
  const publicIPs = ips("public-ip", "public-ipv6");
  const publicIPOverwrites = ips("public-ip-overwrite", "public-ipv6-overwrite");
  const vtepMac = readMac(entry.VtepMAC, [...path, "VtepMAC"], check);
  return {
    ...(publicIPs.length > 0 && { publicIPs }),
    ...(publicIPOverwrites.length > 0 && { publicIPOverwrites }),
    ...(vtepMac && { vtepMac }),
  };
}

/** The mask that a Node object records; its address is the one that the node has detected. */
function readRecorded(
  entry: HostCalicoEntry = {},
  nodeIPs: readonly Ip[],
  path: Path,
  check: Check,
): Pick<HostCalico, "recorded"> {
  const recorded = (["ipv4Address", "ipv6Address"] as const).flatMap((key, i) => {
    const text = entry[key];
    if (text === undefined) return [];
    const read = parseWithLength(text);
    const node = nodeIPs.find((ip) => ip.family === (i === 0 ? 4 : 6));
    if (read && text.includes("/") && node?.equals(read.ip)) return [read];
    const message = read?.ip.equals(node)
      ? `${quoted(text)} has no mask`
      : `${quoted(text)} is not the node's address ${node ?? "(it has none of this family)"}`;
    const hint = node && read?.ip.equals(node) ? `for example ${node}/24` : "the address itself is nodeIP's to say";
    check.complain({ code: "bad-address", path: [...path, key], message, hint });
    return [];
  });
  return recorded.length > 0 ? { recorded } : {};
}

function readTunnels(entry: HostCalicoEntry = {}, path: Path, check: Check): Pick<HostCalico, "tunnels"> {
  const ip = (key: TunnelKey, family: 4 | 6) => readIp(entry[key], family, [...path, key], check) ?? [];
  const tunnels = {
    ipip: [ip("ipv4IPIPTunnelAddr", 4)].flat(),
    vxlan: [ip("ipv4VXLANTunnelAddr", 4), ip("ipv6VXLANTunnelAddr", 6)].flat(),
    wireguard: [ip("ipv4WireguardInterfaceAddr", 4), ip("ipv6WireguardInterfaceAddr", 6)].flat(),
  };
  return Object.values(tunnels).some((all) => all.length > 0) ? { tunnels } : {};
}

type TunnelKey = Extract<keyof HostCalicoEntry, `ipv${string}Addr`>;

function readIp(text: string | undefined, family: 4 | 6, path: Path, check: Check): Ip | undefined {
  const [ip] = text === undefined ? [] : readIps(text, path, check);
  if (!ip || ip.family === family) return ip;
  const message = `${ip} is IPv${ip.family}, and this is for IPv${family}`;
  check.complain({ code: "family-mismatch", path, message, hint: "use the other key" });
  return undefined;
}

function readMac(text: string | undefined, path: Path, check: Check): Mac | undefined {
  const mac = text === undefined ? undefined : parseMac(text);
  if (text === undefined || (mac && !isGroup(mac))) return mac;
  const message = mac ? `${mac} is a group's address` : `${quoted(text)} is not a MAC address`;
  check.complain({ code: "bad-mac", path, message, hint: "for example 66:f9:37:c3:7e:94" });
  return undefined;
}

/** A node's own blocks; complains of those that no pool has. */
function readBlocks(
  texts: readonly string[] | undefined,
  cluster: Cluster,
  path: Path,
  check: Check,
): { readonly blocks?: readonly Prefix[] } {
  if (texts === undefined) return {};
  const blocks = texts.flatMap((text, i) => {
    const [block] = readPrefixes(text, [...path, i], check);
    if (!block) return [];
    const { podNetworks } = cluster;
    if (podNetworks.length > 0 && !podNetworks.some((pool) => pool.containsPrefix(block))) {
      const message = `${block} is not in the pods' ${podNetworks.join(", ")}`;
      check.complain({ code: "outside-pod-cidr", path: [...path, i], message, hint: "choose a part of a pool" });
    }
    return [block];
  });
  return { blocks };
}
