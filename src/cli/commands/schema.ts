import "../../modes/registry.ts";
import { notAmong } from "../ask.ts";
import { SCHEMAS } from "../choices.ts";
import { complain } from "../complain.ts";
import type { Run } from "../run.ts";

/** `schema NAME`: the JSON Schema of an input or an output. */
export const schema: Run = async ([name = ""], _flags, io) => {
  const problems = notAmong("schema", name, SCHEMAS);
  if (problems.length > 0) return complain(problems, io);
  io.write(`${JSON.stringify(await load(name), undefined, 2)}\n`);
  return 0;
};

async function load(name: string): Promise<unknown> {
  if (name === "topology") return (await import("../../topology/schema.ts")).topologyJsonSchema();
  if (name === "expect") return (await import("../../expect/schema.ts")).expectationsJsonSchema();
  if (name === "baseline") return (await import("../../expect/baseline-schema.ts")).baselineJsonSchema();
  return (await import("../../render/schemas.ts")).schemaOf(name);
}
