import { type Locate, loadTree } from "../topology/load.ts";
import { ROOT } from "../topology/marks.ts";
import type { Outcome, Problem } from "../topology/problem.ts";
import type { Topology } from "../topology/topology.ts";
import { conclude } from "./conclude.ts";
import type { Facts } from "./facts.ts";
import type { Findings } from "./findings.ts";
import { gather } from "./gather.ts";
import type { Input } from "./input.ts";
import { layOver } from "./overlay.ts";

/** How objects are read. */
export interface ImportOptions {
  /** The topology's name. */
  readonly name: string;
  /** Edits laid over the document before it is checked. */
  readonly set?: readonly string[];
  /**
   * What becomes of the mode. `needed`: it has to be found. `asked`: somebody asks what another mode would do, and it
   * matters to nobody. `open`: it is written down if it is found.
   */
  readonly mode: "needed" | "asked" | "open";
}

/** A topology made of objects, and what it rests on. */
export interface Imported {
  readonly topology: Topology;
  /** The document that the topology was read from. */
  readonly document: unknown;
  /** Where a path of the document stands in the objects. */
  readonly locate: Locate;
  /** Absent where there were no objects, only documents of our own laid over one another. */
  readonly findings?: Findings;
  /** Pods that are not on the network, by `namespace/name`, and why. */
  readonly absent: ReadonlyMap<string, string>;
}

/**
 * Turns Kubernetes objects into a topology, by way of a document of our own format that the loader then checks like any
 * other. Documents of our own format among the inputs are laid over it, in order.
 *
 * @param inputs JSON or YAML as `kubectl get` prints it: whole texts, or chunks of UTF-8 bytes, which are read once, in
 *   order, in memory that does not grow with their length; a chunk may be written over by the next one.
 * @returns The topology, with the mode that runs in `topology.cni.mode` and what speaks for and against it in `findings`;
 *   or every problem, each with file, line, column and path: objects that are malformed or contradict one another, no
 *   address at all (`no-nodes`, `redacted`), a CNI that is not modelled or not told (`no-mode`, unless `mode` says that
 *   it does not matter). Nothing is thrown for what stands in the inputs.
 * @see src/import/which-cni.ts for how the CNI is found; Kubernetes core/v1, flannel pkg/subnet/kube and Calico's
 *   api/pkg/apis/projectcalico/v3 for the fields.
 */
export async function importTopology(inputs: Iterable<Input>, options: ImportOptions): Promise<Outcome<Imported>> {
  const { facts, problems } = await gather(inputs);
  const first = facts.first ?? facts.overlays[0]?.marks.get(ROOT)?.get(0);
  if (problems.length > 0 || !first) return { ok: false, problems: problems.length > 0 ? problems : [NOTHING] };
  const [base, ...overlays] = facts.overlays;
  const findings = conclude(facts, first, { modeGiven: options.mode === "asked" });
  const read = facts.objects > 0 ? findings.draft.read : base;
  if (!read) return { ok: false, problems: [NOTHING] };
  for (const overlay of facts.objects > 0 ? facts.overlays : overlays) layOver(read, overlay);
  const refused = facts.objects > 0 ? refusals(findings, facts, options) : [];
  if (refused.length > 0) return { ok: false, problems: refused };
  const loaded = await loadTree({ file: options.name, ...options }, read, []);
  if (!loaded.ok) return loaded;
  const assumptions =
    facts.objects > 0 ? [...findings.assumptions, ...loaded.value.assumptions] : loaded.value.assumptions;
  const topology = { ...loaded.value, assumptions };
  const { locate } = loaded;
  const value = { topology, document: read.tree, locate, absent: facts.absent };
  return { ok: true, value: facts.objects > 0 ? { ...value, findings } : value };
}

const NODES = "kubectl get nodes,pods -A -o yaml prints some";
const NOTHING: Problem = { code: "no-objects", message: "there are no objects in this", hint: NODES };

/** Why there can be no answer: no addresses, or no mode. */
function refusals(findings: Findings, facts: Facts, { mode }: ImportOptions): readonly Problem[] {
  const problems: Problem[] = [];
  if (findings.refusal && (mode === "needed" || findings.hosts === 0))
    problems.push({ code: "no-mode", ...findings.refusal });
  if (findings.hosts > 0) return problems;
  if (facts.redacted) {
    const { place, count } = facts.redacted;
    const message = `${count} addresses are redacted, this one first, and no node is left with one`;
    problems.push({
      code: "redacted",
      message,
      place,
      hint: "collect them without redaction, then `cni-trace import --redact`",
    });
  } else problems.push({ code: "no-nodes", message: "no Node and no Pod in this has an address", hint: NODES });
  return problems;
}
