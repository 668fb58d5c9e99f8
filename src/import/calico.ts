import { Prefix } from "../addr/prefix.ts";
import { type BlocksOf, blocksOf, tunnelsOf } from "./calico-blocks.ts";
import { calicoMode, workloadPools } from "./calico-mode.ts";
import { peering } from "./calico-peers.ts";
import { writePools } from "./calico-pools.ts";
import type { Carrier } from "./carrier.ts";
import type { Facts, NodeFact } from "./facts.ts";
import type { Findings } from "./findings.ts";
import type { HostDraft } from "./hosts.ts";
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
  const pools = workloadPools(facts);
  const seeded = choice.agent?.env.get("CALICO_IPV4POOL_CIDR");
  const first = seeded === undefined || pools.length > 0 ? undefined : Prefix.parse(seeded);
  const { agent } = choice;
  return {
    networks: first
      ? [{ value: first, from: `${agent?.from} CALICO_IPV4POOL_CIDR`, mark: agent?.mark ?? findings.mark }]
      : pools.map(({ cidr, name, mark }) => ({ value: cidr, from: `IPPool ${name}`, mark })),
    pooled,
    host: (node) => hostDraft(node, blocks, facts, findings),
    peering: (hosts) => peering(hosts, facts, findings),
  };
}

function hostDraft(node: NodeFact, blocks: BlocksOf, facts: Facts, findings: Findings): HostDraft {
  const { name, from, mark, labels } = node;
  const own = facts.calico.nodes.get(name);
  const recorded = own?.addresses ?? [];
  const extra = recorded.map(({ ip }) => ip).filter((ip) => !node.addresses.some((other) => other.equals(ip)));
  const addresses = [...node.addresses, ...extra];
  const detected = recorded.map(({ ip }) => ip);
  const isOdd = detected.some((ip) => !addresses.find((other) => other.family === ip.family)?.equals(ip));
  const cidrs = blocks.get(name) ?? [];
  checkTunnels(name, cidrs, facts, findings);
  const selectors = workloadPools(facts).flatMap(({ nodeSelector = "" }) => nodeSelector);
  return {
    name,
    from,
    mark,
    addresses,
    networks: recorded.map(({ ip, length }) => Prefix.of(ip, length)),
    nodeIPs: isOdd ? detected : [],
    shares: facts.calico.usesPodCIDR ? node.podCIDRs.map(({ value }) => value) : [],
    blocks: cidrs,
    macs: {
      ...(own?.vxlanMAC !== undefined && { "vxlan.calico": own.vxlanMAC }),
      ...(own?.vxlanMACv6 !== undefined && { "vxlan-v6.calico": own.vxlanMACv6 }),
    },
    // Those that a pool selects nodes by.
    labels: Object.fromEntries(Object.entries(labels).filter(([key]) => selectors.some((text) => text.includes(key)))),
  };
}

/** A tunnel's address is that at the start of the node's first block, as calico-node takes it when it first starts. */
function checkTunnels(name: string, blocks: readonly Prefix[], facts: Facts, findings: Findings): void {
  for (const ip of tunnelsOf(name, facts)) {
    const first = blocks.find(({ family }) => family === ip.family);
    if (!first || (first.contains(ip) && ip.minus(first.ip) < 3)) continue;
    findings.assume(
      `the tunnel of ${name} has an address at the start of ${first}, not ${ip}`,
      "nothing yet: the format cannot pin it",
    );
    return;
  }
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
