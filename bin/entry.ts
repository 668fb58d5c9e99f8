import { join } from "node:path";
import type { Io } from "../src/cli/io.ts";
import { codeCache } from "./code-cache.ts";
import { writeWhole } from "./output.ts";
import { parts } from "./parts.ts";

/** Put in by the build: the version, a name for exactly this code, and what needs no program to answer. */
declare const VERSION: string;
declare const BUILD: string;
declare const BUNDLES: Readonly<Record<string, string>>;
declare const COMMANDS: readonly string[];
declare const ANSWERS: Readonly<Record<string, string>>;

interface Main {
  main(argv: readonly string[], io: Io): Promise<number>;
}

interface System {
  system(version: string, topologies: string): Io;
}

const argv = process.argv.slice(2);
const question = argv.join(" ");

if (Object.hasOwn(ANSWERS, question)) writeWhole(1, ANSWERS[question] ?? "");
else void start();

async function start(): Promise<void> {
  const command = COMMANDS.find((name) => name === argv[0]) ?? "trace";
  const program = parts(__dirname, BUNDLES, codeCache(command, BUILD, process.env));
  const { system } = program.load("system") as System;
  const { main } = program.load("main") as Main;
  process.exitCode = await main(argv, system(VERSION, join(__dirname, "..", "topologies")));
  // What a mistyped command line has compiled is not what the next trace needs.
  if (process.exitCode < 2) program.keep();
}
