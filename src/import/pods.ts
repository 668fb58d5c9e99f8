import { Ip } from "../addr/ip.ts";
import type { PodNetworks } from "./cluster.ts";
import type { Facts } from "./facts.ts";
import type { Findings } from "./findings.ts";

/** Writes the pods with the addresses they have, and says which were left out and why. */
export function writePods(facts: Facts, hosts: ReadonlySet<string>, networks: PodNetworks, findings: Findings): void {
  for (const [name, { host, addresses, labels, hostNetwork, mark }] of facts.pods) {
    if (!hosts.has(host)) {
      facts.absent.set(name, "its node has no known address");
      continue;
    }
    const astray = addresses.find((text) => !isInside(text, networks));
    if (astray !== undefined) {
      facts.absent.set(
        name,
        `its address ${astray} is not in the pods' network: left over from another CNI, until it is restarted`,
      );
      continue;
    }
    const [only, ...more] = addresses;
    const long = {
      host,
      ...(hostNetwork && { hostNetwork }),
      ...(only !== undefined && { address: more.length === 0 ? only : addresses }),
      ...(Object.keys(labels).length > 0 && { labels }),
    };
    findings.put(["pods", name.replace(/^default\//, "")], Object.keys(long).length === 1 ? host : long, mark);
  }
  for (const [why, names] of byReason(facts.absent)) {
    const some = names.slice(0, 3).join(", ");
    const what =
      names.length === 1
        ? `pod ${some} is left out`
        : `${names.length} pods are left out, ${some}${names.length > 3 ? " …" : ""}`;
    findings.note(`${what}: ${why}`);
  }
}

function isInside(text: string, { all }: PodNetworks): boolean {
  const ip = Ip.parse(text);
  return ip !== undefined && (all.length === 0 || all.some((network) => network.contains(ip)));
}

function byReason(absent: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> {
  const reasons = new Map<string, string[]>();
  for (const [name, why] of absent) {
    const plain = why.replace(/its address \S+ is/, "addresses are");
    const names = reasons.get(plain);
    if (names) names.push(name);
    else reasons.set(plain, [name]);
  }
  return reasons;
}
