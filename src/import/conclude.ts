import type { Prefix } from "../addr/prefix.ts";
import type { Mark } from "../topology/marks.ts";
import { calicoCarrier } from "./calico.ts";
import type { Carrier } from "./carrier.ts";
import { clusterNetworks } from "./cluster.ts";
import type { Facts } from "./facts.ts";
import { Findings } from "./findings.ts";
import { flannelCarrier } from "./flannel.ts";
import { allNodes, type HostDraft, writeHosts } from "./hosts.ts";
import { writePods } from "./pods.ts";
import { CALICO, CANAL, CILIUM, FLANNEL, PRODUCTS } from "./products.ts";
import { keepRest, noteRest } from "./rest.ts";
import { withShares } from "./shares.ts";
import { drawUnderlay } from "./underlay.ts";
import { type Choice, whichCni } from "./which-cni.ts";

/** Draws a topology from what the objects have said. */
export function conclude(facts: Facts, mark: Mark, asked: { readonly modeGiven: boolean }): Findings {
  const findings = new Findings(mark);
  const choice = whichCni(facts);
  const carrier = carrierOf(facts, choice, findings, asked);
  const nodes = allNodes(facts, findings);
  const known = nodes.map((node) => carrier.host(node)).filter(({ addresses }) => addresses.length > 0);
  const homeless = nodes.length - known.length;
  if (homeless > 0) findings.note(`${homeless} Nodes are left out: they have no InternalIP`);
  findings.hosts = known.length;
  const networks = clusterNetworks(carrier.networks, carrier, facts, findings);
  const { speakers, outsiders } = carrier.peering(known);
  const hosts = withShares(known, networks, findings).map((host) => {
    const bgp = speakers.get(host.name);
    return bgp ? { ...host, bgp } : host;
  });
  const underlay = drawUnderlay({ standings: hosts, outsiders, pods: networks.all }, facts, findings);
  writeHosts(
    hosts.map((host) => withMasks(host, underlay)),
    networks,
    findings,
  );
  writePods(facts, new Set(hosts.map(({ name }) => name)), networks, findings);
  noteRest(facts, choice, findings);
  keepRest(facts, findings);
  return findings;
}

/** A node whose agent has recorded another mask than that of the network it stands on: CrossSubnet goes by the former. */
function withMasks(host: HostDraft, underlay: readonly Prefix[]): HostDraft {
  const odd = host.networks.flatMap((network): [string, string][] => {
    const ip = host.nodeIPs.concat(host.addresses).find((own) => network.contains(own));
    const around = ip && underlay.find((cidr) => cidr.contains(ip));
    const key = network.family === 4 ? "ipv4Address" : "ipv6Address";
    return !around || around.length === network.length ? [] : [[key, `${ip}/${network.length}`]];
  });
  if (odd.length === 0) return host;
  return { ...host, recorded: { ...host.recorded, calico: { ...Object.fromEntries(odd), ...host.recorded.calico } } };
}

/** What a CNI's own objects say; of one that is not modelled, or not known, only what Nodes say themselves. */
function carrierOf(facts: Facts, choice: Choice, findings: Findings, asked: { readonly modeGiven: boolean }): Carrier {
  const { product, rivals, evidence } = choice;
  if (product === FLANNEL || product === CANAL) return flannelCarrier(facts, choice, findings);
  if (product === CALICO) return calicoCarrier(facts, choice, findings, asked);
  if (rivals.length > 0) {
    const found = rivals.map((name) => `${name} (${textOf(name, facts)})`).join(" and ");
    const message = `there are traces of ${found}, and nothing says which of them carries packets`;
    findings.unclear(message, "add `kubectl get ds,pods -n kube-system -o yaml`");
  } else if (product === undefined) {
    findings.unclear("nothing in these objects says which CNI runs", "add `kubectl get nodes,ds,cm -A -o yaml`");
  } else {
    const details = facts.details.get(product) ?? [];
    const about = PRODUCTS.find(({ name }) => name === product)?.known ?? "";
    const known = details.length === 0 ? about : `${about}; here ${details.join(", ")}`;
    findings.refuse(`${product}${evidence[0] ? ` (${evidence[0].text})` : ""}`, known);
  }
  return plainCarrier(product === CILIUM ? facts.ciliumShares : new Map(), findings);
}

/** Nodes as they describe themselves, but for the shares of the pods' network that somebody else gives them. */
const plainCarrier = (shares: ReadonlyMap<string, readonly Prefix[]>, { mark }: Findings): Carrier => ({
  networks: [...shares].flatMap(([name, all]) => all.map((value) => ({ value, from: `CiliumNode ${name}`, mark }))),
  pooled: false,
  host: ({ name, from, mark, addresses, podCIDRs }) => ({
    name,
    from,
    mark,
    addresses,
    networks: [],
    nodeIPs: [],
    shares: shares.get(name) ?? podCIDRs.map(({ value }): Prefix => value),
    blocks: [],
    macs: {},
    labels: {},
    recorded: {},
  }),
  peering: () => ({ speakers: new Map(), outsiders: [] }),
});

function textOf(product: string, facts: Facts): string {
  return facts.traces.find((trace) => trace.product === product)?.text ?? "its agent runs";
}
