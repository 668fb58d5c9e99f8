import { Prefix } from "../addr/prefix.ts";
import type { FilterRule, Match, Target } from "../kernel/netfilter.ts";
import type { Agent } from "./agent.ts";
import type { NodeDraft } from "./node.ts";
import type { Family } from "./peer.ts";

const IPIP = 4;
const UDP = 17;
const ACCEPT = { kind: "ACCEPT" } as const;
const DROP = { kind: "DROP" } as const;

/** A tunnel device: the node must let its outer packets in, and what the node itself sends into it has its address. */
export type Tunnel = {
  readonly dev: string;
  readonly family: Family;
  readonly address: Prefix | undefined;
  readonly mtu: number;
  /** States what leads into it, once the node's own blocks stand. */
  readonly route?: () => void;
} & ({ readonly kind: "ipip" } | { readonly kind: "vxlan" | "wireguard"; readonly port: number });

/** What cali-INPUT takes in and turns away before anything else (felix/rules/static.go `filterInputChain`). */
export function guard(tunnel: Tunnel): readonly FilterRule[] {
  const { family } = tunnel;
  const local = { dir: "dst" } as const;
  const set = { name: sourcesSet(tunnel), dir: "src" } as const;
  if (tunnel.kind === "ipip") {
    return [
      rule({ family, protocol: IPIP, set, local }, ACCEPT, "Allow IPIP packets from Calico hosts"),
      rule({ protocol: IPIP }, DROP, "Drop IPIP packets from non-Calico hosts"),
    ];
  }
  const outer = { family, protocol: UDP, dport: tunnel.port };
  // No rule drops the rest: a WireGuard device knows its peers.
  if (tunnel.kind === "wireguard") {
    return [rule({ ...outer, local }, ACCEPT, `Allow incoming IPv${family} Wireguard packets`)];
  }
  return [
    rule({ ...outer, set, local }, ACCEPT, `Allow IPv${family} VXLAN packets from allowed hosts`),
    rule({ ...outer, local }, DROP, `Drop IPv${family} VXLAN packets from non-allowed hosts`),
  ];
}

/** VXLAN has other source ports on the way back, so its outer packets are not tracked (`StaticRawPreroutingChain`). */
export function untracked(tunnels: readonly Tunnel[]): readonly FilterRule[] {
  return tunnels.flatMap((tunnel) =>
    tunnel.kind === "vxlan"
      ? [rule({ family: tunnel.family, protocol: UDP, dport: tunnel.port }, { kind: "NOTRACK" })]
      : [],
  );
}

/** What the node itself sends into a tunnel takes the tunnel's address (`StaticNATPostroutingChains`). */
export function intoTunnel({ dev, address }: Tunnel): readonly FilterRule[] {
  if (!address) return [];
  const match = { out: { dev }, local: { dir: "src" }, src: { not: true, prefix: address } } as const;
  return [rule(match, { kind: "MASQUERADE", randomFully: true })];
}

/** The set of addresses that a tunnel's outer packets may come from: with IP-in-IP every host, with VXLAN every other. */
export function writeSources(node: NodeDraft, felix: Agent, tunnel: Tunnel): void {
  if (tunnel.kind === "wireguard") return;
  const set = sourcesSet(tunnel);
  const own = tunnel.kind === "ipip" ? node.self.nodeIP(tunnel.family) : undefined;
  if (own) felix.member(set, Prefix.of(own));
  felix.perPeer("hosts", (peer) => {
    const ip = peer.nodeIP(tunnel.family);
    return { sets: ip ? [{ set, prefix: Prefix.of(ip) }] : [] };
  });
}

function sourcesSet({ kind, family }: Tunnel): string {
  return `cali${family}0${kind === "ipip" ? "all-hosts-net" : "all-vxlan-net"}`;
}

function rule(match: Match, target: Target, comment?: string): FilterRule {
  return { match, target, by: "felix", ...(comment !== undefined && { comment }) };
}
