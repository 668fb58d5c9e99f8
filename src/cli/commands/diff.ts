import { MOST_LISTED } from "../../kernel/diff-tally.ts";
import { aliasesOf, modes } from "../../modes/registry.ts";
import { type DiffAnswer, type DiffSide, diffQuestion } from "../../query/diff.ts";
import { nearest } from "../../topology/nearest.ts";
import type { Outcome, Problem } from "../../topology/problem.ts";
import type { PathDiff } from "../../trace/path-diff.ts";
import { notAmong, readAsk, splitPort } from "../ask.ts";
import { DIFF_FORMATS } from "../choices.ts";
import { complain } from "../complain.ts";
import type { Flags } from "../flags.ts";
import type { Io } from "../io.ts";
import { layoutOf } from "../layout.ts";
import type { Run } from "../run.ts";
import { readWorld } from "../world.ts";
import { writeLines } from "../write-lines.ts";

/** `diff LEFT RIGHT [SRC DST]`: what makes two networks different, and how one packet's way changes with it. */
export const diff: Run = async ([left = "", right = "", src, dst], flags, io) => {
  const asked = src === undefined ? undefined : readAsk([src, dst ?? ""], flags);
  const others = [
    ...(asked && !asked.ok ? asked.problems : []),
    ...(src !== undefined && dst === undefined ? [MISSING_DST] : []),
    ...notAmong("--format", flags.format, DIFF_FORMATS),
  ];
  const places = src === undefined || dst === undefined ? [] : [src, splitPort(dst).name];
  const quiet = onceEach(io);
  const sides: DiffSide[] = [];
  const problems: Problem[] = [];
  for (const [word, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const side = await readSide(word, other, flags, quiet, { places, others });
    if (side.ok) sides.push(side.value);
    else problems.push(...side.problems);
  }
  const [before, other] = sides;
  // Two modes are compared over one topology: it need not be told twice who is alike in it.
  const after = before && other && isMode(left) && isMode(right) ? { ...other, topology: before.topology } : other;
  if (!before || !after) return complain(unique(problems), io);
  const outcome = diffQuestion(before, after, {
    ...(asked?.ok && { packet: asked.value }),
    // What nobody sees is not listed.
    ...(!flags.rows && flags.format !== "json" && { most: 0 }),
  });
  if (!outcome.ok) return complain(unique(outcome.problems), io);
  await write(outcome.value, flags, io);
  return isSame(outcome.value) || flags.exitZero ? 0 : 1;
};

const MISSING_DST: Problem = { code: "usage", message: "SRC alone is no packet", hint: "say DST too, or neither" };

type Rest = Parameters<typeof readWorld>[2];

/** A side is a mode, over the other side's topology or the one of `--topology`; or a topology, in its own mode or that of `--mode`. */
async function readSide(word: string, other: string, flags: Flags, io: Io, rest: Rest): Promise<Outcome<DiffSide>> {
  const problem = isMode(word) ? undefined : unclear(word, io);
  if (problem) return { ok: false, problems: [problem, ...rest.others] };
  const topology = isMode(word)
    ? (flags.topology ?? (isMode(other) || unclear(other, io) ? undefined : [other]))
    : [word];
  const own: Flags = { ...flags, ...(topology !== undefined && { topology }), ...(isMode(word) && { mode: word }) };
  const world = await readWorld(own, io, rest);
  if (!world.ok) return world;
  const { modes: chosen, faults } = world.value;
  const [mode, ...more] = chosen;
  if (!mode || more.length > 0) return { ok: false, problems: [ONE_MODE] };
  return { ok: true, value: { topology: world.value.topology, mode, faults } };
}

const ONE_MODE: Problem = { code: "usage", message: "--mode names several modes, and a side of diff has one" };

function isMode(word: string): boolean {
  return modes.some((mode) => mode.name === word || aliasesOf(mode).includes(word));
}

/** A word that is no mode, no packaged topology and looks like no file. */
function unclear(word: string, io: Io): Problem | undefined {
  const names = [...io.packaged.names(), ...io.packaged.questions()];
  if (word === "-" || /[./\\]/.test(word) || names.includes(word)) return undefined;
  const meant = nearest(word, [...modes.map(({ name }) => name), ...modes.flatMap(aliasesOf), ...names]);
  const hint = meant === undefined ? "a file without an ending is ./name" : `did you mean ${meant}?`;
  return { code: "usage", message: `${word} is neither a mode nor a packaged topology`, hint };
}

/** Says the same thing once, though both sides have it to say. */
function onceEach(io: Io): Io {
  const said = new Set<string>();
  return {
    ...io,
    writeError(text) {
      if (!said.has(text)) io.writeError(text);
      said.add(text);
    },
  };
}

function unique(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

async function write(answer: DiffAnswer, flags: Flags, io: Io): Promise<void> {
  // Rows that are too many to be held are written as they are found.
  const flow = flags.rows === true && answer.diff.rows > MOST_LISTED;
  switch (flags.format) {
    case "json": {
      const { diffJson, diffJsonLines } = await import("../../render/diff-json.ts");
      if (flow) writeLines(diffJsonLines(answer), io);
      else io.write(`${JSON.stringify(diffJson(answer), undefined, 2)}\n`);
      return;
    }
    case "markdown": {
      const { diffMarkdown } = await import("../../render/diff-markdown.ts");
      io.write(diffMarkdown(answer, flags.rows ? "all" : "some"));
      return;
    }
    case "patch":
      writeLines((await import("../../render/diff-patch.ts")).patchLines(answer), io);
      return;
    default: {
      const { renderDiff, rowLines } = await import("../../render/diff-text.ts");
      const layout = await layoutOf(io, flags);
      const isRead = io.write(renderDiff(answer, { ...layout, rows: flags.rows ? "all" : "some" }));
      if (flow && isRead) writeLines(rowLines(answer, layout), io);
    }
  }
}

function isSame({ diff: { rows, only }, path }: DiffAnswer): boolean {
  const tables = rows === 0 && only.left.length === 0 && only.right.length === 0;
  return tables && (path === undefined || isSameWay(path.diff));
}

/** The order of devices is no row: the way can differ alone. */
function isSameWay({ stations, left, right }: PathDiff): boolean {
  const ends = left.diagnosis.code === right.diagnosis.code && left.ttl === right.ttl && left.pathMtu === right.pathMtu;
  return ends && stations.every(({ op }) => op === "same");
}
