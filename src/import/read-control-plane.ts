import { Prefix, parseWithLength } from "../addr/prefix.ts";
import type { Facts } from "./facts.ts";
import type { Field } from "./field.ts";

/** The pods' and the services' networks from the command lines of a control plane that runs as pods. */
export function readControlPlane(spec: Field, from: string, facts: Facts): void {
  for (const container of spec.get("containers").list()) {
    const name = container.get("name").text() ?? "";
    if (!/^kube-(?:controller-manager|apiserver)$/.test(name)) continue;
    for (const word of [...container.get("command").list(), ...container.get("args").list()]) {
      const [, flag, value = ""] = /^--(cluster-cidr|service-cluster-ip-range)=(.*)$/.exec(word.text() ?? "") ?? [];
      if (flag === undefined) continue;
      const found = flag === "cluster-cidr" ? facts.podCIDRs : facts.serviceCIDRs;
      for (const prefix of prefixesOf(value)) found.push({ value: prefix, from: `${from} --${flag}`, mark: word.mark });
    }
  }
}

/** Networks with commas between them; a text that is none says nothing. */
export function prefixesOf(text: string): readonly Prefix[] {
  return text.split(",").flatMap((word) => {
    const parsed = parseWithLength(word.trim());
    return parsed && word.includes("/") ? [Prefix.of(parsed.ip, parsed.length)] : [];
  });
}
