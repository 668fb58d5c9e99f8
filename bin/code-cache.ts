import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { contents } from "./contents.ts";

/** Compiled code of one command, one build of the program and one Node: a file for each bundle. */
export interface CodeCache {
  /** The compiled code of a bundle; it is gone when the next file is read. */
  read(bundle: string): Buffer | undefined;
  write(compiled: ReadonlyMap<string, Buffer>): void;
}

/**
 * The code cache of a command; `undefined` where there can be none.
 *
 * What lies in it is run, so it stands only in a folder that this user owns and nobody else can enter, never in one
 * that is shared. V8 itself refuses what another version or other flags have compiled. Nothing here is worth a word to
 * the user: whatever goes wrong, the program is compiled as if there were no cache.
 */
export function codeCache(command: string, build: string, env: NodeJS.ProcessEnv): CodeCache | undefined {
  const folder = cacheFolder(env);
  if (folder === undefined) return undefined;
  const nameOf = (bundle: string) => `${command}-${build}-${process.version}-${process.arch}-${bundle}.bin`;
  let ours: boolean | undefined;
  return {
    read(bundle) {
      try {
        ours ??= isOurs(folder);
        return ours ? contents(join(folder, nameOf(bundle))) : undefined;
      } catch {
        return undefined;
      }
    },
    write(compiled) {
      try {
        if (!made(folder)) return;
        for (const [bundle, code] of compiled) {
          const draft = join(folder, `${nameOf(bundle)}.${process.pid}`);
          writeFileSync(draft, code, { mode: 0o600, flag: "wx" });
          renameSync(draft, join(folder, nameOf(bundle)));
        }
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

/**
 * `$XDG_CACHE_HOME/cni-trace`, else `~/.cache/cni-trace`; none where files have no owners, or where Node's own switch
 * says that nothing is to be kept.
 */
function cacheFolder(env: NodeJS.ProcessEnv): string | undefined {
  if (env.NODE_DISABLE_COMPILE_CACHE) return undefined;
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
