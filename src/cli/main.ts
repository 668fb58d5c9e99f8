import { complain, USAGE, visible } from "./complain.ts";
import type { Request } from "./flags.ts";
import type { Io } from "./io.ts";
import { quickRequest } from "./quick.ts";
import type { Run } from "./run.ts";
import { SHORT_HELP } from "./words.ts";

/** The exit status of a fault in the program itself. */
const OWN_FAULT = 4;

/**
 * The whole program: reads a command line, does what it asks, answers the exit status. It touches nothing but `io`, and
 * throws nothing.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await obey(argv, io);
  } catch (error) {
    io.writeError(`cni-trace: this is a fault in cni-trace itself: ${visible(errorText(error))}\n`);
    if (io.env.CNI_TRACE_DEBUG === "1" && error instanceof Error) io.writeError(`${error.stack}\n`);
    return OWN_FAULT;
  }
}

async function obey(argv: readonly string[], io: Io): Promise<number> {
  if (argv.length === 0) {
    io.write(SHORT_HELP);
    return 0;
  }
  const request = quickRequest(argv);
  if (request) return perform(request, io);
  const { parse } = await import("./program.ts");
  const parsed = parse(argv, io.version);
  switch (parsed.kind) {
    case "text":
      io.write(parsed.text);
      return 0;
    case "wrong":
      complain([{ code: "usage", message: parsed.message, hint: "cni-trace --help has the grammar" }], io);
      return USAGE;
    case "request":
      return perform(parsed.request, io);
  }
}

async function perform({ command, args, flags }: Request, io: Io): Promise<number> {
  const load = LOADERS.get(command);
  if (!load) throw new Error(`the command ${command} has no file`);
  const run = await load();
  return run(args, flags, io);
}

/** Each command's file is read when it is asked for: the way to a trace stays short. */
const LOADERS: ReadonlyMap<string, () => Promise<Run>> = new Map<string, () => Promise<Run>>([
  ["trace", async () => (await import("./commands/trace.ts")).trace],
  ["tables", async () => (await import("./commands/tables.ts")).tables],
  ["route", async () => (await import("./commands/route.ts")).route],
  ["bgp", async () => (await import("./commands/bgp.ts")).bgp],
  ["compare", async () => (await import("./commands/compare.ts")).compare],
  ["diff", async () => (await import("./commands/diff.ts")).diff],
  ["check", async () => (await import("./commands/check.ts")).check],
  ["lab", async () => (await import("./commands/lab.ts")).lab],
  ["explain", async () => (await import("./commands/explain.ts")).explain],
  ["import", async () => (await import("./commands/import.ts")).importCommand],
  ["topologies", async () => (await import("./commands/topologies.ts")).topologies],
  ["init", async () => (await import("./commands/init.ts")).init],
  ["modes", async () => (await import("./commands/modes.ts")).modes],
  ["schema", async () => (await import("./commands/schema.ts")).schema],
  ["completion", async () => (await import("./commands/completion.ts")).completion],
]);

/** The names of all commands. */
export function commandNames(): readonly string[] {
  return [...LOADERS.keys()];
}

function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
