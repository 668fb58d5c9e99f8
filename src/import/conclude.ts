import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Mark } from "../topology/marks.ts";
import { clusterNetworks, type PodNetworks } from "./cluster.ts";
import type { Fact, Facts, NodeFact } from "./facts.ts";
import { Findings } from "./findings.ts";
import { flannelMode } from "./flannel.ts";
import { allNodes, type HostDraft, writeHosts } from "./hosts.ts";
import { writePods } from "./pods.ts";
import { CANAL, FLANNEL, PRODUCTS } from "./products.ts";
import { drawUnderlay } from "./underlay.ts";
import { type Choice, whichCni } from "./which-cni.ts";

/** Draws a topology from what the objects have said. */
export function conclude(facts: Facts, mark: Mark): Findings {
  const findings = new Findings(mark);
  const choice = whichCni(facts);
  chooseMode(facts, choice, findings);
  const nodes = allNodes(facts, findings);
  const networks = clusterNetworks(ownNetworks(facts, choice), facts, findings);
  const hosts = nodes.map((node) => hostDraft(node, choice, findings)).filter(({ addresses }) => addresses.length > 0);
  const homeless = nodes.length - hosts.length;
  if (homeless > 0) findings.note(`${homeless} Nodes are left out: they have no InternalIP`);
  findings.hosts = hosts.length;
  drawUnderlay(
    {
      standings: hosts.map(({ name, addresses }) => ({ name, addresses, networks: [] })),
      strangers: [],
      pods: [...networks.values()],
    },
    facts,
    findings,
  );
  writeHosts(withShares(hosts, networks, findings), networks, findings);
  writePods(facts, new Set(hosts.map(({ name }) => name)), networks, findings);
  noteRest(facts, choice, findings);
  return findings;
}

function chooseMode(facts: Facts, choice: Choice, findings: Findings): void {
  const { product, rivals, evidence } = choice;
  if (rivals.length > 0) {
    const found = rivals.map((name) => `${name} (${textOf(name, facts)})`).join(" and ");
    const message = `there are traces of ${found}, and nothing says which of them carries packets`;
    findings.unclear(message, "add `kubectl get ds,pods -n kube-system -o yaml`");
  } else if (product === undefined) {
    findings.unclear("nothing in these objects says which CNI runs", "add `kubectl get nodes,ds,cm -A -o yaml`");
  } else if (product === FLANNEL || product === CANAL) {
    flannelMode(facts, choice, findings);
  } else {
    const known = PRODUCTS.find(({ name }) => name === product)?.known ?? "";
    const [first] = evidence;
    findings.refuse(`${product}${first ? ` (${first.text})` : ""}`, known);
  }
}

function textOf(product: string, facts: Facts): string {
  return facts.traces.find((trace) => trace.product === product)?.text ?? "its agent runs";
}

function ownNetworks(facts: Facts, { product }: Choice): readonly Fact<Prefix>[] {
  if (product !== FLANNEL && product !== CANAL) return [];
  return facts.flannel.flatMap(({ networks, from, mark }) => networks.map((value) => ({ value, from, mark })));
}

function hostDraft(node: NodeFact, { product }: Choice, findings: Findings): HostDraft {
  const { name, from, mark, podCIDRs } = node;
  const isFlannel = product === FLANNEL || product === CANAL;
  const detected = isFlannel && node.flannel ? detectedBy(node, node.flannel.publicIPs, findings) : [];
  const addresses = [...node.addresses, ...detected.filter((ip) => !node.addresses.some((own) => own.equals(ip)))];
  const nodeIPs = detected.some((ip) => !addresses.find((own) => own.family === ip.family)?.equals(ip)) ? detected : [];
  return {
    name,
    from,
    mark,
    addresses,
    nodeIPs,
    shares: podCIDRs.map(({ value }) => value),
    macs: isFlannel ? macsOf(node) : {},
  };
}

/** The addresses that a node's flanneld advertises, but for one that is not its own. */
function detectedBy(node: NodeFact, publicIPs: readonly Ip[], findings: Findings): readonly Ip[] {
  return publicIPs.filter((ip) => {
    const isOwn = node.addresses.some((own) => own.equals(ip));
    const isTold = node.flannel?.overwrites.some((told) => told.equals(ip)) === true;
    if (isTold && !isOwn) {
      findings.assume(
        `${node.name} is reached at its own address; its flanneld advertises ${ip}, which something must translate`,
        "public-ip-overwrite is on its Node",
      );
    }
    return isOwn || !isTold;
  });
}

function macsOf({ flannel }: NodeFact): Readonly<Record<string, string>> {
  const vni = flannel?.vni ?? 1;
  const { vtepMAC, vtepMACv6 } = flannel ?? {};
  return {
    ...(vtepMAC !== undefined && { [`flannel.${vni}`]: vtepMAC }),
    ...(vtepMACv6 !== undefined && { [`flannel-v6.${vni}`]: vtepMACv6 }),
  };
}

/** Gives a free share to nodes that have none where others have: the loader's own choice might be somebody's. */
function withShares(hosts: readonly HostDraft[], networks: PodNetworks, findings: Findings): readonly HostDraft[] {
  const taken = hosts.flatMap(({ shares }) => shares);
  const without: string[] = [];
  const next = new Map<4 | 6, number>();
  const drawn = hosts.map((host) => {
    if (taken.length === 0) return host;
    const given = [...networks].flatMap(([family, whole]): Prefix[] => {
      if (host.shares.some((share) => share.family === family)) return [];
      const length = taken.find((share) => share.family === family)?.length;
      if (length === undefined) return [];
      for (let k = next.get(family) ?? 0; k < 2 ** Math.min(30, length - whole.length); k++) {
        const free = whole.subnet(length, k);
        if (taken.some((share) => share.overlaps(free))) continue;
        next.set(family, k + 1);
        return [free];
      }
      return [];
    });
    if (given.length > 0) without.push(host.name);
    return { ...host, shares: [...host.shares, ...given] };
  });
  const some = without.slice(0, 3).join(", ");
  if (without.length > 0)
    findings.assume(
      `${some}${without.length > 3 ? " …" : ""} has a free share of the pods' network, though no spec.podCIDR`,
      "kubectl get nodes -o yaml",
    );
  return drawn;
}

/** What else is worth a sentence: leftovers, redacted addresses, kinds that are not read. */
function noteRest(facts: Facts, { product, others }: Choice, findings: Findings): void {
  const left = new Map<string, string>();
  for (const trace of others) if (!left.has(trace.product)) left.set(trace.product, trace.text);
  if (product !== undefined) for (const [name, text] of left) findings.against(`traces of ${name} are left: ${text}`);
  const unread = [...facts.unread].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${count} ${kind}`);
  if (unread.length > 0) findings.note(`not read: ${unread.slice(0, 8).join(", ")}${unread.length > 8 ? " …" : ""}`);
}
