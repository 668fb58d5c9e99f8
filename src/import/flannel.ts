import type { Ip } from "../addr/ip.ts";
import type { Mark } from "../topology/marks.ts";
import { modeSettings } from "../topology/settings.ts";
import type { Carrier } from "./carrier.ts";
import type { Facts, FlannelNode, NodeFact } from "./facts.ts";
import type { Findings } from "./findings.ts";
import { type HostDraft, sharedAddresses } from "./hosts.ts";
import { CANAL, FLANNEL } from "./products.ts";
import type { Choice } from "./which-cni.ts";

/** Modes by flannel's backend type; those with a second name are the ones that know DirectRouting. */
const BACKENDS: ReadonlyMap<string, readonly [string, string?]> = new Map([
  ["udp", ["flannel-udp"]],
  ["vxlan", ["flannel-vxlan", "flannel-vxlan-direct"]],
  ["host-gw", ["flannel-host-gw"]],
  ["ipip", ["flannel-ipip", "flannel-ipip-direct"]],
  ["wireguard", ["flannel-wireguard"]],
]);

/** What a backend that is not modelled is. */
const OTHERS: ReadonlyMap<string, string> = new Map([
  ["ipsec", "charon's security associations carry packets in ESP"],
  ["extension", "commands of the administrator's carry packets"],
  ["alloc", "flanneld only leases subnets; somebody else carries packets"],
  ["tencent-vpc", "the VPC's route table carries packets"],
  ["aws-vpc", "the VPC's route table carries packets (removed in flannel v0.20)"],
  ["gce", "the network's route table carries packets (removed in flannel v0.20)"],
  ["ali-vpc", "the VPC's route table carries packets (removed in flannel v0.20)"],
]);

/** What Flannel's objects and annotations say of a cluster. */
export function flannelCarrier(facts: Facts, choice: Choice, findings: Findings): Carrier {
  flannelMode(facts, choice, findings);
  const shared = sharedAddresses(
    [...facts.nodes.values()].map(({ flannel }) => flannel?.publicIPs ?? []),
    findings,
  );
  if (choice.product === CANAL) canal(facts, choice, findings);
  return {
    networks: facts.flannel.flatMap(({ networks, from, mark }) => networks.map((value) => ({ value, from, mark }))),
    pooled: false,
    host: (node) => hostDraft(node, { facts, shared }, findings),
    peering: () => ({ speakers: new Map(), outsiders: [] }),
  };
}

/** Flannel's mode and settings: what Nodes are annotated with is live; `net-conf.json` is what a restart would bring. */
function flannelMode(facts: Facts, choice: Choice, findings: Findings): void {
  const [conf] = facts.flannel;
  const annotated = [...facts.nodes.values()].flatMap(({ name, flannel }) => (flannel ? [{ name, ...flannel }] : []));
  const types = new Map<string, FlannelNode & { name: string }>();
  for (const node of annotated) types.set(node.type, types.get(node.type) ?? node);
  const [live, ...more] = types.values();
  // For udp, alloc and the clouds the annotation is empty, and only the configuration tells them apart.
  const type = live && live.type !== "" ? live.type : (conf?.type ?? (live ? "udp" : undefined));
  if (type === undefined) {
    findings.unclear(
      `${choice.product ?? FLANNEL} runs, but neither its ConfigMap nor annotations of Nodes say with which backend`,
      "add `kubectl get cm,nodes -A -o yaml`",
    );
    return;
  }
  const other = OTHERS.get(type);
  if (other !== undefined) {
    findings.refuse(`Flannel's backend ${type}`, other);
    return;
  }
  const modes = BACKENDS.get(type);
  if (!modes) {
    findings.refuse(`Flannel's backend ${type}`, "no such backend is known");
    return;
  }
  const [plain, direct = plain] = modes;
  const mode = conf?.directRouting ? direct : plain;
  const mark: Mark = conf?.mark ?? live?.mark ?? findings.mark;
  const count = annotated.filter((node) => node.type === (live?.type ?? "")).length;
  const because = [
    ...(conf ? [`${conf.from}: Backend.Type ${conf.type}${conf.directRouting ? ", DirectRouting" : ""}`] : []),
    ...(live && live.type !== "" ? [`backend-type ${live.type} on ${nodes(count)}`] : []),
    ...(choice.agent ? [`${choice.agent.from} runs`] : []),
    ...(choice.product === CANAL ? [`with Calico's plugin, which is Canal (${canalBy(choice)})`] : []),
  ];
  findings.mode(mode, mark, because);
  if (!conf && live?.type === "")
    findings.assume("the backend is udp, as an empty backend-type may be", "kubectl get cm -A -o yaml");
  if (!conf && direct !== plain)
    findings.assume(`Flannel's DirectRouting is off`, "kubectl get cm -n kube-flannel -o yaml");
  if (conf && live && live.type !== "" && conf.type !== live.type) {
    findings.against(
      `${conf.from} says ${conf.type}, but ${nodes(count)} run ${live.type}: flanneld reads it when it starts`,
    );
  }
  for (const odd of more) {
    const has = annotated.filter((node) => node.type === odd.type).length;
    findings.against(
      `${nodes(has)} (${odd.name} first) run backend ${odd.type === "" ? '""' : odd.type}, not ${live?.type}`,
    );
  }
  const without = [...facts.nodes.values()].filter(({ flannel }) => !flannel);
  if (annotated.length > 0 && without.length > 0) {
    const has = without.length === 1 ? "has" : "have";
    findings.against(
      `${nodes(without.length)} (${without[0]?.name} first) ${has} no annotations of flanneld's: it has not run there`,
    );
  }
  settings(facts, mode, findings);
}

/** What shows that it is Canal: its own name, or calico-node with flanneld inside. */
function canalBy({ evidence }: Choice): string {
  const telling = evidence.find(({ product }) => product === CANAL) ?? evidence.find(({ kind }) => kind === "running");
  return (telling ?? evidence[0])?.text ?? "both are there";
}

/** Canal: flanneld's routes between nodes, Calico's plugin and Felix on them. */
function canal({ flannel: [conf] }: Facts, { agent }: Choice, findings: Findings): void {
  const mark = conf?.mark ?? agent?.mark ?? findings.mark;
  findings.put(["cni", "flannel", "attach"], "calico", mark, "Canal: Calico's plugin attaches the pods");
  findings.note("Calico's policies are not asked about: with Canal they hold, and may drop what is delivered here");
  const { vethMtu = 0 } = conf ?? {};
  const told = vethMtu === 0 ? "" : `, though veth_mtu is ${vethMtu}`;
  findings.assume(`pods have flannel's MTU${told}`, "`ip link` in a pod");
}

function settings(facts: Facts, mode: string, findings: Findings): void {
  const [conf] = facts.flannel;
  const known = modeSettings(mode);
  for (const [key, value] of Object.entries(conf?.settings ?? {})) {
    // Port 0 is flanneld's way to say the kernel's own.
    if (conf && Object.hasOwn(known, key) && value !== 0) findings.put(["cni", mode, key], value, conf.mark, conf.from);
  }
  if (conf?.bridge !== undefined && conf.bridge !== "cni0") {
    findings.put(["cni", "flannel", "bridge"], conf.bridge, conf.mark, `${conf.from.replace(/ .*/, "")} cni-conf.json`);
  }
  if (conf?.masquerade !== undefined) {
    if (!conf.masquerade) findings.put(["cni", "flannel", "ipMasq"], false, conf.mark, conf.from);
    return;
  }
  const agent = [...facts.agents.values()].find(({ args }) => args.some((word) => /flanneld/.test(word)));
  if (!agent) {
    findings.assume("flanneld runs with --ip-masq", "kubectl get ds -A -o yaml");
    return;
  }
  if (!agent.args.some((word) => /^--?ip-masq(?:=true)?$/.test(word))) {
    findings.put(["cni", "flannel", "ipMasq"], false, agent.mark, agent.from);
  }
}

function nodes(count: number): string {
  return count === 1 ? "1 Node" : `${count} Nodes`;
}

interface Known {
  readonly facts: Facts;
  /** Addresses that several nodes take for their own. */
  readonly shared: ReadonlySet<string>;
}

function hostDraft(node: NodeFact, { facts, shared }: Known, { chosen }: Findings): HostDraft {
  const { name, from, mark, podCIDRs, flannel } = node;
  const detected = flannel?.publicIPs.filter((ip) => !isTold(ip, flannel) || isOwn(ip, node)) ?? [];
  const own = detected.filter((ip) => !isOwn(ip, node) && !shared.has(ip.toString()));
  const addresses = [...node.addresses, ...own];
  const isOdd = detected.some((ip) => !addresses.find((own) => own.family === ip.family)?.equals(ip));
  const told = flannel?.overwrites.filter((ip) => !isOwn(ip, node)) ?? [];
  return {
    name,
    from,
    mark,
    addresses,
    networks: [],
    nodeIPs: isOdd ? detected : [],
    shares: podCIDRs.map(({ value }) => value),
    blocks: [],
    macs: macsOf(flannel),
    labels: {},
    recorded: {
      flannel: Object.fromEntries(
        told.map((ip) => [ip.family === 4 ? "public-ip-overwrite" : "public-ipv6-overwrite", `${ip}`]),
      ),
      ...(chosen && oddVni(flannel, chosen.mode, facts)),
    },
  };
}

/** A node's own VNI, where another was configured since it came up. */
function oddVni(flannel: FlannelNode | undefined, mode: string, { flannel: [conf] }: Facts) {
  const { vni } = flannel ?? {};
  if (vni === undefined || vni === (conf?.settings.VNI ?? 1) || !Object.hasOwn(modeSettings(mode), "VNI")) return {};
  return { modes: { [mode]: { VNI: vni } } };
}

function isOwn(ip: Ip, { addresses }: NodeFact): boolean {
  return addresses.some((own) => own.equals(ip));
}

/** Whether somebody has told flanneld to advertise an address: then it need not be the node's at all. */
function isTold(ip: Ip, { overwrites }: FlannelNode): boolean {
  return overwrites.some((told) => told.equals(ip));
}

function macsOf(flannel: FlannelNode | undefined): Readonly<Record<string, string>> {
  const { vni = 1, vtepMAC, vtepMACv6 } = flannel ?? {};
  return {
    ...(vtepMAC !== undefined && { [`flannel.${vni}`]: vtepMAC }),
    ...(vtepMACv6 !== undefined && { [`flannel-v6.${vni}`]: vtepMACv6 }),
  };
}
