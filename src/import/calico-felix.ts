import { modeSettings } from "../topology/settings.ts";
import type { Agent, Facts } from "./facts.ts";
import type { Findings } from "./findings.ts";

/**
 * A flag that Felix was told: the environment of calico-node goes over FelixConfiguration, there the node's own over the
 * cluster's (felix/config/config_params.go: EnvironmentVariable, DatastorePerHost, DatastoreGlobal). Says where it stood.
 */
export function felixFlag(
  key: string,
  variable: string,
  { calico }: Facts,
  agent: Agent | undefined,
): string | undefined {
  const env = agent?.env.get(variable);
  if (env !== undefined)
    return /^(?:true|1|yes|enabled)$/i.test(env) ? `${agent?.from}: ${variable} ${env}` : undefined;
  return calico.felix.get("default")?.get(key).flag() === true ? `FelixConfiguration default: ${key}` : undefined;
}

/** Numbers that change tables, by tunnel: our setting, the field, and the variable. */
const NUMBERS: Readonly<Record<string, readonly (readonly [string, string, string])[]>> = {
  ipip: [["mtu", "ipipMTU", "FELIX_IPINIPMTU"]],
  vxlan: [
    ["mtu", "vxlanMTU", "FELIX_VXLANMTU"],
    ["mtuV6", "vxlanMTUV6", "FELIX_VXLANMTUV6"],
    ["vxlanVNI", "vxlanVNI", "FELIX_VXLANVNI"],
    ["vxlanPort", "vxlanPort", "FELIX_VXLANPORT"],
  ],
  wireguard: [
    ["mtu", "wireguardMTU", "FELIX_WIREGUARDMTU"],
    ["mtuV6", "wireguardMTUV6", "FELIX_WIREGUARDMTUV6"],
    ["port", "wireguardListeningPort", "FELIX_WIREGUARDLISTENINGPORT"],
    ["portV6", "wireguardListeningPortV6", "FELIX_WIREGUARDLISTENINGPORTV6"],
  ],
};

/** The cluster's numbers; the operator's MTU comes last, and 0 is automatic. */
export function felixNumbers(mode: string, facts: Facts, agent: Agent | undefined, findings: Findings): void {
  const { calico } = facts;
  const felix = calico.felix.get("default");
  for (const [key, field, variable] of NUMBERS[kindOf(mode)] ?? []) {
    const env = agent?.env.get(variable);
    const told = felix?.get(field);
    const byOperator = key === "mtu" ? calico.installation?.mtu : undefined;
    const value = env === undefined ? (told?.number() ?? byOperator) : Number(env);
    if (value === undefined || !isWithin(mode, key, value)) continue;
    const origin =
      env !== undefined
        ? `${agent?.from}: ${variable}`
        : told?.number() === undefined
          ? "Installation"
          : `FelixConfiguration ${field}`;
    findings.put(["cni", mode, key], value, told?.mark ?? agent?.mark ?? findings.mark, origin);
  }
}

/** One node's own numbers, where the environment does not say them for all. */
export function felixNumbersOf(
  node: string,
  mode: string,
  { calico }: Facts,
  agent: Agent | undefined,
): Readonly<Record<string, number>> {
  const felix = calico.felix.get(`node.${node}`);
  const numbers = (NUMBERS[kindOf(mode)] ?? []).flatMap(([key, field, variable]): [string, number][] => {
    const value = felix?.get(field).number();
    if (value === undefined || agent?.env.has(variable) || !isWithin(mode, key, value)) return [];
    return [[key, value]];
  });
  return Object.fromEntries(numbers);
}

/** What FelixConfigurations say against the mode: a tunnel that is off, a node that is told otherwise. */
export function felixDoubts(mode: string, { calico }: Facts, findings: Findings): void {
  const silent = [...calico.nodes].filter(([, { wireguardKey }]) => wireguardKey === undefined);
  if (mode === "calico-wireguard" && silent.length > 0 && silent.length < calico.nodes.size) {
    const who = `${silent[0]?.[0]}${silent.length > 1 ? ` and ${silent.length - 1} more` : ""}`;
    findings.against(`${who} told no WireGuard key: others send to it in plain, and it is drawn as if it had`);
  }
  for (const [name, felix] of calico.felix) {
    const from = `FelixConfiguration ${name}`;
    for (const kind of ["ipip", "vxlan"]) {
      const isUsed = [...calico.pools.values()].some((pool) => tunnelOf(pool) === kind);
      if (isUsed && felix.get(`${kind}Enabled`).flag() === false)
        findings.against(`${from} has ${kind}Enabled false, and there is a pool that needs it`);
    }
    if (name === "default") continue;
    const wireguard = felix.get("wireguardEnabled").flag();
    if (wireguard !== undefined && wireguard !== (mode === "calico-wireguard")) {
      const what = `${from} has wireguardEnabled ${wireguard}`;
      findings.against(`${what}: that node alone is otherwise, and drawn as all are`);
    }
    if (felix.get("bpfEnabled").flag() === true)
      findings.against(`${from} has bpfEnabled: on that node eBPF programs carry packets, and tables are drawn`);
  }
}

function tunnelOf({ ipipMode, vxlanMode }: { readonly ipipMode: string; readonly vxlanMode: string }): string {
  return vxlanMode !== "Never" ? "vxlan" : ipipMode !== "Never" ? "ipip" : "none";
}

function kindOf(mode: string): string {
  return mode.split("-")[1] ?? "";
}

function isWithin(mode: string, key: string, value: number): boolean {
  const known = modeSettings(mode)[key];
  return known !== undefined && value >= known.min && value <= known.max;
}
