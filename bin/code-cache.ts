import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";

/** Compiled code by the name of the part it was compiled from. */
export type Compiled = ReadonlyMap<string, Buffer>;

/** A file of compiled code that belongs to one command, one build of the program and one Node. */
export interface CodeCache {
  read(): Compiled;
  write(parts: Compiled): void;
}

/** V8 reads compiled code in place when it starts at such an address. */
const ALIGNMENT = 8;

/**
 * The code cache of a command; `undefined` where there can be none.
 *
 * What lies in it is run, so it stands only in a folder that this user owns and nobody else can enter, never in one
 * that is shared. V8 itself refuses what another version or other flags have compiled. Nothing here is worth a word to
 * the user: whatever goes wrong, the program is compiled as if there were no cache.
 */
export function codeCache(command: string, build: string, env: NodeJS.ProcessEnv): CodeCache | undefined {
  if (env.NODE_DISABLE_COMPILE_CACHE) return undefined;
  const name = `${command}-${build}-${process.version}-${process.arch}.bin`;
  return {
    read() {
      const folder = cacheFolder(env);
      try {
        return folder !== undefined && isOurs(folder) ? unpack(readFileSync(join(folder, name))) : new Map();
      } catch {
        return new Map();
      }
    },
    write(parts) {
      const folder = cacheFolder(env);
      try {
        if (folder === undefined || !made(folder)) return;
        const draft = join(folder, `${name}.${process.pid}`);
        writeFileSync(draft, pack(parts), { mode: 0o600, flag: "wx" });
        renameSync(draft, join(folder, name));
        for (const file of readdirSync(folder)) {
          if (OWN_FILE.test(file) && !file.includes(`-${build}-`)) rmSync(join(folder, file), { force: true });
        }
      } catch {
        // A full or read-only disk: the next start compiles again.
      }
    },
  };
}

const OWN_FILE = /^[a-z]+-[0-9a-f]{16}-v[^/]*\.bin(?:\.\d+)?$/;

/** `$XDG_CACHE_HOME/cni-trace`, else `~/.cache/cni-trace`; a system without owners of files has none. */
function cacheFolder(env: NodeJS.ProcessEnv): string | undefined {
  if (process.getuid === undefined || process.getuid() !== process.geteuid?.()) return undefined;
  const { XDG_CACHE_HOME: given = "", HOME: home = "" } = env;
  if (isAbsolute(given)) return join(given, "cni-trace");
  return isAbsolute(home) ? join(home, ".cache", "cni-trace") : undefined;
}

/** Whether a folder is this user's own and closed to everybody else. */
function isOurs(folder: string): boolean {
  const stat = lstatSync(folder);
  return stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0;
}

/** Makes the folder when it is not there, in a parent that is this user's and that nobody else can write to. */
function made(folder: string): boolean {
  const parent = join(folder, "..");
  const above = statSync(parent, { throwIfNoEntry: false });
  if (!above) mkdirSync(parent, { mode: 0o700 });
  else if (above.uid !== process.getuid?.() || (above.mode & 0o022) !== 0) return false;
  if (!lstatSync(folder, { throwIfNoEntry: false })) mkdirSync(folder, { mode: 0o700 });
  return isOurs(folder);
}

/** A line of JSON that says where each part stands, then the parts. */
function pack(parts: Compiled): Buffer {
  const index: [string, number, number][] = [];
  let size = 0;
  for (const [name, code] of parts) {
    index.push([name, size, code.length]);
    size += aligned(code.length);
  }
  const head = Buffer.from(JSON.stringify(index));
  const packed = Buffer.alloc(aligned(head.length + 1) + size, " ");
  head.copy(packed);
  const start = aligned(head.length + 1);
  packed[start - 1] = NEWLINE;
  for (const [name, offset] of index) parts.get(name)?.copy(packed, start + offset);
  return packed;
}

const NEWLINE = 10;

function unpack(packed: Buffer): Compiled {
  const start = packed.indexOf(NEWLINE) + 1;
  const index: unknown = JSON.parse(packed.toString("utf8", 0, start));
  const parts = new Map<string, Buffer>();
  for (const entry of Array.isArray(index) ? index : []) {
    const [name, offset, length]: unknown[] = entry;
    if (typeof name === "string" && typeof offset === "number" && typeof length === "number") {
      parts.set(name, packed.subarray(start + offset, start + offset + length));
    }
  }
  return parts;
}

function aligned(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}
