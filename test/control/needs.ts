import { expect, test } from "vitest";
import { run } from "../../src/lab/helper.ts";

/** What is missing here of what a real control plane needs, a few words each. */
export function lacking(programs: readonly string[]): readonly string[] {
  if (process.platform !== "linux") return ["this is not Linux"];
  if (process.getuid?.() !== 0) return ["namespaces need root"];
  return programs
    .filter((program) => run(["sh", "-c", 'command -v "$1"', "sh", program]).status !== 0)
    .map((program) => `${program} is missing`);
}

/** Says loudly what was not shown; where everything has to be, it fails. */
export function leftOut(what: string, lacks: readonly string[]): void {
  test(`LEFT OUT: ${what}, because ${lacks.join(", ")}`, () => {
    expect(process.env.CI === undefined || lacks.length === 0).toBe(true);
  });
}
