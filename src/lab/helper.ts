import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NAME = "src/lab/helper.py";
/** Frames of a run come as hex, a line a probe. */
const MOST_OUTPUT = 512 * 1024 * 1024;

/** The helper of the package this program is part of: its folder is above the running file. */
export function helperPath(): string {
  // A bundle has no address of its own: then the command that was started tells where it is.
  const own: string | undefined = import.meta.url;
  let folder = dirname(own === undefined ? realpathSync(process.argv[1] ?? "") : fileURLToPath(own));
  while (!existsSync(join(folder, NAME))) {
    const above = dirname(folder);
    if (above === folder) throw new Error(`${NAME} is not in the package`);
    folder = above;
  }
  return join(folder, NAME);
}

/** Runs the helper to its end and gives what it said; throws with its own words when it fails. */
export function ask(verb: string, args: readonly string[], input: unknown): string {
  const done = spawnSync("python3", ["-B", helperPath(), verb, ...args], {
    input: input === undefined ? "" : JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: MOST_OUTPUT,
  });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`the helper's ${verb} ended with ${done.status}: ${done.stderr}`);
  return done.stdout;
}

/** Runs a program to its end: its status and what it said. */
export function run(argv: readonly string[], input = ""): { readonly status: number; readonly text: string } {
  const [program = "", ...args] = argv;
  const done = spawnSync(program, args, { input, encoding: "utf8", maxBuffer: MOST_OUTPUT });
  return { status: done.status ?? 127, text: `${done.stdout ?? ""}${done.stderr ?? ""}` };
}

/** Runs a program on this terminal; its exit status. */
export function hand(argv: readonly string[]): number {
  const [program = "", ...args] = argv;
  return spawnSync(program, args, { stdio: "inherit" }).status ?? 127;
}
