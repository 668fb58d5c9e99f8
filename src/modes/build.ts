import type { Network } from "../kernel/network.ts";
import type { Outcome, Problem } from "../topology/problem.ts";
import type { Topology } from "../topology/topology.ts";
import type { Change } from "./faults.ts";
import { routersOf, writtenRoutes } from "./gateways.ts";
import { LazyNetwork } from "./lazy-network.ts";
import type { Mode } from "./mode.ts";
import { findMode } from "./registry.ts";
import type { BgpView, Routing } from "./routing.ts";
import { Underlay } from "./underlay.ts";

/** A network made from a topology, with what its agents say to one another. */
export interface ModelNetwork extends Network {
  readonly routing: Routing;
}

/**
 * The network of a topology as a mode's agents would program it, then with its faults and `changes` done to it.
 *
 * Machines are built when one of their namespaces is asked for, and only those asked for lately are kept; those that are
 * changed are built at once, so that a change that cannot be made is a problem here.
 */
export function buildNetwork(topology: Topology, mode: Mode, changes: readonly Change[] = []): Outcome<ModelNetwork> {
  const unsupported = [...unsupportedFamilies(topology, mode), ...(mode.unfit?.(topology) ?? [])];
  if (unsupported.length > 0) return { ok: false, problems: unsupported };
  const routers = routersOf(topology);
  const written = writtenRoutes(topology, routers);
  if (!written.ok) return written;
  const network = new LazyNetwork(new Underlay(topology, routers, written.value), mode);
  const problems = [...topology.faults, ...changes].flatMap((change) => network.change(change) ?? []);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: network };
}

/** The network of a topology in the mode that a word means. */
export function networkOf(topology: Topology, word: string, changes: readonly Change[] = []): Outcome<ModelNetwork> {
  const mode = findMode(word);
  return mode.ok ? buildNetwork(topology, mode.value, changes) : mode;
}

/** The BGP daemons of a host or router, by its name; none where nothing speaks BGP. */
export function bgpView(network: ModelNetwork, machine: string): readonly BgpView[] {
  return network.routing.views(machine);
}

/** Pod networks of a family that the mode has nothing for. */
function unsupportedFamilies(topology: Topology, mode: Mode): readonly Problem[] {
  return mode
    .networks(topology)
    .filter((prefix) => !mode.families.includes(prefix.family))
    .map((prefix) => ({
      code: "UNSUPPORTED",
      message: `${mode.name} carries no IPv${prefix.family}, and the pod network ${prefix} is IPv${prefix.family}`,
      hint: "leave that pod network out, or take a mode that has it",
    }));
}
