import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Script } from "node:vm";
import type { CodeCache } from "./code-cache.ts";

/** Loads the parts that the program was cut into, each when it is first asked for. */
export interface Parts {
  load(name: string): unknown;
  /** Keeps what was compiled, for the next start. */
  keep(): void;
}

/** Parts stand beside the entry as CommonJS; a `./` in one of them leads to another, anything else to Node itself. */
export function parts(folder: string, cache: CodeCache | undefined): Parts {
  const compiled = cache?.read() ?? new Map<string, Buffer>();
  const nodes = createRequire(join(folder, "cni-trace.cjs"));
  const modules = new Map<string, { exports: unknown }>();
  const fresh = new Map<string, Script>();

  function load(name: string): unknown {
    const known = modules.get(name);
    if (known) return known.exports;
    const filename = join(folder, name);
    const source = `(function(exports,require,module){${readFileSync(filename, "utf8")}\n})`;
    const cachedData = compiled.get(name);
    const script = new Script(source, { filename, ...(cachedData && { cachedData }) });
    if (!cachedData || script.cachedDataRejected) fresh.set(name, script);
    const module = { exports: {} };
    modules.set(name, module);
    script.runInThisContext()(module.exports, resolve, module);
    return module.exports;
  }

  function resolve(id: string): unknown {
    return id.startsWith("./") ? load(id.slice(2)) : nodes(id);
  }

  function keep(): void {
    if (!cache || fresh.size === 0) return;
    cache.write(
      new Map([...compiled, ...[...fresh].map(([name, script]) => [name, script.createCachedData()] as const)]),
    );
  }

  return { load, keep };
}
