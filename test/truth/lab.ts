import { readFileSync } from "node:fs";
import { Ip } from "../../src/addr/ip.ts";
import type { Network } from "../../src/kernel/network.ts";
import { buildNetwork } from "../../src/modes/build.ts";
import { modes } from "../../src/modes/registry.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Fault } from "../../src/topology/topology.ts";

/** One test of a truth file: what was sent, what came of it, and every frame as a line of text. */
export interface Measured {
  readonly id: string;
  readonly kind: "udp" | "icmp-echo" | "df-sweep" | "traceroute";
  readonly src: string;
  readonly dst: string;
  readonly params?: {
    readonly cold?: boolean;
    readonly pmtudisc?: string;
    readonly ip_len?: number;
    readonly dport?: number;
    readonly size?: number;
  };
  readonly result: unknown;
  readonly frames?: readonly string[];
}

export interface TruthFile {
  readonly topology: string;
  readonly mode: string;
  readonly kernel: string;
  readonly layout: {
    readonly subnets: Record<string, string>;
    readonly routers: Record<string, Record<string, string>>;
    readonly nodes: Record<string, [string, string]>;
    readonly pods: Record<string, string>;
    readonly pod_ip: Record<string, string>;
  };
  readonly tests: readonly Measured[];
}

export const TOPOLOGIES = ["same-subnet", "one-node"] as const;

/** Our mode, and how its speakers are set up, for each mode that was measured. */
const MEASURED: Readonly<Record<string, { readonly mode: string; readonly tor?: "ibgp" | "ebgp" }>> = {
  "flannel-udp": { mode: "flannel-udp" },
  "flannel-vxlan": { mode: "flannel-vxlan" },
  "flannel-vxlan-directrouting": { mode: "flannel-vxlan-direct" },
  "flannel-host-gw": { mode: "flannel-host-gw" },
  "flannel-ipip": { mode: "flannel-ipip" },
  "flannel-wireguard": { mode: "flannel-wireguard" },
  "calico-bgp": { mode: "calico-bgp" },
  "calico-bgp-tor-ibgp": { mode: "calico-bgp", tor: "ibgp" },
  "calico-bgp-tor-ebgp": { mode: "calico-bgp", tor: "ebgp" },
  "calico-ipip": { mode: "calico-ipip" },
  "calico-ipip-crosssubnet": { mode: "calico-ipip-crosssubnet" },
  "calico-vxlan": { mode: "calico-vxlan" },
  "calico-vxlan-crosssubnet": { mode: "calico-vxlan-crosssubnet" },
};

export function truthFile(topology: string, measured: string): TruthFile {
  return JSON.parse(readFileSync(new URL(`../fixtures/truth/${topology}/${measured}.json`, import.meta.url), "utf8"));
}

/** The measured modes that the registry has. */
export function builtModes(): readonly string[] {
  return Object.keys(MEASURED).filter((name) => modes.some((mode) => mode.name === MEASURED[name]?.mode));
}

/** The lab's layout as a topology file, tables as the mode writes them, less what the lab did not program. */
export async function labNetwork(file: TruthFile): Promise<Network> {
  const { mode: name, tor } = MEASURED[file.mode] as (typeof MEASURED)[string];
  const calico = name.startsWith("calico");
  const text = JSON.stringify({
    "cni-trace": 1,
    cluster: { podCIDR: calico ? "10.233.0.0/16" : "100.96.0.0/16" },
    ...(calico && { cni: { calico: { nodeToNodeMeshEnabled: tor === undefined } } }),
    subnets: Object.fromEntries(Object.entries(file.layout.subnets).map(([name, cidr]) => [name.toLowerCase(), cidr])),
    routers: Object.fromEntries(
      Object.entries(file.layout.routers).map(([router, nics]) => [
        router,
        { addresses: Object.values(nics), ...(tor && { bgp: torSpeaker(file, tor) }) },
      ]),
    ),
    hosts: Object.fromEntries(
      Object.entries(file.layout.nodes).map(([node, [, address]], k) => [
        node,
        {
          address,
          // The lab cut its three blocks out of one /24.
          ...(calico && { podCIDR: `10.233.1.${64 * k}/26` }),
          ...(tor && { bgp: { as: tor === "ibgp" ? 64512 : 65001 + k, peers: ["r1"] } }),
        },
      ]),
    ),
    pods: file.layout.pods,
  });
  const loaded = await loadTopology({ text, file: `${file.topology}.json` });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const mode = modes.find((candidate) => candidate.name === name);
  if (!mode) throw new Error(`no mode ${name}`);
  const built = buildNetwork(loaded.value, mode, calico ? withoutFelixChains(file) : []);
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  return built.value;
}

function torSpeaker(file: TruthFile, tor: "ibgp" | "ebgp"): object {
  const peers = Object.keys(file.layout.nodes);
  return tor === "ibgp" ? { as: 64512, peers, routeReflector: true } : { as: 65101, peers };
}

/** The lab ran no Felix, so its Calico nodes had no chains and tracked no connections. */
function withoutFelixChains(file: TruthFile): readonly Fault[] {
  return Object.keys(file.layout.nodes).flatMap((name) =>
    ["raw", "nat", "filter"].map((table) => ({
      text: `iptables -t ${table} -F`,
      target: { kind: "host", name } as const,
    })),
  );
}

export function address(text: string): Ip {
  const ip = Ip.parse(text);
  if (!ip) throw new Error(`${text} is no address`);
  return ip;
}
