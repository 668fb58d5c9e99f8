import "../../src/modes/registry.ts";
import type { Findings } from "../../src/import/findings.ts";
import { type Imported, importTopology } from "../../src/import/import.ts";
import type { Input } from "../../src/import/input.ts";
import { problemText } from "../../src/topology/problem-text.ts";
import { type Kube, list } from "./objects.ts";

/** What a topology made of objects is, or the problems as they are printed. */
export async function read(
  objects: readonly Kube[],
  { overlay, modeGiven = false }: Asked = {},
): Promise<Imported | string> {
  const inputs = [{ file: "objects.json", text: list(objects) }];
  return readInputs(overlay === undefined ? inputs : [...inputs, { file: "overlay.yaml", text: overlay }], {
    modeGiven,
  });
}

export interface Asked {
  readonly overlay?: string;
  readonly modeGiven?: boolean;
}

export async function readInputs(
  inputs: readonly Input[],
  { modeGiven = false }: Asked = {},
): Promise<Imported | string> {
  const outcome = await importTopology(inputs, { name: "objects", mode: modeGiven ? "asked" : "needed" });
  return outcome.ok ? outcome.value : outcome.problems.map(problemText).join("\n");
}

/** The same where problems are not expected. */
export async function good(objects: readonly Kube[], asked: Asked = {}): Promise<Good> {
  return expectGood(await read(objects, asked));
}

/** A topology that was made of objects, and why it is what it is. */
export type Good = Imported & { readonly findings: Findings };

export function expectGood(found: Imported | string): Good {
  if (typeof found === "string") throw new Error(found);
  const { findings } = found;
  if (!findings) throw new Error("there were no objects");
  return { ...found, findings };
}
