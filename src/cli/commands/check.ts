import { type CheckAnswer, checkQuestion, hasFindings } from "../../query/check.ts";
import { notAmong } from "../ask.ts";
import { FAIL_ON, FORMATS } from "../choices.ts";
import { complain } from "../complain.ts";
import type { Flags } from "../flags.ts";
import type { Io } from "../io.ts";
import { layoutOf } from "../layout.ts";
import type { Run } from "../run.ts";
import { readWorld } from "../world.ts";

/** `check`: what is wrong with a network, found in its tables and on ways between its kinds of hosts. */
export const check: Run = async (_args, flags, io) => {
  const others = [...notAmong("--format", flags.format, FORMATS), ...notAmong("--fail-on", flags.failOn, FAIL_ON)];
  const world = await readWorld(flags, io, { places: [], others });
  if (!world.ok) return complain(world.problems, io);
  const { topology, modes, faults, locate } = world.value;
  const failOn = FAIL_ON.find((word) => word === flags.failOn) ?? "error";
  let failed = false;
  for (const [i, mode] of modes.entries()) {
    const outcome = checkQuestion({ topology, mode, faults, locate });
    if (!outcome.ok) return complain(outcome.problems, io);
    failed ||= failOn !== "never" && hasFindings(outcome.value, failOn);
    if (
      !io.write(
        `${i > 0 && flags.format !== "json" ? "\n" : ""}${await textOf(outcome.value, flags, io, modes.length)}`,
      )
    )
      break;
  }
  return failed ? 1 : 0;
};

async function textOf(answer: CheckAnswer, flags: Flags, io: Io, modes: number): Promise<string> {
  if (flags.format === "json") {
    const { checkJson } = await import("../../render/check-json.ts");
    return `${JSON.stringify(checkJson(answer), undefined, modes > 1 ? 0 : 2)}\n`;
  }
  const { renderCheck } = await import("../../render/check-text.ts");
  return renderCheck(answer, await layoutOf(io, flags));
}
