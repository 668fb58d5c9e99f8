import type { Ip } from "../addr/ip.ts";
import { parseMac } from "../addr/mac.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Fact, Facts, FlannelNode, NodeFact } from "./facts.ts";
import type { Field } from "./field.ts";
import { jsonOf } from "./inner.ts";
import { leaveOut } from "./left-out.ts";
import { isOneTooMany } from "./most.ts";
import { complainTwice, nameOf } from "./name.ts";
import { FLANNEL } from "./products.ts";
import { readCalicoAnnotations } from "./read-calico-node.ts";
import { readCiliumAnnotations } from "./read-cilium.ts";

/** A Node of Kubernetes: its addresses, its share of the pods' network, and what agents have written into it. */
export function readNode(body: Field, facts: Facts): void {
  const name = nameOf(body);
  if (name === undefined) return;
  const annotations = body.at("metadata", "annotations");
  const from = `Node ${name}`;
  const flannel = flannelOf(annotations, facts);
  const addresses = body.at("status", "addresses").list();
  if (addresses.some((address) => address.get("type").text() === "ExternalIP"))
    leaveOut("Node ExternalIP", "only who is outside sends to it", false, facts);
  const troubles = troublesOf(body.at("status", "conditions"));
  const fact: NodeFact = {
    name,
    from,
    mark: body.mark,
    addresses: addresses
      .filter((address) => address.get("type").text() === "InternalIP")
      .flatMap((address) => address.get("address").ip() ?? []),
    podCIDRs: podCIDRs(body.get("spec"), from),
    labels: body.at("metadata", "labels").texts(),
    ...(flannel && { flannel }),
    ...(troubles.length > 0 && { troubles }),
  };
  const before = facts.nodes.get(name);
  if (before?.from === from && !isSame(before, fact)) {
    complainTwice(body, from, before.mark);
    return;
  }
  if (!before && isOneTooMany("node", facts.nodes.size, body)) return;
  facts.nodes.set(name, { ...fact, labels: { ...before?.labels, ...fact.labels } });
  readCalicoAnnotations(name, annotations, facts);
  readCiliumAnnotations(name, annotations, facts);
  if (flannel) {
    const text = `Node annotations: backend-type ${flannel.type === "" ? '""' : flannel.type}`;
    facts.trace({ product: FLANNEL, kind: "annotated", text, mark: flannel.mark });
  }
}

/** Whether two readings of an object say the same, wherever they stand. */
function isSame(one: NodeFact, other: NodeFact): boolean {
  const plain = (fact: NodeFact) => JSON.stringify(fact, (key, value) => (key === "mark" ? undefined : value));
  return plain(one) === plain(other);
}

/** Conditions of a node that cannot take part: the kubelet's own, and the one that agents and clouds set until there are routes. */
function troublesOf(conditions: Field): readonly string[] {
  return conditions.list().flatMap((condition) => {
    const [type, status, reason] = ["type", "status", "reason"].map((key) => condition.get(key).text());
    const isBad = (type === "Ready" && status !== "True") || (type === "NetworkUnavailable" && status === "True");
    const word = type === "Ready" ? "NotReady" : type;
    return isBad ? [reason === undefined || reason === "" ? `${word}` : `${word} (${reason})`] : [];
  });
}

function podCIDRs(spec: Field, from: string): readonly Fact<Prefix>[] {
  const several = spec.get("podCIDRs").list();
  const fields = several.length > 0 ? several : [spec.get("podCIDR")];
  return fields.flatMap((field) => {
    const value = field.prefix();
    return value ? [{ value, from: `${from} spec.podCIDR`, mark: field.mark }] : [];
  });
}

/**
 * flanneld's annotations, under whatever prefix `--kube-annotation-prefix` gave them: a prefix with a slash inside gets a
 * dash behind it (flannel pkg/subnet/kube/annotations.go `newAnnotations`).
 */
function flannelOf(annotations: Field, facts: Facts): FlannelNode | undefined {
  const manager = annotations.map().find(([key]) => /[/-]kube-subnet-manager$/.test(key));
  if (manager?.[1].text() !== "true") return undefined;
  const [key, field] = manager;
  const prefix = key.slice(0, -"kube-subnet-manager".length);
  const get = (word: string) => annotations.get(`${prefix}${word}`);
  const v4 = jsonOf(get("backend-data"));
  const v6 = jsonOf(get("backend-v6-data"));
  if (v4 && !v4.get("PublicKey").isAbsent) leaveOut("Node PublicKey", "keys follow from names", false, facts);
  const vni = v4?.get("VNI").number();
  const vtepMAC = v4 && macOf(v4.get("VtepMAC"));
  const vtepMACv6 = v6 && macOf(v6.get("VtepMAC"));
  return {
    mark: field.mark,
    type: get("backend-type").text() ?? "",
    publicIPs: ips(get("public-ip"), get("public-ipv6")),
    overwrites: ips(get("public-ip-overwrite"), get("public-ipv6-overwrite")),
    ...(vni !== undefined && { vni }),
    ...(vtepMAC !== undefined && { vtepMAC }),
    ...(vtepMACv6 !== undefined && { vtepMACv6 }),
  };
}

function ips(...fields: readonly Field[]): readonly Ip[] {
  return fields.flatMap((field) => field.ip() ?? []);
}

function macOf(field: Field): string | undefined {
  const text = field.text();
  const mac = text === undefined ? undefined : parseMac(text);
  if (text !== undefined && mac === undefined) field.complain("bad-mac", `${text} is not a MAC address`);
  return mac;
}
