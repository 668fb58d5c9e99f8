import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import type { Network } from "../kernel/network.ts";
import type { Answers, Questions } from "./agree.ts";
import { helperPath } from "./helper.ts";
import {
  builtLine,
  FILES,
  framesLine,
  kernelFile,
  LAYOUT,
  type LabFile,
  labFile,
  probesFile,
  stepsFile,
  tablesFile,
} from "./layout.ts";
import { namesAs } from "./names.ts";
import type { Job } from "./verify.ts";

/** Where a lab's topology comes from: the file as written, and what was laid over it. */
export interface Source {
  readonly text: string;
  readonly topology: string;
  readonly mode: string;
  readonly set: readonly string[];
  readonly fault: readonly string[];
}

/** Something wrong with a folder, in the form in which the program complains. */
export interface Wrong {
  readonly code: "lab-folder";
  readonly message: string;
  readonly hint?: string;
}

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Wrong[] };

/** Why nothing can be written into a folder; `undefined` when it can. What is in it is never written over. */
export function unwritable(folder: string): Wrong | undefined {
  try {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length === 0) return undefined;
    return wrong(`${folder} is not empty`, "name a folder that is not there yet");
  } catch (error) {
    return wrong(`${folder} cannot be made: ${reasonOf(error)}`);
  }
}

/** Writes what a kernel is asked, and the helper that asks it. */
export function writeQuestions(folder: string, { text, ...source }: Source, { plan, probes }: Job): void {
  const { kernel, segments } = plan.names;
  const places = { places: Object.fromEntries(kernel), segments: Object.fromEntries(segments) };
  const lab: LabFile = { layout: LAYOUT, ...source, set: [...source.set], fault: [...source.fault], ...places };
  const write = (file: string, value: unknown) => writeFileSync(join(folder, file), `${JSON.stringify(value)}\n`);
  write(FILES.lab, lab);
  write(FILES.steps, plan.steps);
  write(FILES.probes, probes);
  writeFileSync(join(folder, FILES.topology), text);
  copyFileSync(helperPath(), join(folder, FILES.helper));
}

/** Writes what a kernel answered beside what it was asked. */
export function writeAnswers(folder: string, { kernel, built, tables, frames }: Answers): void {
  const write = (file: string, lines: readonly unknown[]) =>
    writeFileSync(join(folder, file), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  write(FILES.kernel, [{ release: kernel }]);
  if (built) write(FILES.built, built);
  if (tables) write(FILES.tables, [tables]);
  write(FILES.frames, frames);
}

const MOST_BYTES = 512 * 1024 * 1024;

/** What a folder says it is: needed before anything else in it can be read. Its topology is left to who reads those. */
export function readLab(folder: string): Read<LabFile> {
  return reading(() => {
    plainFile(folder, FILES.topology);
    return json(folder, FILES.lab, labFile);
  });
}

/** The whole of a folder for a network: every name in it is one of the network's, every question has its answer. */
export function readRecord(folder: string, network: Network): Read<{ questions: Questions; answers: Answers }> {
  return reading(() => {
    const lab = json(folder, FILES.lab, labFile);
    const names = namesAs(lab);
    for (const place of network.names()) {
      if (!names.kernel.has(place)) throw new Unreadable(`${FILES.lab} names no namespace for ${place}`);
    }
    const { probes } = json(folder, FILES.probes, probesFile);
    for (const { id, from, to } of probes) {
      const strangers = [from, to].filter(({ place }) => place !== undefined && !network.netns(place));
      if (strangers.length > 0 || from.place === undefined) {
        throw new Unreadable(`${FILES.probes}: ${id} is between places that the topology does not have`);
      }
    }
    const has = (file: string) => existsSync(join(folder, file));
    const frames = jsonLines(folder, FILES.frames, framesLine);
    frames.forEach(({ id }, k) => {
      const expected = probes[k]?.id;
      if (id !== expected)
        throw new Unreadable(`${FILES.frames}:${k + 1} is about ${id}, not ${expected ?? "nothing"}`);
    });
    if (frames.length < probes.length) throw new Unreadable(`${FILES.frames} ends before ${probes[frames.length]?.id}`);
    return {
      questions: { names, probes, ...(has(FILES.steps) && { steps: json(folder, FILES.steps, stepsFile) }) },
      answers: {
        kernel: json(folder, FILES.kernel, kernelFile).release,
        frames,
        ...(has(FILES.built) && { built: jsonLines(folder, FILES.built, builtLine) }),
        ...(has(FILES.tables) && { tables: json(folder, FILES.tables, tablesFile) }),
      },
    };
  });
}

/** What a folder is wrong in, thrown by the readers below and told by `reading`. */
class Unreadable extends Error {}

function reading<T>(read: () => T): Read<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, problems: [wrong(error.message, HINT)] };
    throw error;
  }
}

const HINT = "cni-trace lab prepare --to FOLDER writes one, its helper.py run answers it";

function wrong(message: string, hint?: string): Wrong {
  return { code: "lab-folder", message, ...(hint !== undefined && { hint }) };
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" ? "it is not there" : `${code ?? error}`;
}

function json<S extends z.ZodType>(folder: string, file: string, schema: S): z.infer<S> {
  return valid(text(folder, file), file, schema);
}

function jsonLines<S extends z.ZodType>(folder: string, file: string, schema: S): z.infer<S>[] {
  const lines = text(folder, file).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, k) => valid(line, `${file}:${k + 1}`, schema));
}

function valid<S extends z.ZodType>(content: string, where: string, schema: S): z.infer<S> {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw new Unreadable(`${where} is no JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Unreadable(`${where}: ${issue?.path.join(".") || "it"}: ${issue?.message}`);
}

function text(folder: string, file: string): string {
  plainFile(folder, file);
  return readFileSync(join(folder, file), "utf8");
}

/** Only a plain file is opened, and no file too large for this program: a pipe would be waited for. */
function plainFile(folder: string, file: string): void {
  const path = join(folder, file);
  let stat: Stats;
  try {
    stat = lstatSync(path);
  } catch (error) {
    throw new Unreadable(`${path} cannot be read: ${reasonOf(error)}`);
  }
  if (!stat.isFile()) throw new Unreadable(`${path} is no plain file`);
  if (stat.size > MOST_BYTES) throw new Unreadable(`${path} has more than ${MOST_BYTES >> 20} MiB`);
}
