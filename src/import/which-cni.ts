import type { Agent, Facts, Trace } from "./facts.ts";
import { CALICO, CANAL, CILIUM, FLANNEL, PRODUCTS, productOfAgent } from "./products.ts";

/** Which CNI carries the packets, why we think so, and what else was found. */
export interface Choice {
  /** The product; absent when nothing speaks for any. */
  readonly product?: string;
  readonly agent?: Agent;
  /** What speaks for it. */
  readonly evidence: readonly Trace[];
  /** What speaks for others: leftovers of a former CNI, or of one that only helps. */
  readonly others: readonly Trace[];
  /** Several products with equally good evidence. */
  readonly rivals: readonly string[];
}

/**
 * Looks for the CNI: a running agent beats objects, and objects beat what an agent once wrote into Nodes. A pod network
 * of 10.244.0.0/16 proves nothing.
 */
export function whichCni(facts: Facts): Choice {
  const traces = [...[...facts.agents.values()].flatMap(runningTrace), ...facts.traces];
  for (const kind of ["running", "configured", "annotated"] as const) {
    const found = new Set(traces.filter((trace) => trace.kind === kind).map(({ product }) => product));
    const [first, ...more] = carriers(found, facts);
    if (first === undefined) continue;
    const isOf = ({ product }: Trace) => product === first || alias(product, first);
    const agent = [...facts.agents.values()].find(({ name }) => productOfAgent(name)?.name === first);
    return {
      ...(more.length === 0 && { product: first }),
      ...(agent && { agent }),
      evidence: traces.filter(isOf),
      others: traces.filter((trace) => !isOf(trace)),
      rivals: more.length === 0 ? [] : [first, ...more],
    };
  }
  return { evidence: [], others: [], rivals: [] };
}

/** The products that could carry packets, most telling first; one that only enforces policy beside another is left out. */
function carriers(found: ReadonlySet<string>, facts: Facts): readonly string[] {
  const isBoth = found.has(CALICO) && (found.has(FLANNEL) || runsFlannel(facts));
  if (found.has(CANAL) || isBoth)
    return [CANAL, ...[...found].filter((name) => ![CANAL, CALICO, FLANNEL].includes(name))];
  // Calico beside a cloud's own CNI is there for its policies.
  const clouds = ["Amazon VPC CNI", "Azure CNI", "GKE's netd", "Terway"];
  if (clouds.some((name) => found.has(name))) return clouds.filter((name) => found.has(name));
  const all = PRODUCTS.map(({ name }) => name).filter((name) => found.has(name));
  // Chained behind another CNI, Cilium leaves the way to that.
  const isChained = facts.ciliumChaining !== undefined && all.length > 1;
  return isChained ? all.filter((name) => name !== CILIUM) : all;
}

/** Whether flanneld runs in the same pod as calico-node: that is Canal, flannel's routes with Calico's policies. */
function runsFlannel(facts: Facts): boolean {
  return [...facts.agents.values()].some(
    ({ name, containers }) => /^calico-node$/.test(name) && containers.some((each) => /flannel/.test(each)),
  );
}

/** Canal's traces are Flannel's and Calico's too. */
function alias(product: string, chosen: string): boolean {
  return chosen === CANAL && (product === FLANNEL || product === CALICO);
}

function runningTrace({ name, from, mark }: Agent): readonly Trace[] {
  const product = productOfAgent(name);
  return product ? [{ product: product.name, kind: "running", text: from, mark }] : [];
}
