import { CALICO_VERSIONS } from "../topology/settings.ts";
import type { InstallationFact, PoolFact } from "./calico-facts.ts";
import { felixDoubts, felixFlag, felixNumbers } from "./calico-felix.ts";
import type { Agent, Facts } from "./facts.ts";
import type { Findings } from "./findings.ts";
import { tunnelledWord } from "./read-calico.ts";
import type { Choice } from "./which-cni.ts";

/** What one pool makes of packets to its addresses. */
export function modeOfPool({ ipipMode, vxlanMode }: Pick<PoolFact, "ipipMode" | "vxlanMode">): string {
  if (vxlanMode !== "Never") return vxlanMode === "Always" ? "calico-vxlan" : "calico-vxlan-crosssubnet";
  if (ipipMode !== "Never") return ipipMode === "Always" ? "calico-ipip" : "calico-ipip-crosssubnet";
  return "calico-bgp";
}

/** The pools that pods have addresses of. */
export function workloadPools(facts: Facts): readonly PoolFact[] {
  const { pools, installation } = facts.calico;
  const all = pools.size > 0 ? [...pools.values()] : (installation?.pools ?? []);
  return all.filter(({ allowedUses }) => allowedUses.includes("Workload")).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Calico's mode: that of the pool that most pods have addresses of. The environment of calico-node only seeds the first
 * pool, and node annotations may be old, so both count only where there is no pool to read.
 */
export function calicoMode(facts: Facts, { agent }: Choice, findings: Findings): void {
  const { calico } = facts;
  if (refuseOthers(facts, agent, findings)) return;
  const pools = workloadPools(facts);
  const main = mainPool(pools, facts);
  const inner = main ? modeOfPool(main) : guess(facts, agent, findings);
  const wireguard = felixFlag("wireguardEnabled", "FELIX_WIREGUARDENABLED", facts, agent);
  const mode = wireguard ? "calico-wireguard" : inner;
  const from = calico.pools.size > 0 ? "IPPool" : "Installation, pool";
  const because = [
    ...(wireguard ? [wireguard] : []),
    ...(main ? [`${from} ${main.name}: ipipMode ${main.ipipMode}, vxlanMode ${main.vxlanMode}`] : []),
    ...(main ? [] : guessedFrom(facts, agent)),
  ];
  findings.mode(mode, main?.mark ?? agent?.mark ?? findings.mark, because);
  const others = pools.filter((pool) => pool !== main && modeOfPool(pool) !== inner);
  if (main && others.length > 0) {
    const each = others.map((pool) => `${pool.name} ${modeOfPool(pool)}`).join(", ");
    findings.note(`pools differ, and the pool of the destination decides: ${each}`);
  }
  if (main) contradictions(main, inner, facts, agent, findings);
  backend(inner, facts, findings);
  felixNumbers(mode, facts, agent, findings);
  felixDoubts(mode, facts, findings);
  version(agent, findings);
}

/** Of the open pools, the one that most pods are in; IPv4 before IPv6, and by name where nothing tells. */
function mainPool(pools: readonly PoolFact[], facts: Facts): PoolFact | undefined {
  const open = pools.filter(({ disabled, assignmentMode }) => !disabled && assignmentMode === "Automatic");
  const candidates = open.length > 0 ? open : pools;
  const v4 = candidates.filter(({ cidr }) => cidr.family === 4);
  const counts = facts.countIn((v4.length > 0 ? v4 : candidates).map(({ cidr }) => cidr));
  const ranked = (v4.length > 0 ? v4 : candidates).map((pool, i) => ({ pool, count: counts[i] ?? 0 }));
  return ranked.sort((a, b) => b.count - a.count)[0]?.pool;
}

/** Dataplanes and CNI plugins with which Calico's routes are not those we know. */
function refuseOthers({ calico }: Facts, agent: Agent | undefined, findings: Findings): boolean {
  const { dataplane, cni }: Partial<InstallationFact> = calico.installation ?? {};
  const bpf =
    calico.felix.get("default")?.get("bpfEnabled").flag() === true ||
    /^true$/i.test(agent?.env.get("FELIX_BPFENABLED") ?? "");
  if (bpf || dataplane === "BPF")
    findings.refuse("Calico's eBPF dataplane", "programs at the pods' and hosts' devices carry packets");
  else if (dataplane === "VPP" || dataplane === "HNS")
    findings.refuse(`Calico's ${dataplane} dataplane`, "it is not Linux that routes");
  else if (cni !== undefined && cni !== "Calico") {
    findings.refuse(
      `the CNI plugin ${cni}, beside Calico for its policies (Installation)`,
      "that plugin carries the packets",
    );
  }
  return findings.refusal !== undefined;
}

/** Without pools: the tunnels that nodes have addresses for, and what the environment seeds the first pool with. */
function guess(facts: Facts, agent: Agent | undefined, findings: Findings): string {
  const nodes = [...facts.calico.nodes.values()];
  const seeded = seed(agent);
  findings.assume(
    `the pools are as ${seeded ? "calico-node's environment seeds the first one" : "the tunnels of the nodes suggest"}`,
    "kubectl get ippools.crd.projectcalico.org -o yaml",
  );
  if (seeded) return modeOfPool(seeded);
  if (nodes.some(({ vxlanTunnel, vxlanTunnelV6 }) => vxlanTunnel ?? vxlanTunnelV6)) return "calico-vxlan";
  return nodes.some(({ ipipTunnel }) => ipipTunnel) ? "calico-ipip" : "calico-bgp";
}

function seed(agent: Agent | undefined): Pick<PoolFact, "ipipMode" | "vxlanMode"> | undefined {
  const [ipip, vxlan] = ["CALICO_IPV4POOL_IPIP", "CALICO_IPV4POOL_VXLAN"].map((key) => agent?.env.get(key));
  if (ipip === undefined && vxlan === undefined) return undefined;
  return { ipipMode: tunnelledWord(ipip ?? "") ?? "Never", vxlanMode: tunnelledWord(vxlan ?? "") ?? "Never" };
}

function guessedFrom(facts: Facts, agent: Agent | undefined): readonly string[] {
  const seeded = ["CALICO_IPV4POOL_IPIP", "CALICO_IPV4POOL_VXLAN"].flatMap((key) => {
    const value = agent?.env.get(key);
    return value === undefined ? [] : [`${agent?.from}: ${key} ${value}`];
  });
  const nodes = [...facts.calico.nodes.values()];
  const tunnels = [
    ["IPIP", nodes.filter(({ ipipTunnel }) => ipipTunnel).length],
    ["VXLAN", nodes.filter(({ vxlanTunnel }) => vxlanTunnel).length],
  ].flatMap(([kind, count]) => (count === 0 ? [] : [`${count} Nodes have an ${kind} tunnel address`]));
  const all = [...seeded, ...tunnels];
  return all.length > 0
    ? all
    : [agent ? `${agent.from} runs, and no node has a tunnel` : "Node annotations without a tunnel address"];
}

/** What speaks against the live pool. */
function contradictions(
  main: PoolFact,
  inner: string,
  { calico }: Facts,
  agent: Agent | undefined,
  findings: Findings,
): void {
  const seeded = seed(agent);
  for (const [key, variable] of [
    ["ipipMode", "CALICO_IPV4POOL_IPIP"],
    ["vxlanMode", "CALICO_IPV4POOL_VXLAN"],
  ] as const) {
    const said = agent?.env.get(variable);
    if (said === undefined || !seeded || seeded[key] === main[key] || main.cidr.family === 6) continue;
    findings.against(
      `${agent?.from} has ${variable} ${said}, and pool ${main.name} ${key} ${main[key]}: the environment only seeds the first pool`,
    );
  }
  const nodes = [...calico.nodes.entries()];
  for (const [kind, key] of [
    ["ipip", "ipipTunnel"],
    ["vxlan", "vxlanTunnel"],
  ] as const) {
    const left = nodes.filter(([, node]) => node[key]);
    const used = [...calico.pools.values()].some((pool) => modeOfPool(pool).startsWith(`calico-${kind}`));
    if (left.length === 0 || used) continue;
    findings.against(
      `${left[0]?.[0]} still has the address of an ${kind.toUpperCase()} tunnel, though the mode is ${inner}`,
    );
  }
}

/** Without BIRD only VXLAN works. */
function backend(inner: string, { calico }: Facts, findings: Findings): void {
  const off = calico.installation?.bgp === "Disabled" ? "Installation has bgp Disabled" : undefined;
  const set =
    calico.backend && calico.backend.value !== "bird"
      ? `${calico.backend.from} has calico_backend ${calico.backend.value}`
      : undefined;
  const why = off ?? set;
  if (why !== undefined && !inner.startsWith("calico-vxlan"))
    findings.against(`${why}, and ${inner} needs BIRD to spread routes`);
}

/** The profile of a version by calico-node's image: which agent writes which row. */
function version(agent: Agent | undefined, findings: Findings): void {
  const tag = agent?.images.map((image) => /node(?:-fips)?:v?(\d+)\.(\d+)/.exec(image)).find((match) => match);
  if (!agent || !tag) return;
  const [, major, minor] = tag.map(Number);
  const exact = `v${major}.${minor}`;
  const [oldest] = CALICO_VERSIONS;
  const profile =
    CALICO_VERSIONS.find((each) => each === exact) ?? (major === 3 && (minor ?? 0) > 33 ? "v3.33" : oldest);
  findings.put(["cni", "calico", "version"], profile, agent.mark, `${agent.from} runs ${exact}`);
  if (profile === "v3.33" && exact !== profile)
    findings.assume(`Calico ${exact} programs rows as v3.33 does`, "cni.calico.version");
}
