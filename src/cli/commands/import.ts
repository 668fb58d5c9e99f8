import "../../modes/registry.ts";
import type { Problem } from "../../topology/problem.ts";
import { tooMuchYaml } from "../../topology/yaml-size.ts";
import { notAmong } from "../ask.ts";
import { DOCUMENT_FORMATS } from "../choices.ts";
import { complain, note } from "../complain.ts";
import type { Run } from "../run.ts";
import { openSource } from "../source.ts";

/** `import FILE…`: Kubernetes objects, and overlays, as one topology file. */
export const importCommand: Run = async (files, flags, io) => {
  const wrong = notAmong("--format", flags.format, DOCUMENT_FORMATS);
  const [first = "-", ...more] = files;
  const source = openSource([first, ...more], io);
  const problems: readonly Problem[] = [...wrong, ...(source.ok ? [] : source.problems)];
  if (!source.ok || problems.length > 0) return complain(problems, io);
  const { importTopology } = await import("../../import/import.ts");
  const { value } = source;
  const inputs = "own" in value ? [value.own] : value.inputs;
  const name = "own" in value ? "topology" : value.name;
  const imported = await importTopology(inputs, { name, set: flags.set ?? [], mode: "open" });
  if (!imported.ok) return complain(imported.problems, io);
  const { document, findings } = imported.value;
  for (const line of findings?.summary() ?? []) note(line, io);
  const { writeYaml } = await import("../../import/write.ts");
  const { redact } = await import("../../import/redact.ts");
  const shown = flags.redact ? redact(document) : document;
  const text = writeYaml(shown, flags.redact ? undefined : findings, flags.redact ? "" : files.join(", "));
  if (flags.format === "yaml" || (flags.format === undefined && tooMuchYaml(text) === undefined)) io.write(text);
  else {
    if (flags.format === undefined)
      note("this is more than can be read back as YAML: it is written as JSON, without comments", io);
    io.write(`${JSON.stringify(shown)}\n`);
  }
  return 0;
};
