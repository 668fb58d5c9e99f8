import { type Agreement, agreementOf } from "../../lab/agree.ts";
import { FILES } from "../../lab/layout.ts";
import { PREFIX } from "../../lab/names.ts";
import { planLab } from "../../lab/plan.ts";
import { readLab, readRecord } from "../../lab/record.ts";
import { agreementText, disagreementsOf } from "../../lab/report.ts";
import { sameSteps } from "../../lab/surprise.ts";
import { buildNetwork } from "../../modes/build.ts";
import { SCHEMA_VERSION } from "../../render/json.ts";
import { complain, note, visible } from "../complain.ts";
import type { Flags } from "../flags.ts";
import type { Io } from "../io.ts";
import { readWorld } from "../world.ts";

/** Compares what a kernel answered here or elsewhere with what the model says now. */
export async function compareFolder(folder: string, flags: Flags, io: Io): Promise<number> {
  const recorded = readLab(folder);
  if (!recorded.ok) return complain(recorded.problems, io);
  const { topology: name, mode, set, fault } = recorded.value;
  const own = { ...flags, topology: [`${folder}/${FILES.topology}`], mode, set, fault, quiet: true } as const;
  const world = await readWorld(own, io, { places: [], others: [] });
  if (!world.ok) return complain(world.problems, io);
  const {
    topology,
    modes: [only, ...more],
    faults,
  } = world.value;
  if (!only || more.length > 0) return complain([{ code: "lab-folder", message: `${folder} is not of one mode` }], io);
  const built = buildNetwork({ ...topology, name }, only, faults);
  if (!built.ok) return complain(built.problems, io);
  const record = readRecord(folder, built.value);
  if (!record.ok) return complain(record.problems, io);
  const { questions, answers } = record.value;
  const plan = planLab(built.value, PREFIX);
  if (questions.steps && !sameSteps(questions.steps, plan.steps)) {
    note(`${folder} was made from other rows than this cni-trace writes`, io);
  }
  return tell(agreementOf(built.value, questions, answers), flags, io);
}

/** Prints how model and kernel got on; the exit status. */
export function tell(agreement: Agreement, { format }: Flags, io: Io): number {
  const text =
    format === "json"
      ? `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, kind: "lab", ...agreement })}\n`
      : agreementText(agreement);
  io.write(text.split("\n").map(visible).join("\n"));
  return disagreementsOf(agreement).length > 0 ? 1 : 0;
}
