import { collectComplaints, inFileOrder } from "./complaint.ts";
import { JsonPlaces } from "./json-places.ts";
import { locateWhole } from "./locate.ts";
import { isMarked, type MarkedTree, placeAt, type SourceText } from "./marks.ts";
import type { Path } from "./path.ts";
import type { Place, Problem } from "./problem.ts";
import { isTopologyFile } from "./read.ts";
import { resolve } from "./resolve.ts";
import { markedSource, readSource } from "./source.ts";
import type { Topology } from "./topology.ts";

export interface TopologyInput {
  readonly text: string;
  /** The file's name as problems should show it. */
  readonly file: string;
  /** Default: the file's name without folder and ending. */
  readonly name?: string;
  /** Edits `path.to.key=value`, laid over the file before it is checked. */
  readonly set?: readonly string[];
}

/** Where a path of the file stands, its key or its value; `undefined` when it is not in a text. */
export type Locate = (path: Path, part?: "key" | "value") => Place | undefined;

/** A topology and where its parts stand, or everything that is wrong with its text at once. */
export type Loaded =
  | { readonly ok: true; readonly value: Topology; readonly locate: Locate }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads a topology file, JSON or YAML, and checks all of it.
 *
 * Answers the topology, or every problem at once in the order of the file, each with its line and column.
 */
export async function loadTopology(input: TopologyInput): Promise<Loaded> {
  const text = input.text.startsWith("\uFEFF") ? input.text.slice(1) : input.text;
  const source: SourceText = { file: input.file, text };
  const outcome = await readOnce(input, source);
  if (outcome) return outcome;
  const { read, problems } = markedSource(source);
  return read ? loadTree(input, read, problems) : { ok: false, problems };
}

/** `undefined` when a large text, read without places, has problems: then it is read again with them. */
async function readOnce(input: TopologyInput, source: SourceText): Promise<Loaded | undefined> {
  const { read, problems } = await readSource(source, { scan: (input.set ?? []).length === 0 });
  if (!read) return { ok: false, problems: inFileOrder(problems) };
  const outcome = await loadTree(input, read, problems);
  if (isMarked(read)) return outcome;
  return outcome.ok ? { ...outcome, locate: placesOf(source) } : undefined;
}

/** Finds places in a large text that was read without them. */
function placesOf(source: SourceText): Locate {
  const places = new JsonPlaces(source);
  return (path, part = "key") => {
    const mark = places.find(path);
    return mark && placeAt(source, mark[part]);
  };
}

/** Checks a tree that did not have to come from one text, as `loadTopology` checks what it has read. */
export async function loadTree(
  input: Omit<TopologyInput, "text">,
  read: MarkedTree,
  known: readonly Problem[],
): Promise<Loaded> {
  const { set = [] } = input;
  const problems = [...known];
  if (set.length > 0) {
    const { applySet } = await import("./set.ts");
    for (const edit of set) problems.push(...applySet(read, edit));
  }
  const name = input.name ?? baseName(input.file);
  const { tree } = read;
  if (isTopologyFile(tree)) {
    const complaints = collectComplaints(read, problems);
    const value = resolve({ name, file: tree, read, gone: [] }, complaints.complain);
    if (value && complaints.count() > 0) return { ok: false, problems: complaints.problems() };
    if (value) return { ok: true, value, locate: (path, part = "key") => locateWhole(read, path, part) };
  }
  if (!isMarked(read)) return { ok: false, problems };
  const complaints = collectComplaints(read, problems);
  const { explainAndMend } = await import("./explain.ts");
  const gone = explainAndMend(read, complaints.complain);
  if (isTopologyFile(tree)) resolve({ name, file: tree, read, gone }, complaints.complain);
  if (complaints.count() === 0) throw new Error("a topology file was refused without a reason");
  return { ok: false, problems: complaints.problems() };
}

function baseName(file: string): string {
  const [, name = file] = /([^/\\]*?)(?:\.(?:ya?ml|json))?$/i.exec(file) ?? [];
  return name === "" ? file : name;
}
