import type { Expectation, PairsExpectation } from "../expect/expectation.ts";
import type { Pod, Topology } from "../topology/topology.ts";
import type { PairOptions } from "./pair-classes.ts";

/**
 * The ordered pairs that none of some expectations is about: parts that do not overlap, each from some pods to some.
 * Without expectations about pairs that is one part with all of them.
 */
export function unnamed(
  expectations: readonly Expectation[],
  { hosts, pods }: Topology,
  counts: (expectation: PairsExpectation) => boolean = () => true,
): readonly PairOptions[] {
  const about = expectations.flatMap((each) => (each.kind === "pairs" && counts(each) ? [each] : []));
  if (about.length === 0) return [{}];
  // Senders that the same expectations are about may all send to the same pods.
  const senders = new Map<string, string>();
  const kinds = new Map<string, readonly PairsExpectation[]>();
  for (const host of hosts.keys()) {
    for (const pod of pods.on(host)) {
      const own = about.filter((each) => each.from(pod));
      const kind = own.map((each) => about.indexOf(each)).join();
      senders.set(pod.name, kind);
      if (!kinds.has(kind)) kinds.set(kind, own);
    }
  }
  return [...kinds].map(([kind, own]) => ({
    from: (pod: Pod) => senders.get(pod.name) === kind,
    to: (pod: Pod) => !own.some((each) => each.to(pod)),
  }));
}
