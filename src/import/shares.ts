import type { Prefix } from "../addr/prefix.ts";
import type { PodNetworks } from "./cluster.ts";
import type { Findings } from "./findings.ts";
import type { HostDraft } from "./hosts.ts";

/** Gives a free share to nodes that have none where others have: the loader's own choice might be somebody's. */
export function withShares(
  hosts: readonly HostDraft[],
  networks: PodNetworks,
  findings: Findings,
): readonly HostDraft[] {
  const taken = new Set(hosts.flatMap(({ shares, blocks }) => [...shares, ...blocks]).map(String));
  if (taken.size === 0) return hosts;
  const without: string[] = [];
  const next = new Map<4 | 6, number>();
  const sample = new Map(
    hosts.flatMap(({ shares, blocks }) => [...shares, ...blocks]).map((share) => [share.family, share]),
  );
  const drawn = hosts.map((host) => {
    const given = [...networks.whole].flatMap(([family, whole]): Prefix[] => {
      const length = sample.get(family)?.length;
      if (length === undefined || [...host.shares, ...host.blocks].some((share) => share.family === family)) return [];
      for (let k = next.get(family) ?? 1; k < 2 ** Math.min(30, length - whole.length); k++) {
        const free = whole.subnet(length, k);
        if (taken.has(free.toString()) || isInside(free, hosts)) continue;
        next.set(family, k + 1);
        return [free];
      }
      return [];
    });
    if (given.length > 0) without.push(host.name);
    return given.length === 0 ? host : { ...host, shares: [...host.shares, ...given] };
  });
  const some = `${without.slice(0, 3).join(", ")}${without.length > 3 ? " …" : ""}`;
  if (without.length > 0) {
    findings.assume(
      `${some} has a free share of the pods' network: no object gives it one`,
      "kubectl get nodes,blockaffinities -o yaml",
    );
  }
  return drawn;
}

/** Whether a share is a part of a longer or shorter one that somebody has. */
function isInside(free: Prefix, hosts: readonly HostDraft[]): boolean {
  return hosts.some(({ shares, blocks }) => [...shares, ...blocks].some((share) => share.overlaps(free)));
}
