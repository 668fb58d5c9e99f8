import type { Network } from "../../kernel/network.ts";
import { buildNetwork } from "../../modes/build.ts";
import { SECTIONS, type Section, type TablesOptions, tablesLines } from "../../render/tables.ts";
import { nearest } from "../../topology/nearest.ts";
import type { Outcome, Problem } from "../../topology/problem.ts";
import { complain } from "../complain.ts";
import type { Io } from "../io.ts";
import { findNetns } from "../place.ts";
import type { Run } from "../run.ts";
import { readWorld } from "../world.ts";

/** Where the writers stand on a terminal of 80 columns. */
const WRITERS = 64;

/** As much text as is handed over at once: the tables of a large cluster are never held. */
const BATCH = 64 * 1024;

/** `tables [PLACE…]`: what machines and pods hold, in commands that can be pasted; without a place, all of them. */
export const tables: Run = async (places, flags, io) => {
  const only = readSections(flags.only);
  const world = await readWorld(flags, io, { places, others: only.ok ? [] : only.problems });
  if (!world.ok || !only.ok) return complain(world.ok ? [] : world.problems, io);
  const { topology, modes, faults } = world.value;
  const names: string[] = [];
  for (const place of places) {
    const found = findNetns(topology, place);
    if (!found.ok) return complain(found.problems, io);
    names.push(found.value);
  }
  const options: TablesOptions = {
    detail: flags.verbose ? "all" : "written",
    columns: WRITERS,
    ...(only.value.length > 0 && { only: only.value }),
  };
  for (const mode of modes) {
    const built = buildNetwork(topology, mode, faults);
    if (!built.ok) return complain(built.problems, io);
    if (!writeLines(linesOf(built.value, names, options), io)) break;
  }
  return 0;
};

function* linesOf(network: Network, names: readonly string[], options: TablesOptions): Generator<string> {
  yield `# ${network.topology}, ${network.mode}`;
  for (const name of names.length > 0 ? new Set(names) : network.names()) {
    const netns = network.netns(name);
    if (!netns) throw new Error(`there is no namespace ${name} in ${network.topology}`);
    yield "";
    yield* tablesLines(netns, options);
  }
}

/** False once nobody reads any more. */
function writeLines(lines: Iterable<string>, io: Io): boolean {
  let text = "";
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < BATCH) continue;
    if (!io.write(text)) return false;
    text = "";
  }
  return io.write(text);
}

function readSections(list: string | undefined): Outcome<readonly Section[]> {
  const sections: Section[] = [];
  const problems: Problem[] = [];
  for (const word of list === undefined ? [] : list.split(",")) {
    const section = SECTIONS.find((each) => each === word.trim());
    if (section) sections.push(section);
    else problems.push(noSection(word.trim()));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: sections };
}

function noSection(word: string): Problem {
  const meant = nearest(word, SECTIONS);
  const hint = meant === undefined ? `there are ${SECTIONS.join(", ")}` : `did you mean ${meant}?`;
  return { code: "usage", message: `--only does not take ${word === "" ? "an empty word" : word}`, hint };
}
