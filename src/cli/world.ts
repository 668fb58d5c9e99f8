import type { Mode } from "../modes/mode.ts";
import { findMode } from "../modes/registry.ts";
import { parseFault } from "../topology/faults.ts";
import type { Locate } from "../topology/load.ts";
import type { Outcome, Problem } from "../topology/problem.ts";
import type { Fault, Topology } from "../topology/topology.ts";
import { note } from "./complain.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { findPlace } from "./place.ts";
import { readTopology } from "./read-topology.ts";

/** The topology and the modes that a question is about, and what is broken first. */
export interface World {
  readonly topology: Topology;
  /** The topology file as it was written, or as it was made of objects. */
  readonly document: () => string;
  /** Where a path of it stands. */
  readonly locate: Locate;
  readonly modes: readonly Mode[];
  readonly faults: readonly Fault[];
}

const DEFAULT_TOPOLOGY = "two-nodes";
const DEFAULT_MODE = "flannel-vxlan";

/**
 * Reads `--topology`, `--set`, `--mode` and `--fault`. What is wrong with any of them comes together with `others`, what
 * is wrong with the rest of the command line, and with `places` that the topology does not have. What was left out and is
 * assumed instead is noted on standard error.
 */
export async function readWorld(
  flags: Flags,
  io: Io,
  { places, others }: { readonly places: readonly string[]; readonly others: readonly Problem[] },
): Promise<Outcome<World>> {
  const [word = DEFAULT_TOPOLOGY, ...more] = flags.topology ?? [];
  const loaded = await readTopology([word, ...more], flags, io);
  const modes = readModes(flags.mode);
  const problems = [...(loaded.ok ? [] : loaded.problems), ...(modes.ok ? [] : modes.problems), ...others];
  if (!loaded.ok) return { ok: false, problems };
  const { topology, document, locate, absent } = loaded.value;
  const faults: Fault[] = [];
  for (const text of flags.fault ?? []) {
    const fault = parseFault(text, topology);
    if (fault.ok) faults.push(fault.value);
    else problems.push(...fault.problems);
  }
  for (const place of places) {
    const found = findPlace(topology, place);
    if (!found.ok) problems.push(...(whyAbsent(place, absent) ?? found.problems));
  }
  if (!modes.ok || problems.length > 0) return { ok: false, problems };
  const chosen = modes.value.length > 0 ? modes : ownMode(topology);
  if (!chosen.ok) return chosen;
  if (!flags.quiet) noteAssumed(flags, topology, chosen.value, io);
  return { ok: true, value: { topology, document, locate, modes: chosen.value, faults } };
}

/** A pod that objects tell of, and that is not on the network. */
function whyAbsent(place: string, absent: ReadonlyMap<string, string> = new Map()): readonly Problem[] | undefined {
  const name = place.replace(/^pod:/, "");
  const why = absent.get(name.includes("/") ? name : `default/${name}`);
  return why === undefined ? undefined : [{ code: "pod-absent", message: `pod ${name} is not on the network: ${why}` }];
}

/** The modes of a list with commas, each once, in the order given; empty when nothing was given. */
export function readModes(list: string | undefined): Outcome<readonly Mode[]> {
  const found = new Set<Mode>();
  const problems: Problem[] = [];
  for (const word of list === undefined ? [] : list.split(",")) {
    const mode = findMode(word.trim());
    if (mode.ok) found.add(mode.value);
    else problems.push(...mode.problems);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: [...found] };
}

function ownMode(topology: Topology): Outcome<readonly Mode[]> {
  const mode = findMode(topology.cni.mode ?? DEFAULT_MODE);
  return mode.ok ? { ok: true, value: [mode.value] } : mode;
}

function noteAssumed(flags: Flags, topology: Topology, modes: readonly Mode[], io: Io): void {
  const own = topology.cni.mode;
  if (flags.topology === undefined) note(`no --topology, using packaged ${topology.name}`, io);
  if (flags.mode === undefined) {
    note(`no --mode, using ${modes[0]?.name}${own === undefined ? "" : `, which ${topology.name} says it runs`}`, io);
  }
  // Who asks about both families at once knows that one of them does not run.
  if (new Set(modes.map(({ family }) => family)).size > 1) return;
  const running = own === undefined ? undefined : findMode(own);
  if (!running?.ok) return;
  for (const mode of modes) {
    if (mode.family === running.value.family) continue;
    note(`${topology.name} says it runs ${own}; ${mode.name} is of another family`, io);
  }
}
