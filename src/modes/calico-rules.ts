import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { FilterRule, Match, Target } from "../kernel/netfilter.ts";
import type { Agent } from "./agent.ts";
import type { Attached } from "./attach-veth.ts";
import { guard, intoTunnel, type Tunnel, untracked, writeSources } from "./calico-guards.ts";
import type { Plan } from "./calico-plan.ts";
import type { NodeDraft } from "./node.ts";
import type { Family } from "./peer.ts";
import { isModern } from "./version.ts";

/** Felix's bits from the default mask 0xffff0000 (felix/dataplane/driver.go), as v3.30 gives them out. */
const ACCEPTED = { value: 0x10000, mask: 0x10000 };
const FROM_WORKLOAD = { value: 0x80000, mask: 0x80000 };
const ALL_BITS = 0x1f0000;

const WORKLOADS = { dev: "cali+" };
const ACCEPT = { kind: "ACCEPT" } as const;
const DROP = { kind: "DROP" } as const;
const RETURN = { kind: "RETURN" } as const;
const MASQUERADE = { kind: "MASQUERADE", randomFully: true } as const;
const UDP = 17;
const IPIP = 4;
const VXLAN_PORT = 4789;

/**
 * Felix's rules, without the parts that only policies, host endpoints and services use: spoofing is dropped in raw,
 * pods are dispatched to a chain each way, their profile accepts, tunnels are guarded, and what leaves the pools is
 * masqueraded (felix/rules/static.go, endpoints.go, dispatch.go, nat.go).
 *
 * Felix dispatches with `goto`; here a chain returns to the dispatcher, whose last rule spares what was accepted.
 */
export function calicoRules(
  node: NodeDraft,
  plan: Plan,
  attached: readonly Attached[],
  tunnels: readonly Tunnel[],
): void {
  const felix = node.agent("felix");
  const masqueraded = writeSets(node, plan, felix);
  for (const tunnel of tunnels) writeSources(node, felix, tunnel);
  const loose = untracked(tunnels);
  const [vxlanPort = VXLAN_PORT] = tunnels.flatMap((tunnel) => (tunnel.kind === "vxlan" ? [tunnel.port] : []));
  felix.rules("raw", "cali-PREROUTING", [CLEAR, ...loose, ...RAW]);
  if (loose.length > 0) felix.rules("raw", "cali-OUTPUT", [CLEAR, ...loose]);
  for (const namespace of new Set(attached.map((pod) => pod.namespace))) {
    felix
      .rules("filter", profileChain("pro", namespace), PROFILE)
      .rules("filter", profileChain("pri", namespace), PROFILE);
    const [sends, receives] = [endpoint("pro", namespace, vxlanPort), endpoint("pri", namespace, vxlanPort)];
    for (const { dev } of attached.filter((pod) => pod.namespace === namespace)) {
      felix.rules("filter", `cali-fw-${dev}`, sends).rules("filter", `cali-tw-${dev}`, receives);
    }
  }
  const from = attached.map(({ dev }) => rule({ in: { dev } }, jump(`cali-fw-${dev}`)));
  const to = attached.map(({ dev }) => rule({ out: { dev } }, jump(`cali-tw-${dev}`)));
  felix.rules("filter", "cali-from-wl-dispatch", [...from, UNKNOWN]);
  felix.rules("filter", "cali-to-wl-dispatch", [...to, UNKNOWN]);
  felix.rules("filter", "cali-FORWARD", FORWARD);
  felix.rules("filter", "cali-INPUT", [...tunnels.flatMap(guard), ...INPUT]);
  felix.rules("filter", "cali-wl-to-host", TO_HOST);
  natRules(node, felix, { masqueraded, tunnels });
  felix.insert("raw", "PREROUTING", { match: {}, target: jump("cali-PREROUTING") });
  if (loose.length > 0) felix.insert("raw", "OUTPUT", { match: {}, target: jump("cali-OUTPUT") });
  felix.insert("filter", "FORWARD", { match: {}, target: jump("cali-FORWARD") });
  felix.append("filter", "FORWARD", {
    match: { mark: ACCEPTED },
    target: ACCEPT,
    comment: "Policy explicitly accepted packet.",
  });
  felix.insert("filter", "INPUT", { match: {}, target: jump("cali-INPUT") });
  felix.append("nat", "POSTROUTING", { match: {}, target: jump("cali-POSTROUTING") });
}

const CLEAR = rule({}, { kind: "MARK", value: 0, mask: ALL_BITS });

const RAW: readonly FilterRule[] = [
  rule({ in: WORKLOADS }, { kind: "MARK", ...FROM_WORKLOAD }),
  rule({ mark: FROM_WORKLOAD, rpfilterFails: true }, DROP),
];

const FORWARD: readonly FilterRule[] = [
  rule({}, { kind: "MARK", value: 0, mask: ALL_BITS & ~ACCEPTED.mask }),
  rule({ in: WORKLOADS }, jump("cali-from-wl-dispatch")),
  rule({ out: WORKLOADS }, jump("cali-to-wl-dispatch")),
];

const INPUT: readonly FilterRule[] = [
  rule({ in: WORKLOADS }, jump("cali-wl-to-host")),
  rule({ mark: ACCEPTED }, ACCEPT),
];

/** Manifest and operator both set defaultEndpointToHostAction to ACCEPT (tigera/operator pkg/render/node.go). */
const TO_HOST: readonly FilterRule[] = [
  rule({}, jump("cali-from-wl-dispatch")),
  rule({}, ACCEPT, "Configured DefaultEndpointToHostAction"),
];

const UNKNOWN = rule({ mark: { ...ACCEPTED, not: true } }, DROP, "Unknown interface");

/** The profile of a namespace without policies accepts everything, both ways. */
const PROFILE: readonly FilterRule[] = [rule({}, { kind: "MARK", ...ACCEPTED }), rule({ mark: ACCEPTED }, RETURN)];

/** A pod's chain for what it sends (`pro`, the profile's egress rules) or for what is sent to it (`pri`). */
function endpoint(direction: "pro" | "pri", namespace: string, vxlanPort: number): readonly FilterRule[] {
  const noTunnels = [
    rule({ protocol: UDP, dport: vxlanPort }, DROP, "Drop VXLAN encapped packets originating in workloads"),
    rule({ protocol: IPIP }, DROP, "Drop IPinIP encapped packets originating in workloads"),
  ];
  return [
    rule({ ctstate: ["RELATED", "ESTABLISHED"] }, ACCEPT),
    rule({ ctstate: ["INVALID"] }, DROP),
    rule({}, { kind: "MARK", value: 0, mask: ACCEPTED.mask }),
    ...(direction === "pro" ? noTunnels : []),
    rule({}, jump(profileChain(direction, namespace))),
    rule({ mark: ACCEPTED }, RETURN, "Return if profile accepted"),
    rule({}, DROP, "Drop if no profiles matched"),
  ];
}

/**
 * One rule with two sets upstream; two rules here, which come to the same: what goes to a pool is left alone, what
 * comes from one is masqueraded.
 */
function natRules(
  node: NodeDraft,
  felix: Agent,
  { masqueraded, tunnels }: { readonly masqueraded: ReadonlySet<Family>; readonly tunnels: readonly Tunnel[] },
): void {
  const outgoing = [...masqueraded].flatMap((family) => [
    rule({ family, set: { name: poolsSet(node, family), dir: "dst" } }, RETURN),
    rule({ family, set: { name: masqueradeSet(family), dir: "src" } }, MASQUERADE),
  ]);
  felix.rules("nat", "cali-nat-outgoing", outgoing);
  felix.rules("nat", "cali-POSTROUTING", [rule({}, jump("cali-nat-outgoing")), ...tunnels.flatMap(intoTunnel)]);
}

/**
 * The pools, and those whose pods are masqueraded (felix/dataplane/linux/masq_mgr.go); the families that have such.
 * Pools for load balancers alone are in neither.
 */
function writeSets(node: NodeDraft, plan: Plan, felix: Agent): ReadonlySet<Family> {
  const masqueraded = new Set<Family>();
  for (const { cidr, allowedUses, natOutgoing = node.self.calico.natOutgoing } of plan.all) {
    if (allowedUses.every((use) => use === "LoadBalancer")) continue;
    felix.member(poolsSet(node, cidr.family), cidr);
    if (!natOutgoing) continue;
    felix.member(masqueradeSet(cidr.family), cidr);
    if (node.self.stack(cidr.family)) masqueraded.add(cidr.family);
  }
  return masqueraded;
}

function rule(match: Match, target: Target, comment?: string): FilterRule {
  return { match, target, by: "felix", ...(comment !== undefined && { comment }) };
}

function jump(chain: string): { readonly kind: "jump"; readonly chain: string } {
  return { kind: "jump", chain };
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
  return `cali${family}0${isModern(node.self.calico.version) ? "network-ip-pools" : "all-ipam-pools"}`;
}

function masqueradeSet(family: Family): string {
  return `cali${family}0masq-ipam-pools`;
}
