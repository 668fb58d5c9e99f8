import { nearest } from "../../topology/nearest.ts";
import { complain } from "../complain.ts";
import type { Run } from "../run.ts";

/** `schema NAME`: the JSON Schema of an input or an output. */
export const schema: Run = async ([name = ""], _flags, io) => {
  const load = SCHEMAS.get(name);
  if (!load) {
    const names = [...SCHEMAS.keys()];
    const meant = nearest(name, names);
    const hint = meant === undefined ? `there are ${names.join(", ")}` : `did you mean ${meant}?`;
    return complain([{ code: "unknown-schema", message: `there is no schema ${name}`, hint }], io);
  }
  io.write(`${JSON.stringify(await load(), undefined, 2)}\n`);
  return 0;
};

const SCHEMAS: ReadonlyMap<string, () => Promise<unknown>> = new Map([
  ["topology", async () => (await import("../../topology/schema.ts")).topologyJsonSchema()],
]);
