import { modes as all } from "../../modes/registry.ts";
import { type Comparison, compareModes } from "../../query/compare.ts";
import type { Grid } from "../../render/grid.ts";
import type { Outcome } from "../../topology/problem.ts";
import { notAmong, readAsk, splitPort } from "../ask.ts";
import { GRID_FORMATS } from "../choices.ts";
import { complain } from "../complain.ts";
import type { Flags } from "../flags.ts";
import type { Io } from "../io.ts";
import { layoutOf } from "../layout.ts";
import type { Run } from "../run.ts";
import { readModes, readWorld } from "../world.ts";

/** `compare SRC DST`: the same packet in every mode, and what each asks of the network and of the nodes. */
export const compare: Run = async (args, flags, io) => {
  const ask = readAsk(args, flags);
  const required = readModes(flags.require);
  const world = await readWorld({ ...flags, mode: flags.mode ?? all.map(({ name }) => name).join(",") }, io, {
    places: [args[0] ?? "", splitPort(args[1] ?? "").name],
    others: [
      ...(ask.ok ? [] : ask.problems),
      ...(required.ok ? [] : required.problems),
      ...notAmong("--format", flags.format, GRID_FORMATS),
    ],
  });
  if (!world.ok || !ask.ok || !required.ok) return complain(world.ok ? [] : world.problems, io);
  const { topology, modes, faults } = world.value;
  const wanted = [...new Set([...modes, ...required.value])];
  const comparison = compareModes(topology, wanted, { ...ask.value, faults });
  const answered = someAnswer(comparison);
  if (!answered.ok) return complain(answered.problems, io);
  io.write(await textOf(comparison, flags, io));
  const lost = required.value.filter(
    (mode) => !comparison.compared.some((each) => each.mode === mode && each.delivers),
  );
  return lost.length > 0 ? 1 : 0;
};

/** When no mode can be asked, what is wrong is the question. */
function someAnswer({ compared, refused }: Comparison): Outcome<undefined> {
  if (compared.length > 0) return { ok: true, value: undefined };
  const problems = refused.flatMap((each) => each.problems);
  return { ok: false, problems: [...new Map(problems.map((problem) => [problem.message, problem])).values()] };
}

async function textOf(comparison: Comparison, flags: Flags, io: Io): Promise<string> {
  const { format = "text" } = flags;
  if (format === "json") {
    const { compareJson } = await import("../../render/compare-json.ts");
    return `${JSON.stringify(compareJson(comparison), undefined, 2)}\n`;
  }
  const layout = await layoutOf(io, flags);
  const { contractGrid, fullGrid, holdsGrid, renderCompare, resultGrid, shareGrid } = await import(
    "../../render/compare.ts"
  );
  const { csvGrid, markdownGrid, textGrid } = await import("../../render/grid.ts");
  const { compared } = comparison;
  const one = flags.contract ? contractGrid(compared) : flags.families ? await familiesOf(comparison) : undefined;
  if (format === "csv") return `${csvGrid(one ?? fullGrid(compared))}\n`;
  if (format === "markdown") {
    const grids = one
      ? [one]
      : [resultGrid(compared, Number.POSITIVE_INFINITY), shareGrid(compared), holdsGrid(compared)];
    return `${grids.map(markdownGrid).join("\n\n")}\n`;
  }
  return one ? textGrid(one, layout) : renderCompare(comparison, layout);
}

async function familiesOf({ compared }: Comparison): Promise<Grid> {
  return (await import("../../render/families.ts")).familiesGrid(compared);
}
