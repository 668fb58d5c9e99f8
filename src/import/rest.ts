import { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Facts } from "./facts.ts";
import type { Findings } from "./findings.ts";
import { leftOutWords } from "./left-out.ts";
import type { Choice } from "./which-cni.ts";

/** What was read and is of no use yet. */
export function keepRest(facts: Facts, findings: Findings): void {
  const { kubeProxy, unread, namespaces } = facts;
  if (kubeProxy) {
    const told = kubeProxy.told.map((word) => `, ${word}`).join("");
    findings.keep(`kube-proxy is in mode ${kubeProxy.mode}${told} (${kubeProxy.from})`);
  }
  const policies = unread.get("NetworkPolicy");
  if (policies !== undefined) findings.keep(policies === 1 ? "1 NetworkPolicy" : `${policies} NetworkPolicies`);
  const labelled = [...namespaces.values()].filter(({ labels }) => labels > 0).length;
  if (labelled > 0)
    findings.keep(
      `labels of ${labelled === 1 ? "1 Namespace" : `${labelled} Namespaces`}, by which NetworkPolicies select`,
    );
  const harmless = leftOutWords(facts, { matters: false });
  if (harmless !== undefined) findings.keep(harmless);
}

/** What else is worth a sentence: nodes in trouble, leftovers of another CNI, kinds and fields that are not read. */
export function noteRest(facts: Facts, { product, others }: Choice, findings: Findings): void {
  const left = new Map<string, string>();
  for (const trace of others) if (!left.has(trace.product)) left.set(trace.product, trace.text);
  if (product !== undefined) for (const [name, text] of left) findings.against(`traces of ${name} are left: ${text}`);
  noteTroubles(facts, findings);
  noteNamespaces(facts, findings);
  if (facts.going > 0) findings.note(`${some(facts.going, "pod")} on the way out, and still there`);
  const matter = leftOutWords(facts, { matters: true });
  if (matter !== undefined) findings.note(matter);
  const unread = [...facts.unread].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${count} ${kind}`);
  if (unread.length > 0) findings.note(`not read: ${unread.slice(0, 8).join(", ")}${unread.length > 8 ? " …" : ""}`);
}

/** Nodes that are down by their own word: rows are drawn as agents would have written them. */
function noteTroubles({ nodes }: Facts, findings: Findings): void {
  const all = [...nodes.values()].flatMap(({ name, troubles = [] }) =>
    troubles.map((trouble) => `${name} is ${trouble}`),
  );
  if (all.length === 0) return;
  const more = all.length > 3 ? ` and ${all.length - 3} more` : "";
  findings.against(`${all.slice(0, 3).join(", ")}${more}: its agents may be down, and are drawn as if they ran`);
}

function noteNamespaces(facts: Facts, findings: Findings): void {
  const { namespaces, pods } = facts;
  const missing = new Set<string>();
  const astray = new Map<string, string[]>();
  for (const [name, pod] of pods) {
    const namespace = name.slice(0, name.indexOf("/"));
    const known = namespaces.get(namespace);
    if (!known && namespaces.size > 0) missing.add(namespace);
    const wanted = pod.pools ?? known?.pools ?? [];
    if (wanted.length === 0 || pod.hostNetwork) continue;
    const networks = wanted.flatMap((pool) => facts.calico.pools.get(pool)?.cidr ?? Prefix.parse(pool) ?? []);
    const isOutside = pod.addresses.some((text) => {
      const ip = Ip.parse(text);
      const ofFamily = networks.filter(({ family }) => family === ip?.family);
      return ip !== undefined && ofFamily.length > 0 && !ofFamily.some((network) => network.contains(ip));
    });
    if (isOutside) astray.set(wanted.join(", "), [...(astray.get(wanted.join(", ")) ?? []), name]);
  }
  for (const [wanted, names] of astray) {
    const who = names.length === 1 ? `pod ${names[0]} has` : `${names.length} pods, ${names[0]} first, have`;
    findings.against(`${who} no address of ${wanted}, which an annotation names: it counts when a pod starts`);
  }
  const lost = [...missing].sort();
  if (lost.length > 0) {
    const shown = `${lost.slice(0, 3).join(", ")}${lost.length > 3 ? " …" : ""}`;
    findings.note(
      `there are pods in ${shown}, and no such Namespace: the objects are of different days, or not all here`,
    );
  }
  const going = [...namespaces].flatMap(([name, { isGoing }]) => (isGoing ? [name] : [])).sort();
  if (going.length > 0) findings.note(`Namespaces on the way out, with all that is in them: ${going.join(", ")}`);
}

function some(count: number, word: string): string {
  return count === 1 ? `1 ${word} is` : `${count} ${word}s are`;
}
