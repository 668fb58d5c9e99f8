import type { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import { type BlocksOf, blocksOf } from "./calico-blocks.ts";
import type { CalicoNode } from "./calico-facts.ts";
import { felixNumbersOf } from "./calico-felix.ts";
import { calicoMode, workloadPools } from "./calico-mode.ts";
import { peering } from "./calico-peers.ts";
import { writePools } from "./calico-pools.ts";
import type { Carrier } from "./carrier.ts";
import type { Facts, NodeFact } from "./facts.ts";
import type { Findings } from "./findings.ts";
import { type HostDraft, sharedAddresses } from "./hosts.ts";
import type { Choice } from "./which-cni.ts";

/** What Calico's own objects say of a cluster. */
export function calicoCarrier(
  facts: Facts,
  choice: Choice,
  findings: Findings,
  asked: { readonly modeGiven: boolean },
): Carrier {
  calicoMode(facts, choice, findings);
  takeAllocated(facts);
  const pooled = writePools(facts, findings, asked);
  const { usesPodCIDR } = facts.calico;
  const blocks: BlocksOf = usesPodCIDR ? new Map() : blocksOf(facts, findings);
  if (usesPodCIDR) podCIDRBlocks(facts, findings);
  const shared = sharedAddresses(
    [...facts.calico.nodes.values()].map(({ addresses }) => addresses.map(({ ip }) => ip)),
    findings,
  );
  const pools = workloadPools(facts);
  const seeded = choice.agent?.env.get("CALICO_IPV4POOL_CIDR");
  const first = seeded === undefined || pools.length > 0 ? undefined : Prefix.parse(seeded);
  const { agent } = choice;
  return {
    networks: first
      ? [{ value: first, from: `${agent?.from} CALICO_IPV4POOL_CIDR`, mark: agent?.mark ?? findings.mark }]
      : pools.map(({ cidr, name, mark }) => ({ value: cidr, from: `IPPool ${name}`, mark })),
    pooled,
    host: (node) => {
      const draft = hostDraft(node, { blocks, shared }, facts);
      const mode = findings.chosen?.mode;
      const numbers = mode ? felixNumbersOf(node.name, mode, facts, agent) : {};
      if (!mode || Object.keys(numbers).length === 0) return draft;
      return { ...draft, recorded: { ...draft.recorded, modes: { [mode]: numbers } } };
    },
    peering: (hosts) => peering(hosts, facts, findings),
  };
}

interface Known {
  readonly blocks: BlocksOf;
  /** Addresses that several nodes take for their own. */
  readonly shared: ReadonlySet<string>;
}

function hostDraft(node: NodeFact, { blocks, shared }: Known, facts: Facts): HostDraft {
  const { name, from, mark, labels } = node;
  const own = facts.calico.nodes.get(name);
  const recorded = own?.addresses ?? [];
  const alone = recorded.filter(({ ip }) => !shared.has(ip.toString()));
  const extra = alone.map(({ ip }) => ip).filter((ip) => !node.addresses.some((other) => other.equals(ip)));
  const addresses = [...node.addresses, ...extra];
  const detected = recorded.map(({ ip }) => ip);
  const isOdd = detected.some((ip) => !addresses.find((other) => other.family === ip.family)?.equals(ip));
  const cidrs = blocks.get(name) ?? [];
  const selectors = workloadPools(facts).flatMap(({ nodeSelector = "" }) => nodeSelector);
  return {
    name,
    from,
    mark,
    addresses,
    networks: alone.map(({ ip, length }) => Prefix.of(ip, length)),
    nodeIPs: isOdd ? detected : [],
    shares: facts.calico.usesPodCIDR ? node.podCIDRs.map(({ value }) => value) : [],
    blocks: cidrs,
    macs: {
      ...(own?.vxlanMAC !== undefined && { "vxlan.calico": own.vxlanMAC }),
      ...(own?.vxlanMACv6 !== undefined && { "vxlan-v6.calico": own.vxlanMACv6 }),
    },
    recorded: { calico: oddTunnels(own, cidrs) },
    // Those that a pool selects nodes by.
    labels: Object.fromEntries(Object.entries(labels).filter(([key]) => selectors.some((text) => text.includes(key)))),
  };
}

/** Addresses of tunnels that are not at the start of the node's first block, where calico-node finds them when it first starts. */
function oddTunnels(own: CalicoNode | undefined, blocks: readonly Prefix[]): Readonly<Record<string, string>> {
  const tunnels = Object.entries({
    ipv4IPIPTunnelAddr: own?.ipipTunnel,
    ipv4VXLANTunnelAddr: own?.vxlanTunnel,
    ipv6VXLANTunnelAddr: own?.vxlanTunnelV6,
    ipv4WireguardInterfaceAddr: own?.wireguardTunnel,
  }).filter((entry): entry is [string, Ip] => entry[1] !== undefined);
  const isUsual =
    tunnels.length < 2 && tunnels.every(([, ip]) => blocks.find(({ family }) => family === ip.family)?.ip.equals(ip));
  return isUsual ? {} : Object.fromEntries(tunnels.map(([key, ip]) => [key, ip.toString()]));
}

/** With host-local IPAM the Node's own share is the one block that it announces. */
function podCIDRBlocks(facts: Facts, findings: Findings): void {
  const [share] = [...facts.nodes.values()].flatMap(({ podCIDRs }) => podCIDRs);
  if (share && share.value.length !== 26) {
    findings.put(["cni", "calico", "blockSize"], share.value.length, share.mark, "pods draw from spec.podCIDR");
  }
}

/** Pods that only IPAMBlocks tell of, when there are no Pods. */
function takeAllocated(facts: Facts): void {
  if (facts.pods.size > 0) return;
  for (const { ip, node, pod, mark } of facts.calico.allocations) {
    const before = facts.pods.get(pod);
    const addresses = [...(before?.addresses ?? []), ip.toString()];
    facts.pods.set(pod, { host: node, addresses, labels: {}, hostNetwork: false, mark });
  }
}
