import type { Problem } from "../topology/problem.ts";
import type { Answer } from "../trace/answer.ts";
import { tracesOf } from "../trace/way.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";

/** Whether standard output is the capture's: `-w -`. Nothing else is printed there then, as with tcpdump. */
export function isCaptureOnly({ write }: Pick<Flags, "write">): boolean {
  return write === "-";
}

/** What is wrong with `-w` before anything is walked. */
export function notWritable(flags: Pick<Flags, "write">, io: Io): readonly Problem[] {
  if (!isCaptureOnly(flags) || !io.terminal().isTty) return [];
  return [
    { code: "usage", message: "-w -: standard output is a terminal", hint: "name a file, or lead it into a pipe" },
  ];
}

/**
 * Writes the frames of an answer to the file of `-w`, over one that is there; nothing without it. A capture is of one
 * mode: Wireshark gives the devices of a second section the names of the first. A reader that goes away is no problem.
 */
export async function writeCapture(
  answers: readonly Answer[],
  flags: Pick<Flags, "write">,
  io: Io,
): Promise<readonly Problem[]> {
  const { write } = flags;
  const [answer] = answers;
  if (write === undefined || !answer) return [];
  if (answers.length > 1) {
    const message = `-w ${write}: a capture is of one mode, and these are ${answers.length}`;
    return [{ code: "usage", message, hint: "ask once for each mode, with a file each" }];
  }
  const { pcapng } = await import("../render/pcapng.ts");
  const walks = tracesOf(answer);
  const names = walks.map(({ name }) => name);
  const bytes = pcapng(
    walks.map(({ trace }) => trace),
    `cni-trace ${io.version}`,
    names,
  );
  if (isCaptureOnly(flags)) {
    io.write(bytes);
    return [];
  }
  const written = io.writeFile(write, bytes);
  return written.ok ? [] : [{ code: "unwritable", message: `-w ${write} cannot be written: ${written.why}` }];
}
