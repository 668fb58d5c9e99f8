import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { Prefix } from "../addr/prefix.ts";
import type { FilterRule } from "../kernel/netfilter.ts";
import type { Agent } from "./agent.ts";
import type { Attached } from "./attach-veth.ts";
import type { NodeDraft } from "./node.ts";
import type { Family } from "./peer.ts";

type Rule = Omit<FilterRule, "by">;

/** Felix's bits from the default mask 0xffff0000 (felix/dataplane/driver.go), as v3.30 gives them out. */
const ACCEPTED = { value: 0x10000, mask: 0x10000 };
const FROM_WORKLOAD = { value: 0x80000, mask: 0x80000 };
const ALL_BITS = { value: 0, mask: 0x1f0000 };

const WORKLOADS = { dev: "cali+" };
const ACCEPT = { kind: "ACCEPT" } as const;
const DROP = { kind: "DROP" } as const;
const RETURN = { kind: "RETURN" } as const;
const UDP = 17;
const IPIP = 4;
const VXLAN_PORT = 4789;

/** A tunnel whose outer packets the node must let in, and whose own traffic must have its address. */
export interface GuardedTunnel {
  readonly dev: string;
  readonly address: Prefix | undefined;
  readonly protocol: typeof IPIP;
}

/**
 * Felix's rules, without the parts that only policies, host endpoints and services use: spoofing is dropped in raw,
 * pods are dispatched to a chain each way, their profile accepts, tunnels are guarded, and what leaves the pools is
 * masqueraded (felix/rules/static.go, endpoints.go, dispatch.go, nat.go).
 *
 * Felix dispatches with `goto`; here a chain returns to the dispatcher, whose last rule spares what was accepted.
 */
export function calicoRules(node: NodeDraft, attached: readonly Attached[], tunnel?: GuardedTunnel): void {
  const felix = node.agent("felix");
  writeSets(node, felix, tunnel);
  rawRules(felix);
  for (const namespace of new Set(attached.map((pod) => pod.namespace))) profile(felix, namespace);
  for (const pod of attached) endpoint(felix, pod);
  dispatch(
    felix,
    "cali-from-wl-dispatch",
    attached.map(({ dev }) => ({ match: { in: { dev } }, target: jump(chainFor("fw", dev)) })),
  );
  dispatch(
    felix,
    "cali-to-wl-dispatch",
    attached.map(({ dev }) => ({ match: { out: { dev } }, target: jump(chainFor("tw", dev)) })),
  );
  forwardRules(felix);
  inputRules(felix, tunnel);
  natRules(node, felix, tunnel);
}

function rawRules(felix: Agent): void {
  felix.insert("raw", "PREROUTING", { match: {}, target: jump("cali-PREROUTING") });
  const rules: readonly Rule[] = [
    { match: {}, target: { kind: "MARK", ...ALL_BITS } },
    { match: { in: WORKLOADS }, target: { kind: "MARK", ...FROM_WORKLOAD } },
    { match: { mark: FROM_WORKLOAD, rpfilterFails: true }, target: DROP },
  ];
  write(felix, "raw", "cali-PREROUTING", rules);
}

/** A pod's two chains: what it sends, and what is sent to it. */
function endpoint(felix: Agent, { dev, namespace }: Attached): void {
  const common: readonly Rule[] = [
    { match: { ctstate: ["RELATED", "ESTABLISHED"] }, target: ACCEPT },
    { match: { ctstate: ["INVALID"] }, target: DROP },
    { match: {}, target: { kind: "MARK", value: 0, mask: ACCEPTED.mask } },
  ];
  const noTunnels: readonly Rule[] = [
    {
      match: { protocol: UDP, dport: VXLAN_PORT },
      target: DROP,
      comment: "Drop VXLAN encapped packets originating in workloads",
    },
    { match: { protocol: IPIP }, target: DROP, comment: "Drop IPinIP encapped packets originating in workloads" },
  ];
  const judged = (direction: "pro" | "pri"): readonly Rule[] => [
    { match: {}, target: jump(profileChain(direction, namespace)) },
    { match: { mark: ACCEPTED }, target: RETURN, comment: "Return if profile accepted" },
    { match: {}, target: DROP, comment: "Drop if no profiles matched" },
  ];
  write(felix, "filter", chainFor("fw", dev), [...common, ...noTunnels, ...judged("pro")]);
  write(felix, "filter", chainFor("tw", dev), [...common, ...judged("pri")]);
}

/** The profile of a namespace without policies accepts everything, both ways. */
function profile(felix: Agent, namespace: string): void {
  for (const direction of ["pro", "pri"] as const) {
    write(felix, "filter", profileChain(direction, namespace), [
      { match: {}, target: { kind: "MARK", ...ACCEPTED } },
      { match: { mark: ACCEPTED }, target: RETURN },
    ]);
  }
}

function dispatch(felix: Agent, chain: string, rules: readonly Rule[]): void {
  const unknown: Rule = { match: { mark: { ...ACCEPTED, not: true } }, target: DROP, comment: "Unknown interface" };
  write(felix, "filter", chain, [...rules, unknown]);
}

function forwardRules(felix: Agent): void {
  felix.insert("filter", "FORWARD", { match: {}, target: jump("cali-FORWARD") });
  felix.append("filter", "FORWARD", {
    match: { mark: ACCEPTED },
    target: ACCEPT,
    comment: "Policy explicitly accepted packet.",
  });
  write(felix, "filter", "cali-FORWARD", [
    { match: {}, target: { kind: "MARK", value: 0, mask: ALL_BITS.mask & ~ACCEPTED.mask } },
    { match: { in: WORKLOADS }, target: jump("cali-from-wl-dispatch") },
    { match: { out: WORKLOADS }, target: jump("cali-to-wl-dispatch") },
  ]);
}

function inputRules(felix: Agent, tunnel: GuardedTunnel | undefined): void {
  felix.insert("filter", "INPUT", { match: {}, target: jump("cali-INPUT") });
  const guard: readonly Rule[] = tunnel
    ? [
        {
          match: { protocol: tunnel.protocol, set: { name: hostsSet(4), dir: "src" }, local: { dir: "dst" } },
          target: ACCEPT,
          comment: "Allow IPIP packets from Calico hosts",
        },
        { match: { protocol: tunnel.protocol }, target: DROP, comment: "Drop IPIP packets from non-Calico hosts" },
      ]
    : [];
  write(felix, "filter", "cali-INPUT", [
    ...guard,
    { match: { in: WORKLOADS }, target: jump("cali-wl-to-host") },
    { match: { mark: ACCEPTED }, target: ACCEPT },
  ]);
  // Manifest and operator both set defaultEndpointToHostAction to ACCEPT (tigera/operator pkg/render/node.go).
  write(felix, "filter", "cali-wl-to-host", [
    { match: {}, target: jump("cali-from-wl-dispatch") },
    { match: {}, target: ACCEPT, comment: "Configured DefaultEndpointToHostAction" },
  ]);
}

/**
 * One rule with two sets upstream; two rules here, which come to the same: what goes to a pool is left alone, what
 * comes from one is masqueraded. Traffic of the node itself into a tunnel takes the tunnel's address.
 */
function natRules(node: NodeDraft, felix: Agent, tunnel: GuardedTunnel | undefined): void {
  felix.append("nat", "POSTROUTING", { match: {}, target: jump("cali-POSTROUTING") });
  const own: readonly Rule[] = tunnel?.address
    ? [
        {
          match: { out: { dev: tunnel.dev }, local: { dir: "src" }, src: { not: true, prefix: tunnel.address } },
          target: { kind: "MASQUERADE", randomFully: true },
        },
      ]
    : [];
  write(felix, "nat", "cali-POSTROUTING", [{ match: {}, target: jump("cali-nat-outgoing") }, ...own]);
  felix.chain("nat", "cali-nat-outgoing");
  if (!node.self.calico.natOutgoing) return;
  for (const family of node.self.families) {
    felix.append("nat", "cali-nat-outgoing", {
      match: { set: { name: poolsSet(node, family), dir: "dst" } },
      target: RETURN,
    });
    felix.append("nat", "cali-nat-outgoing", {
      match: { set: { name: masqueradeSet(family), dir: "src" } },
      target: { kind: "MASQUERADE", randomFully: true },
    });
  }
}

/** The pools, those whose pods are masqueraded, and with a tunnel the addresses of all Calico hosts. */
function writeSets(node: NodeDraft, felix: Agent, tunnel: GuardedTunnel | undefined): void {
  for (const pool of node.cluster.podCIDRs) {
    felix.member(poolsSet(node, pool.family), pool);
    if (node.self.calico.natOutgoing) felix.member(masqueradeSet(pool.family), pool);
  }
  if (!tunnel) return;
  const own = node.self.nodeIP(4);
  if (own) felix.member(hostsSet(4), Prefix.of(own));
  felix.perPeer("hosts", (peer) => {
    const ip = peer.nodeIP(4);
    return { sets: ip ? [{ set: hostsSet(4), prefix: Prefix.of(ip) }] : [] };
  });
}

function write(felix: Agent, table: "raw" | "filter" | "nat", chain: string, rules: readonly Rule[]): void {
  felix.chain(table, chain);
  for (const rule of rules) felix.append(table, chain, rule);
}

function jump(chain: string): { readonly kind: "jump"; readonly chain: string } {
  return { kind: "jump", chain };
}

function chainFor(direction: "fw" | "tw", dev: string): string {
  return `cali-${direction}-${dev}`;
}

/** `cali-pro-kns.default`; what is longer than 28 characters is hashed (libcalico-go/lib/hash `GetLengthLimitedID`). */
function profileChain(direction: "pro" | "pri", namespace: string): string {
  const prefix = `cali-${direction}-`;
  const name = `${prefix}kns.${namespace}`;
  return name.length <= 28 ? name : `${prefix}_${base64Url(sha256(utf8ToBytes(`kns.${namespace}`)))}`.slice(0, 28);
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** The set's name lost its `ipam` with v3.32. */
function poolsSet(node: NodeDraft, family: Family): string {
  const { version } = node.self.calico;
  const old = version === "v3.30" || version === "v3.31";
  return `cali${family}0${old ? "all-ipam-pools" : "network-ip-pools"}`;
}

function masqueradeSet(family: Family): string {
  return `cali${family}0masq-ipam-pools`;
}

function hostsSet(family: Family): string {
  return `cali${family}0all-hosts-net`;
}
