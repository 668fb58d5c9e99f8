import type { Accepted } from "../../expect/baseline.ts";
import type { Expectation } from "../../expect/expectation.ts";
import { SEVERITIES, type Severity } from "../../lint/finding.ts";
import { type CheckAnswer, checkQuestion } from "../../query/check.ts";
import { itemsOf } from "../../query/check-items.ts";
import { FAILING } from "../../query/fail-any.ts";
import type { Checked } from "../../render/check-text.ts";
import { LIMITS } from "../../topology/limits.ts";
import type { SourceText } from "../../topology/marks.ts";
import type { Outcome, Problem } from "../../topology/problem.ts";
import type { Topology } from "../../topology/topology.ts";
import { notAmong } from "../ask.ts";
import { CHECK_FORMATS, FAIL_ON } from "../choices.ts";
import { complain } from "../complain.ts";
import type { Flags } from "../flags.ts";
import type { Io } from "../io.ts";
import { layoutOf } from "../layout.ts";
import type { Run } from "../run.ts";
import { readWorld } from "../world.ts";

/** `check`: what is wrong with a network, between which pods, and whether what was expected of it is so. */
export const check: Run = async (_args, flags, io) => {
  const failing = flags.failAny?.split(",").map((word) => word.trim()) ?? [];
  const others = [
    ...notAmong("--format", flags.format, CHECK_FORMATS),
    ...notAmong("--fail-on", flags.failOn, FAIL_ON),
    ...failing.flatMap((word) => notAmong("--fail-any", word, FAILING)),
    ...badDay(flags.on),
  ];
  const world = await readWorld(flags, io, { places: [], others });
  if (!world.ok) return complain(world.problems, io);
  const { topology, modes, faults, locate } = world.value;
  const laid = await readLaid(flags, topology, io);
  if (!laid.ok) return complain(laid.problems, io);
  const { expectations, baseline } = laid.value;
  const today = flags.on ?? io.today();
  const checks: Checked[] = [];
  for (const mode of modes) {
    const outcome = checkQuestion({
      topology,
      mode,
      faults,
      locate,
      expectations,
      failAny: FAILING.filter((kind) => failing.includes(kind)),
      lintOnly: flags.lint === true,
      onProgress: (what, done, of) => io.progress(of > 20 ? `${mode.name}: ${what}, ${done} of ${of}` : ""),
    });
    io.progress("");
    if (!outcome.ok) return complain(outcome.problems, io);
    checks.push(await judged(outcome.value, baseline, today));
  }
  io.write(await textOf(checks, flags, io));
  return statusOf(checks, FAIL_ON.find((word) => word === flags.failOn) ?? "error");
};

/** What a file beside the topology says: what to expect, and what everybody knows of. */
async function readLaid(
  flags: Flags,
  topology: Topology,
  io: Io,
): Promise<Outcome<{ readonly expectations: readonly Expectation[]; readonly baseline: readonly Accepted[] }>> {
  const expectations = await readFile(flags.expect, io, async (source) =>
    (await import("../../expect/read.ts")).readExpectations(source, topology),
  );
  const baseline = await readFile(flags.baseline, io, async (source) =>
    (await import("../../expect/baseline.ts")).readBaseline(source),
  );
  if (expectations.ok && baseline.ok)
    return { ok: true, value: { expectations: expectations.value, baseline: baseline.value } };
  const problems = [expectations, baseline].flatMap((each) => (each.ok ? [] : each.problems));
  return { ok: false, problems };
}

async function readFile<T>(
  file: string | undefined,
  io: Io,
  read: (source: SourceText) => Promise<Outcome<readonly T[]>>,
): Promise<Outcome<readonly T[]>> {
  if (file === undefined) return { ok: true, value: [] };
  const reading = io.read(file, LIMITS.yaml);
  if (reading.ok) return read({ file, text: reading.text });
  return { ok: false, problems: [{ code: "unreadable", message: `${file} cannot be read: ${reading.why}` }] };
}

async function judged(answer: CheckAnswer, baseline: readonly Accepted[], today: string): Promise<Checked> {
  const items = itemsOf(answer);
  if (baseline.length === 0) return { ...answer, items, stale: [] };
  const { judge } = await import("../../expect/baseline.ts");
  return { ...answer, ...judge(items, baseline, today) };
}

function badDay(day: string | undefined): readonly Problem[] {
  if (day === undefined || /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(day)) return [];
  return [{ code: "usage", message: `--on ${day} is no day`, hint: "as 2027-01-31" }];
}

async function textOf(checks: readonly Checked[], flags: Flags, io: Io): Promise<string> {
  switch (flags.format) {
    case "json": {
      const { checkJson } = await import("../../render/check-json.ts");
      return checks
        .map((each) => `${JSON.stringify(checkJson(each), undefined, checks.length > 1 ? 0 : 2)}\n`)
        .join("");
    }
    case "ndjson": {
      const { checkLines } = await import("../../render/check-json.ts");
      return checks
        .flatMap(checkLines)
        .map((line) => `${line}\n`)
        .join("");
    }
    case "junit":
      return (await import("../../render/check-junit.ts")).junitReport(checks);
    case "github":
      return checks.map((await import("../../render/check-reports.ts")).githubAnnotations).join("");
    case "sarif": {
      const { sarifLog } = await import("../../render/check-reports.ts");
      return `${JSON.stringify(sarifLog(checks, io.version), undefined, 2)}\n`;
    }
    case "baseline":
      return (await import("../../render/check-reports.ts")).baselineText(checks);
    default: {
      const { renderCheck } = await import("../../render/check-text.ts");
      const layout = await layoutOf(io, flags);
      return checks.map((each) => renderCheck(each, layout)).join("\n");
    }
  }
}

/** 1 when anything that bad is not accepted, 3 when it is not known how something ends. */
function statusOf(checks: readonly Checked[], failOn: Severity | "never"): number {
  const open = checks.flatMap(({ items }) => items).filter(({ accepted }) => accepted !== "accepted");
  const bad = failOn === "never" ? [] : SEVERITIES.slice(0, SEVERITIES.indexOf(failOn) + 1);
  const failures = open.filter(({ level }) => bad.includes(level));
  if (failures.some(({ undetermined }) => !undetermined)) return 1;
  return failOn !== "never" && open.some(({ undetermined }) => undetermined) ? 3 : 0;
}
