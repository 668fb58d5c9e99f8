import type { CalicoSettings } from "../topology/topology.ts";

/** From v3.32 on pods' and BGP routes have metrics, and a set and a tier have other names. */
export function isModern(version: CalicoSettings["version"]): boolean {
  return version === "v3.32" || version === "v3.33";
}
