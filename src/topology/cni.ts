import type { Prefix } from "../addr/prefix.ts";
import { resolveFilters } from "./bgp-filters.ts";
import type { Check } from "./check.ts";
import { perFamily } from "./cluster.ts";
import type { CalicoEntry, CniEntry, FlannelEntry, HostCniEntry } from "./file.ts";
import type { Path } from "./path.ts";
import { quoted } from "./prefixes.ts";
import { modeNames } from "./settings.ts";
import type { CalicoSettings, Cluster, Cni, FlannelSettings, HostCni, IpPool } from "./topology.ts";

const BLOCK_SIZE = { v4: 26, v6: 122 };

/** The topology's CNI settings; families get their defaults, modes only what the file says. */
export function resolveCni(
  entry: CniEntry = {},
  { cluster, pools }: { readonly cluster: Cluster; readonly pools: readonly IpPool[] },
  check: Check,
): Cni {
  const path = ["cni"];
  const flannel: FlannelSettings = {
    bridge: "cni0",
    ipMasq: true,
    attach: "bridge",
    ...readFlannel(entry.flannel, path, check),
  };
  const calico: CalicoSettings = {
    version: "v3.30",
    blockSize: BLOCK_SIZE,
    natOutgoing: true,
    asNumber: 64512,
    nodeToNodeMeshEnabled: true,
    ...readCalico(entry.calico, cluster, path, check),
    bgpFilters: resolveFilters(entry.calico?.bgpFilters, entry.calico?.version ?? "v3.30", check),
    ipPools: pools.length > 0 ? pools : cluster.podCIDRs.map(defaultPool),
  };
  if (entry.mode?.startsWith("calico") && entry.calico?.version === undefined) {
    check.assume({ what: "Calico is v3.30", supply: "cni.calico.version" });
  }
  const modes = readModes(entry);
  return entry.mode === undefined ? { flannel, calico, modes } : { mode: entry.mode, flannel, calico, modes };
}

/** The pool that calico-node makes when there is none (node/pkg/lifecycle/startup `configureIPPools`). */
function defaultPool(cidr: Prefix): IpPool {
  return {
    name: `default-ipv${cidr.family}-ippool`,
    cidr,
    disabled: false,
    disableBGPExport: false,
    selects: () => true,
    allowedUses: ["Workload", "Tunnel"],
    assignmentMode: "Automatic",
  };
}

export function readFlannel(entry: FlannelEntry | undefined, path: Path, check: Check): Partial<FlannelSettings> {
  const { bridge, ipMasq, attach } = entry ?? {};
  if (bridge !== undefined) checkDevice(bridge, [...path, "flannel", "bridge"], check);
  return {
    ...(bridge !== undefined && { bridge }),
    ...(ipMasq !== undefined && { ipMasq }),
    ...(attach !== undefined && { attach }),
  };
}

export function readCalico(
  entry: CalicoEntry = {},
  cluster: Cluster,
  path: Path,
  check: Check,
): Partial<CalicoSettings> {
  const { version, blockSize, natOutgoing, asNumber, nodeToNodeMeshEnabled } = entry;
  const sizes = perFamily(blockSize, cluster.podCIDRs, BLOCK_SIZE);
  for (const { family } of blockSize === undefined ? [] : cluster.podCIDRs) {
    const key = family === 4 ? "v4" : "v6";
    if (sizes[key] >= cluster.nodeMaskSize[key]) continue;
    check.complain({
      code: "block-too-large",
      path: [...path, "calico", "blockSize"],
      message: `a block of /${sizes[key]} does not fit into a host's /${cluster.nodeMaskSize[key]}`,
      hint: `blockSize: ${Math.max(cluster.nodeMaskSize[key], BLOCK_SIZE[key])}, or a smaller cluster.nodeMaskSize`,
    });
  }
  return {
    ...(version !== undefined && { version }),
    ...(blockSize !== undefined && { blockSize: sizes }),
    ...(natOutgoing !== undefined && { natOutgoing }),
    ...(asNumber !== undefined && { asNumber }),
    ...(nodeToNodeMeshEnabled !== undefined && { nodeToNodeMeshEnabled }),
  };
}

export function readModes(entry: HostCniEntry): HostCni["modes"] {
  const sections = new Map<string, unknown>(Object.entries(entry));
  return new Map(
    modeNames().flatMap((mode) => {
      const settings = sections.get(mode) as Readonly<Record<string, number>> | undefined;
      return settings === undefined ? [] : [[mode, settings] as const];
    }),
  );
}

/** Whether the kernel takes a name for a device (dev_valid_name in net/core/dev.c); ours are ASCII. */
export function isDevice(name: string): boolean {
  return /^[!-.0-9;-~]{1,15}$/.test(name) && name !== "." && name !== "..";
}

/** Complains of a name that is none for a device. */
export function checkDevice(name: string, path: Path, check: Check): void {
  if (isDevice(name)) return;
  const hint = "1 to 15 characters, without blanks, / and :";
  check.complain({ code: "bad-device", path, message: `${quoted(name)} is not a device name`, hint });
}
