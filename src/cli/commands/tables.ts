import type { Netns } from "../../kernel/netns.ts";
import type { Network } from "../../kernel/network.ts";
import { buildNetwork } from "../../modes/build.ts";
import { SECTIONS, type Section, type TablesOptions, tablesLines } from "../../render/tables.ts";
import { netnsJson, tablesJson } from "../../render/tables-json.ts";
import { nearest } from "../../topology/nearest.ts";
import type { Outcome, Problem } from "../../topology/problem.ts";
import { notAmong } from "../ask.ts";
import { FORMATS } from "../choices.ts";
import { complain } from "../complain.ts";
import { findNetns } from "../place.ts";
import type { Run } from "../run.ts";
import { readWorld } from "../world.ts";
import { writeLines } from "../write-lines.ts";

/** Where the writers stand on a terminal of 80 columns. */
const WRITERS = 64;

/** `tables [PLACE…]`: what machines and pods hold, in commands that can be pasted; without a place, all of them. */
export const tables: Run = async (places, flags, io) => {
  const only = readSections(flags.only);
  const others = [...(only.ok ? [] : only.problems), ...notAmong("--format", flags.format, FORMATS)];
  const world = await readWorld(flags, io, { places, others });
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
    const lines = flags.format === "json" ? jsonLines(built.value, names) : linesOf(built.value, names, options);
    if (!writeLines(lines, io)) break;
  }
  return 0;
};

function* linesOf(network: Network, names: readonly string[], options: TablesOptions): Generator<string> {
  yield `# ${network.topology}, ${network.mode}`;
  for (const netns of chosen(network, names)) {
    yield "";
    yield* tablesLines(netns, options);
  }
}

/** One document, a line for each namespace, so that those of a large cluster are never held together. */
function* jsonLines(network: Network, names: readonly string[]): Generator<string> {
  const { namespaces: _, ...head } = tablesJson(network, []);
  yield `${JSON.stringify(head).slice(0, -1)},"namespaces":[`;
  let before: string | undefined;
  for (const netns of chosen(network, names)) {
    if (before !== undefined) yield `${before},`;
    before = JSON.stringify(netnsJson(netns));
  }
  if (before !== undefined) yield before;
  yield "]}";
}

function* chosen(network: Network, names: readonly string[]): Generator<Netns> {
  let last = "";
  for (const name of names.length > 0 ? new Set(names) : network.names()) {
    // Pods follow their host.
    if (!name.startsWith("pod/")) {
      network.forget?.(last);
      last = name;
    }
    const netns = network.netns(name);
    if (!netns) throw new Error(`there is no namespace ${name} in ${network.topology}`);
    yield netns;
  }
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
