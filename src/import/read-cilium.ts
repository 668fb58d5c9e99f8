import type { Prefix } from "../addr/prefix.ts";
import type { Facts } from "./facts.ts";
import type { Field } from "./field.ts";
import { nameOf } from "./name.ts";
import { CILIUM } from "./products.ts";

/** A CiliumNode: with cluster-pool IPAM its networks are not those of the Node, which may have some and not use them. */
export function readCiliumNode(body: Field, facts: Facts): void {
  const name = nameOf(body);
  const fields = body.at("spec", "ipam", "podCIDRs").list();
  if (name !== undefined) add(name, fields, facts);
}

/** What the agent has written into its Node: under the second names up to Cilium 1.13. */
export function readCiliumAnnotations(name: string, annotations: Field, facts: Facts): void {
  if (annotations.isAbsent || facts.ciliumShares.has(name)) return;
  const fields = ["network.cilium.io/ipv4-pod-cidr", "io.cilium.network.ipv4-pod-cidr"].map((key) =>
    annotations.get(key),
  );
  const [first] = fields.filter((field) => !field.isAbsent);
  if (!first) return;
  facts.trace({ product: CILIUM, kind: "annotated", text: "Node annotations …ipv4-pod-cidr", mark: first.mark });
  add(name, [first], facts);
}

function add(name: string, fields: readonly Field[], facts: Facts): void {
  const shares = fields.flatMap((field): Prefix[] => [field.prefix()].filter((share) => share !== undefined));
  if (shares.length > 0) facts.ciliumShares.set(name, shares);
}
