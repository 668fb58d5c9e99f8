import type { Mode } from "../modes/mode.ts";
import { findMode } from "../modes/registry.ts";
import { parseFault } from "../topology/faults.ts";
import { LIMITS } from "../topology/limits.ts";
import { loadTopology } from "../topology/load.ts";
import { nearest } from "../topology/nearest.ts";
import type { Outcome, Problem } from "../topology/problem.ts";
import type { Fault, Topology } from "../topology/topology.ts";
import { note } from "./complain.ts";
import type { Flags } from "./flags.ts";
import type { Io, Reading } from "./io.ts";
import { findPlace } from "./place.ts";

/** The topology and the modes that a question is about, and what is broken first. */
export interface World {
  readonly topology: Topology;
  /** The topology file as it was written. */
  readonly text: string;
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
  const loaded = await readTopology(flags.topology, flags, io);
  const modes = readModes(flags.mode);
  const problems = [...(loaded.ok ? [] : loaded.problems), ...(modes.ok ? [] : modes.problems), ...others];
  if (!loaded.ok) return { ok: false, problems };
  const { topology, text } = loaded.value;
  const faults: Fault[] = [];
  for (const text of flags.fault ?? []) {
    const fault = parseFault(text, topology);
    if (fault.ok) faults.push(fault.value);
    else problems.push(...fault.problems);
  }
  for (const place of places) {
    const found = findPlace(topology, place);
    if (!found.ok) problems.push(...found.problems);
  }
  if (!modes.ok || problems.length > 0) return { ok: false, problems };
  const chosen = modes.value.length > 0 ? modes : ownMode(topology);
  if (!chosen.ok) return chosen;
  if (!flags.quiet) noteAssumed(flags, topology, chosen.value, io);
  return { ok: true, value: { topology, text, modes: chosen.value, faults } };
}

/** Reads one topology: a file, `-` for standard input, or the name of a packaged one. */
async function readTopology(
  word: string | undefined,
  { set = [] }: Pick<Flags, "set">,
  io: Io,
): Promise<Outcome<Pick<World, "topology" | "text">>> {
  const source = open(word ?? DEFAULT_TOPOLOGY, io);
  if (!source.reading.ok) return { ok: false, problems: [unreadable(source.file, source.reading.why, io)] };
  const { file, name, reading } = source;
  const { text } = reading;
  const loaded = await loadTopology({ text, file, set, ...(name !== undefined && { name }) });
  return loaded.ok ? { ok: true, value: { topology: loaded.value, text } } : loaded;
}

interface Source {
  /** As problems name it. */
  readonly file: string;
  readonly name?: string;
  readonly reading: Reading;
}

/** A packaged name wins over a file of that name, which `./name` still reaches. */
function open(word: string, io: Io): Source {
  if (word === "-") return { file: "stdin", name: "stdin", reading: io.readStdin(MOST_BYTES) };
  const packaged = /^[-a-z0-9]+$/.test(word) ? io.packaged.read(word) : undefined;
  if (packaged?.ok) return { file: `topologies/${word}.yaml`, name: word, reading: packaged };
  return { file: word, reading: io.read(word, MOST_BYTES) };
}

/** No text within the limit of characters is longer in UTF-8. */
const MOST_BYTES = LIMITS.json * 3;

function unreadable(file: string, why: string, io: Io): Problem {
  const names = io.packaged.names();
  const isPath = /[/\\.]/.test(file);
  const meant = nearest(file.replace(/\.ya?ml$/, ""), names);
  const hint = meant !== undefined ? `did you mean the packaged ${meant}?` : `packaged are ${names.join(", ")}`;
  const message = `${file === "" ? "an empty name" : file} cannot be read: ${why}`;
  return { code: "unreadable", message, ...((meant !== undefined || !isPath) && { hint }) };
}

/** The modes of a list with commas, each once, in the order given; empty when nothing was given. */
function readModes(list: string | undefined): Outcome<readonly Mode[]> {
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
  const running = own === undefined ? undefined : findMode(own);
  if (!running?.ok) return;
  for (const mode of modes) {
    if (mode.family === running.value.family) continue;
    note(`${topology.name} says it runs ${own}; ${mode.name} is of another family`, io);
  }
}
