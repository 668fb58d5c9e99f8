import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import type { Chain, FilterTable } from "../../src/kernel/netfilter.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import type { Network } from "../../src/kernel/network.ts";
import { run } from "../../src/lab/helper.ts";
import type { Topology } from "../../src/topology/topology.ts";
import { unwritten } from "./model.ts";

/** Where Debian puts the reference plugins. */
export const PLUGINS = "/usr/lib/cni";

/** What a runtime tells a plugin beside the configuration. */
export interface Attachment {
  /** The node's namespace. */
  readonly node: string;
  /** The pod's. */
  readonly netns: string;
  readonly containerId: string;
  readonly ifname: string;
}

/** What a plugin answers to ADD (CNI specification 0.3.1, "Result"). */
export interface Result {
  readonly interfaces: readonly { readonly name: string; readonly mac: string; readonly sandbox?: string }[];
  readonly ips: readonly { readonly address: string; readonly gateway: string }[];
}

/** Runs a plugin as a container runtime does: the configuration on standard input, the rest in the environment. */
export function invoke(
  command: "ADD" | "DEL",
  config: { readonly type: string },
  { node, netns, containerId, ifname }: Attachment,
): Result | undefined {
  const environment = [
    `CNI_COMMAND=${command}`,
    `CNI_CONTAINERID=${containerId}`,
    `CNI_NETNS=/run/netns/${netns}`,
    `CNI_IFNAME=${ifname}`,
    `CNI_PATH=${PLUGINS}`,
  ];
  const argv = ["ip", "netns", "exec", node, "env", ...environment, `${PLUGINS}/${config.type}`];
  const { status, text } = run(argv, JSON.stringify(config));
  if (status !== 0) throw new Error(`${config.type} ${command} ${containerId}: ${text}`);
  return text.trim() === "" ? undefined : JSON.parse(text);
}

/**
 * What flannel's plugin hands to `bridge` on a node (flannel-io/cni-plugin flannel_linux.go `doCmdAdd`,
 * `getDelegateIPAM`), with the `delegate` of the stock manifest; `dataDir` is host-local's store.
 */
export function delegate(
  topology: Topology,
  hostName: string,
  { mtu, dataDir }: { readonly mtu: number; readonly dataDir: string },
): { readonly type: string } & Readonly<Record<string, unknown>> {
  const host = topology.hosts.get(hostName);
  if (!host) throw new Error(`no host ${hostName}`);
  const { ipMasq } = { ...topology.cni.flannel, ...host.cni.flannel };
  return {
    cniVersion: "0.3.1",
    name: "cbr0",
    type: "bridge",
    hairpinMode: true,
    isDefaultGateway: true,
    isGateway: true,
    ipMasq: !ipMasq,
    mtu,
    ipam: {
      type: "host-local",
      dataDir,
      ranges: host.podCIDRs.map((subnet) => [{ subnet: `${subnet}` }]),
      routes: topology.cluster.podCIDRs.map((dst) => ({ dst: `${dst}` })),
    },
  };
}

/** What host-local has given out and not taken back. */
export function reserved(dataDir: string): readonly string[] {
  const folder = `${dataDir}/cbr0`;
  return existsSync(folder) ? readdirSync(folder).filter((name) => /^[0-9a-f:.]+$/.test(name)) : [];
}

/** `CNI-` and 24 hex digits of a hash of network and container (plugins pkg/utils `FormatChainName`). */
export function chainName(containerId: string): string {
  return `CNI-${createHash("sha512").update(`cbr0${containerId}`).digest("hex").slice(0, 24)}`;
}

/** What is no plugin's to set: the node's operator has it so before (kubeadm's preflight asks for it). */
const OPERATORS = /^net\.bridge\.|\.disable_ipv6$/;

/** A network before any pod was attached: what `cni` wrote is not there. */
export function beforeAttachment(network: Network): Network {
  return {
    mode: network.mode,
    topology: network.topology,
    segments: network.segments,
    names: () => network.names(),
    netns: (name) => {
      const netns = network.netns(name);
      return netns && bare(netns);
    },
  };
}

function bare(netns: Netns): Netns {
  const links = new Map([...netns.links].filter(([, { by }]) => by !== "cni"));
  const routes = unwritten(netns.routes, "cni");
  const told = new Map([...netns.sysctls].filter(([key]) => OPERATORS.test(key)));
  const chains = [...netns.chains].map(([table, all]) => [table, othersOf(all)] as const);
  return Object.create(netns, {
    links: { value: links },
    addresses: { value: netns.addresses.filter(({ dev, by }) => by !== "cni" && links.has(dev)) },
    routes: { value: routes },
    sysctls: { value: told },
    chains: { value: new Map<FilterTable, ReadonlyMap<string, Chain>>(chains) },
  });
}

function othersOf(chains: ReadonlyMap<string, Chain>): ReadonlyMap<string, Chain> {
  return new Map(
    [...chains.values()]
      .filter(({ name }) => !name.startsWith("CNI-"))
      .map((chain) => [chain.name, { ...chain, rules: chain.rules.filter(({ by }) => by !== "cni") }]),
  );
}
