import { Page } from "../../render/page.ts";
import { nearest } from "../../topology/nearest.ts";
import { complain } from "../complain.ts";
import type { Io } from "../io.ts";
import { layoutOf } from "../layout.ts";
import type { Run } from "../run.ts";

/**
 * `topologies`: every packaged topology with the first line of its story; `--questions`: those that answer a question,
 * with the commands that do; `topologies NAME`: the file as it is.
 */
export const topologies: Run = async ([name], flags, io) => {
  const { packaged } = io;
  if (name !== undefined) return print(name, io);
  if (flags.questions) {
    const page = new Page(await layoutOf(io, flags));
    for (const each of packaged.questions()) writeQuestion(page, each, textOf(each, io));
    page.gap();
    page.text(NOT_ASKED);
    io.write(`${page}\nmore: cni-trace topologies NAME has the answer\n`);
    return 0;
  }
  const names = packaged.names();
  const width = Math.max(...names.map((each) => each.length));
  io.write(names.map((each) => `${each.padEnd(width)}  ${title(textOf(each, io))}\n`).join(""));
  io.write("\nmore: cni-trace topologies NAME; cni-trace topologies --questions;\n      cni-trace -t NAME SRC DST\n");
  return 0;
};

/** Questions that people ask as often, and that no packaged topology can put. */
const NOT_ASKED =
  "Not asked here, because a topology has no Services and no NetworkPolicies: why a pod cannot reach itself through its " +
  "Service, why a NodePort works on one node only, why a default-deny policy broke DNS. Nor why Weave fell back to " +
  "sleeve: Weave is not modelled.";

function print(name: string, io: Io): number {
  const names = [...io.packaged.names(), ...io.packaged.questions()];
  if (names.includes(name)) {
    io.write(textOf(name, io));
    return 0;
  }
  const meant = nearest(name, names);
  const hint = meant === undefined ? `packaged are ${io.packaged.names().join(", ")}` : `did you mean ${meant}?`;
  return complain([{ code: "unknown-topology", message: `there is no packaged topology ${name}`, hint }], io);
}

function writeQuestion(page: Page, name: string, text: string): void {
  page.gap();
  page.row({ head: "", text: title(text), note: `(${name})`, tones: { text: "strong" } });
  page.raw(commandsIn(text));
}

/** The commands that a file's story shows, as they stand there: one goes on in the next line behind a backslash. */
function commandsIn(text: string): readonly string[] {
  const found = text.matchAll(/^# {3}(\$ .*(?:(?<=\\)\n# .*)*)$/gm);
  return Array.from(found, ([, lines = ""]) => lines.split("\n").map((line) => line.replace(/^# {3}/, ""))).flatMap(
    (lines) => lines.map((line) => `  ${line}`),
  );
}

function textOf(name: string, io: Io): string {
  const packed = io.packaged.read(name);
  if (!packed.ok) throw new Error(`the packaged topology ${name} cannot be read: ${packed.why}`);
  return packed.text;
}

/** The first line of the comment that a packaged file opens with. */
function title(text: string): string {
  return /^#\s*(.*)/.exec(text)?.[1] ?? "";
}
