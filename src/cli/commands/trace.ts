import { traceQuestion } from "../../query/trace.ts";
import type { Layout } from "../../render/layout.ts";
import { renderTrace } from "../../render/trace-text.ts";
import { nearest } from "../../topology/nearest.ts";
import type { Problem } from "../../topology/problem.ts";
import type { Answer, Verdict } from "../../trace/answer.ts";
import { CODES, type Code, findCode } from "../../trace/codes.ts";
import { notAmong, readAsk, splitPort } from "../ask.ts";
import { isCaptureOnly, notWritable, writeCapture } from "../capture.ts";
import { FORMATS } from "../choices.ts";
import { complain } from "../complain.ts";
import type { Flags } from "../flags.ts";
import type { Io } from "../io.ts";
import { layoutOf } from "../layout.ts";
import type { Run } from "../run.ts";
import { readWorld } from "../world.ts";

/** `[trace] SRC DST`: which way a packet takes, whether it and its reply arrive, and why not. */
export const trace: Run = async (args, flags, io) => {
  const ask = readAsk(args, flags);
  const expected = flags.expect === undefined ? undefined : findCode(flags.expect)?.code;
  const world = await readWorld(flags, io, {
    places: placesOf(args),
    others: [
      ...(ask.ok ? [] : ask.problems),
      ...(flags.expect === expected ? [] : [noCode(flags.expect ?? "")]),
      ...notAmong("--format", flags.format, FORMATS),
      ...notWritable(flags, io),
    ],
  });
  if (!world.ok || !ask.ok) return complain(world.ok ? [] : world.problems, io);
  const { topology, modes, faults } = world.value;
  const silent = flags.quiet || isCaptureOnly(flags);
  const answers: Answer[] = [];
  for (const mode of modes) {
    // Nobody reads the fixes of a view that does not show them.
    const fixes = !(silent || flags.minimal || flags.traceroute);
    const outcome = traceQuestion(topology, mode, { ...ask.value, faults, fixes });
    if (!outcome.ok) return complain(outcome.problems, io);
    answers.push(outcome.value);
  }
  const unwritten = await writeCapture(answers, flags, io);
  if (unwritten.length > 0) return complain(unwritten, io);
  if (!silent) await show(answers, flags, io);
  const statuses = answers.map((answer) => statusOf(answer, expected));
  return statuses.includes(1) ? 1 : Math.max(...statuses);
};

/** SRC, and DST without its port. */
function placesOf([src = "", dst = ""]: readonly string[]): readonly string[] {
  return [src, splitPort(dst).name];
}

/** One view of each answer; what a small trace does not need is loaded when it is asked for. */
async function show(answers: readonly Answer[], flags: Flags, io: Io): Promise<void> {
  const view = await viewOf(flags, await layoutOf(io, flags));
  // Of several answers each JSON document has a line of its own.
  const between = flags.format === "json" ? "" : "\n";
  io.write(answers.map((answer) => view(answer, answers.length)).join(between));
}

async function viewOf(flags: Flags, layout: Layout): Promise<(answer: Answer, of: number) => string> {
  if (flags.format === "json") {
    const { traceJson } = await import("../../render/trace-json.ts");
    return (answer, of) => `${JSON.stringify(traceJson(answer), undefined, of > 1 ? 0 : 2)}\n`;
  }
  if (flags.why) {
    const { renderWhy } = await import("../../render/why.ts");
    return (answer) => renderWhy(answer, layout);
  }
  if (flags.commands) {
    const { renderCommands } = await import("../../render/commands.ts");
    return (answer) => renderCommands(answer, layout);
  }
  if (flags.minimal) return (await import("../../render/minimal.ts")).renderMinimal;
  if (flags.traceroute) return (await import("../../render/traceroute.ts")).renderTraceroute;
  const zoom = flags.verbose ? "verbose" : flags.brief ? "brief" : "normal";
  return (answer) => renderTrace(answer, { ...layout, zoom });
}

const STATUS: Readonly<Record<Verdict, number>> = {
  REACHABLE: 0,
  REACHABLE_WITH_RISK: 0,
  UNREACHABLE: 1,
  AMBIGUOUS: 1,
  UNDETERMINED: 3,
};

/** What a script is told; with an expectation, only whether it came true. */
function statusOf({ verdict, code }: Answer, expected: Code | undefined): number {
  if (expected !== undefined) return code === expected ? 0 : 1;
  return STATUS[verdict];
}

function noCode(word: string): Problem {
  const meant = nearest(
    word,
    CODES.map(({ code }) => code),
  );
  const hint = meant === undefined ? "cni-trace explain knows them" : `did you mean ${meant}?`;
  return { code: "usage", message: `--expect ${word}: there is no such code`, hint };
}
