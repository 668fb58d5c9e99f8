import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Io, Opening, Packed, Reading, Writing } from "../src/cli/io.ts";
import { codeOf, rest, writeWhole } from "./output.ts";

/** The real world: files, standard streams, the environment. `topologies` is the folder of the packaged ones. */
export function system(version: string, topologies: string): Io {
  let closed = false;
  return {
    version,
    env: process.env,
    packaged: {
      names: () => namesIn(topologies),
      questions: () => namesIn(join(topologies, QUESTIONS)),
      read: (name) => {
        const plain = readPacked(topologies, "", name);
        return plain.ok ? plain : readPacked(topologies, QUESTIONS, name);
      },
    },
    terminal,
    read: readWhole,
    open: (file) =>
      guarded(
        (): Opening => ({ ok: true, chunks: file === "-" ? chunksOf(0) : fileChunks(openSync(file, "r")) }),
        REASONS,
      ),
    list: filesUnder,
    writeFile: (file, bytes) =>
      guarded((): Writing => {
        writeFileSync(file, bytes);
        return { ok: true };
      }, WRITE_REASONS),
    write(text) {
      closed ||= !writeWhole(1, text);
      return !closed;
    },
    writeError: (text) => void writeWhole(2, text),
    progress: progress(),
    today: () => new Date().toISOString().slice(0, 10),
  };
}

/** The folder, inside that of the packaged topologies, of those that answer a question. */
const QUESTIONS = "questions";

function namesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

function readPacked(topologies: string, folder: string, name: string): Packed {
  const reading = readWhole(join(topologies, folder, `${name}.yaml`), Number.POSITIVE_INFINITY);
  return reading.ok ? { ...reading, file: ["topologies", folder, `${name}.yaml`].filter(Boolean).join("/") } : reading;
}

/** A line on a terminal's standard error, written over at most ten times a second. */
function progress(): (text: string) => void {
  let isTty: boolean | undefined;
  let shown = "";
  let last = 0;
  return (text) => {
    isTty ??= isTerminal();
    const now = Date.now();
    if (!isTty || (text === "" ? shown === "" : now - last < 100)) return;
    last = now;
    shown = text;
    writeWhole(2, `\r\u001b[K${text}`);
  };
}

function isTerminal(): boolean {
  try {
    return fstatSync(2).isCharacterDevice() && process.stderr.isTTY === true;
  } catch {
    return false;
  }
}

/** Asking for `process.stdout` costs more than a whole small trace; a file that is no character device is no terminal. */
function terminal(): { isTty: boolean; columns?: number | undefined } {
  let isTty = false;
  try {
    isTty = fstatSync(1).isCharacterDevice() && process.stdout.isTTY === true;
  } catch {
    // Standard output was closed before the start: no terminal either.
  }
  return isTty ? { isTty, columns: process.stdout.columns } : { isTty };
}

function readWhole(file: string, most: number): Reading {
  return guarded((): Reading => {
    const fd = openSync(file, "r");
    try {
      const stat = fstatSync(fd);
      if (stat.isDirectory()) return { ok: false, why: "it is a folder", is: "folder" };
      if (stat.size > most) return tooLarge(most);
      return stat.isFile() && stat.size > 0 ? { ok: true, text: readFileSync(fd, "utf8") } : readAll(fd, most);
    } finally {
      closeSync(fd);
    }
  }, REASONS);
}

/** Reads to the end of what has no size: a pipe, a terminal, a device. */
function readAll(fd: number, most: number): Reading {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(64 * 1024);
    const count = readSome(fd, chunk);
    if (count === 0) return { ok: true, text: Buffer.concat(chunks, size).toString("utf8") };
    size += count;
    if (size > most) return tooLarge(most);
    chunks.push(chunk.subarray(0, count));
  }
}

/** The bytes of a descriptor to the end, in a buffer that is used again. */
function* chunksOf(fd: number): Generator<Uint8Array> {
  const chunk = Buffer.allocUnsafe(256 * 1024);
  for (let count = readSome(fd, chunk); count > 0; count = readSome(fd, chunk)) yield chunk.subarray(0, count);
}

function* fileChunks(fd: number): Generator<Uint8Array> {
  try {
    yield* chunksOf(fd);
  } finally {
    closeSync(fd);
  }
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function readSome(fd: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, chunk);
    } catch (error) {
      if (codeOf(error) === "EOF") return 0;
      if (codeOf(error) !== "EAGAIN") throw error;
      rest();
    }
  }
}

function tooLarge(most: number): Reading {
  return { ok: false, why: `it is larger than ${Math.floor(most / 2 ** 20)} MiB`, is: "larger" };
}

/** What an attempt comes to, or why the system refused it. */
function guarded<T>(
  attempt: () => T,
  reasons: ReadonlyMap<string, string>,
): T | { readonly ok: false; readonly why: string } {
  try {
    return attempt();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return { ok: false, why: reasons.get(code) ?? code };
  }
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such file"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["ENOTDIR", "a part of the path is no folder"],
  ["EISDIR", "it is a folder"],
  ["ELOOP", "too many symbolic links"],
  ["ENAMETOOLONG", "the name is too long"],
  ["ERR_INVALID_ARG_VALUE", "the name holds a null character"],
]);

const WRITE_REASONS: ReadonlyMap<string, string> = new Map([
  ...REASONS,
  ["ENOENT", "there is no such folder"],
  ["EROFS", "the disk is read-only"],
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk quota is used up"],
  ["ETXTBSY", "it is a program that runs"],
]);
