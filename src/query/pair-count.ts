/** How two pods stand to one another: on one host, on two hosts of a site, or in two sites. */
export type Relation = "host" | "site" | "far";
export const RELATIONS: readonly Relation[] = ["host", "site", "far"];

/** Pods counted, altogether and by site. */
export interface Tally {
  total: number;
  readonly perSite: Map<number, number>;
}

/** A kind of pods, as far as it is counted: those that send and those that are sent to, by host and by site. */
interface Counted {
  readonly groups: ReadonlyMap<string, { readonly from: readonly string[]; readonly to: readonly string[] }>;
  readonly from: Tally;
  readonly to: Tally;
  /** How many are among both. */
  readonly both: number;
}

/** How many ordered pairs two kinds of pods make, in each relation; a pod makes none with itself. */
export function countsOf(from: Counted, to: Counted): Readonly<Record<Relation, number>> {
  let host = 0;
  let site = 0;
  for (const [name, group] of from.groups) host += group.from.length * (to.groups.get(name)?.to.length ?? 0);
  for (const [index, pods] of from.from.perSite) site += pods * (to.to.perSite.get(index) ?? 0);
  const far = from.from.total * to.to.total - site;
  return { host: from === to ? host - from.both : host, site: site - host, far };
}

export function noTally(): Tally {
  return { total: 0, perSite: new Map() };
}

export function tally(into: Tally, site: number, pods: number): void {
  into.total += pods;
  into.perSite.set(site, (into.perSite.get(site) ?? 0) + pods);
}
