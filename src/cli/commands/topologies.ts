import { nearest } from "../../topology/nearest.ts";
import { complain } from "../complain.ts";
import type { Io, Reading } from "../io.ts";
import type { Run } from "../run.ts";

/** `topologies`: every packaged topology with the first line of its story; `topologies NAME`: the file as it is. */
export const topologies: Run = ([name], _flags, io) => {
  const names = io.packaged.names();
  if (name === undefined) {
    const width = Math.max(...names.map((each) => each.length));
    io.write(names.map((each) => `${each.padEnd(width)}  ${title(packaged(each, io))}\n`).join(""));
    io.write("\nmore: cni-trace topologies NAME; cni-trace -t NAME SRC DST\n");
    return 0;
  }
  if (!names.includes(name)) {
    const meant = nearest(name, names);
    const hint = meant === undefined ? `packaged are ${names.join(", ")}` : `did you mean ${meant}?`;
    return complain([{ code: "unknown-topology", message: `there is no packaged topology ${name}`, hint }], io);
  }
  io.write(packaged(name, io));
  return 0;
};

function packaged(name: string, io: Io): string {
  const reading: Reading = io.packaged.read(name);
  if (!reading.ok) throw new Error(`the packaged topology ${name} cannot be read: ${reading.why}`);
  return reading.text;
}

/** The first line of the comment that a packaged file opens with. */
function title(text: string): string {
  return /^#\s*(.*)/.exec(text)?.[1] ?? "";
}
