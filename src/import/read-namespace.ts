import type { Facts } from "./facts.ts";
import type { Field } from "./field.ts";
import { jsonOf } from "./inner.ts";
import { nameOf } from "./name.ts";

/** A Namespace: its labels wait for NetworkPolicies, which select by them. */
export function readNamespace(body: Field, facts: Facts): void {
  const name = nameOf(body);
  if (name === undefined) return;
  const labels = body.at("metadata", "labels").map().length;
  const isGoing = body.at("status", "phase").text() === "Terminating";
  facts.namespaces.set(name, { pools: poolsOf(body), labels, isGoing });
}

/**
 * The pools that Calico's plugin takes an address from, by name or network: those of the pod, else those of its namespace
 * (projectcalico/calico cni-plugin/pkg/k8s/k8s.go). An annotation counts when a pod starts, and not any more afterwards.
 */
export function poolsOf(body: Field): readonly string[] {
  const annotations = body.at("metadata", "annotations");
  if (annotations.isAbsent) return [];
  return ["ipv4pools", "ipv6pools"].flatMap((key) =>
    (jsonOf(annotations.get(`cni.projectcalico.org/${key}`))?.list() ?? []).flatMap((pool) => pool.text() ?? []),
  );
}
