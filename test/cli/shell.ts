import { join } from "node:path";
import { system } from "../../bin/system.ts";
import type { Io } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";

/** What a command line came to. */
export interface Said {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** The world around a command line: what is left out is empty, absent, or no terminal. */
export interface Around {
  readonly files?: ReadonlyMap<string, string>;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  /** How many writes standard output takes before its reader goes away. */
  readonly patience?: number;
  /** Default 2026-11-26. */
  readonly today?: string;
  /** Stands in for standard output, which then takes nothing. */
  readonly write?: Io["write"];
  /** Where files go, by name, and bytes on standard output, by `-`; without it nothing can be written. */
  readonly written?: Map<string, Uint8Array>;
}

const PACKAGED = join(import.meta.dirname, "../../topologies");

/** Runs `cni-trace` with these arguments, in this process. */
export async function shell(argv: readonly string[], around: Around = {}): Promise<Said> {
  const { files = new Map(), stdin = "", env = {}, columns, patience = Number.POSITIVE_INFINITY, written } = around;
  let out = "";
  let err = "";
  let writes = 0;
  const io: Io = {
    progress: () => undefined,
    today: () => around.today ?? "2026-11-26",
    version: "1.2.3",
    env,
    packaged: system("", PACKAGED).packaged,
    terminal: () => (columns === undefined ? { isTty: false } : { isTty: true, columns }),
    read(file) {
      const text = files.get(file);
      if (text !== undefined) return { ok: true, text };
      const isFolder = [...files.keys()].some((other) => other.startsWith(`${file}/`));
      return isFolder
        ? { ok: false, why: "it is a folder", is: "folder" }
        : { ok: false, why: "there is no such file" };
    },
    open(file) {
      const text = file === "-" ? stdin : files.get(file);
      if (text === undefined) return { ok: false, why: "there is no such file" };
      return { ok: true, chunks: [new TextEncoder().encode(text)] };
    },
    list: (folder) => [...files.keys()].filter((file) => file.startsWith(`${folder}/`)).sort(),
    writeFile(file, bytes) {
      written?.set(file, bytes);
      return written ? { ok: true } : { ok: false, why: "permission denied" };
    },
    write(text) {
      if (around.write) return around.write(text);
      if (typeof text === "string") out += text;
      else written?.set("-", text);
      writes++;
      return writes <= patience;
    },
    writeError: (text) => {
      err += text;
    },
  };
  const code = await main(argv, io);
  return { out, err, code };
}

/** A command line as a shell would split it: words, and '…' around what holds spaces. */
export function words(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}
