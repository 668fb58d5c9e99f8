import { join } from "node:path";
import { Script } from "node:vm";
import type { CodeCache } from "./code-cache.ts";
import { contents } from "./contents.ts";

/** Loads the parts that the program was cut into, each when it is first asked for. */
export interface Parts {
  load(name: string): unknown;
  /** Keeps what was compiled, for the next start. */
  keep(): void;
}

interface Module {
  readonly filename: string;
  exports: object;
}

type Factory = (exports: object, load: (name: string) => unknown, module: Module) => void;

/** A part not yet loaded, and the file that it stands in. */
interface Part {
  readonly filename: string;
  readonly make: Factory;
}

/**
 * Parts come in bundles beside the entry: each file is one expression, a map of parts as CommonJS functions. `bundleOf`
 * says which file holds a part; a `./` in a part leads to another, anything else to Node itself.
 */
export function parts(folder: string, bundleOf: Readonly<Record<string, string>>, cache: CodeCache | undefined): Parts {
  const opened = new Map<string, Part>();
  const modules = new Map<string, Module>();
  const fresh = new Map<string, Script>();

  function load(name: string): unknown {
    const known = modules.get(name);
    if (known) return known.exports;
    const { filename, make } = find(name);
    const module: Module = { filename, exports: {} };
    modules.set(name, module);
    make(module.exports, resolve, module);
    return module.exports;
  }

  function find(name: string): Part {
    const known = opened.get(name);
    if (known) return known;
    const bundle = bundleOf[name];
    if (bundle === undefined) throw new Error(`no bundle has the part ${name}`);
    const filename = join(folder, bundle);
    for (const [part, make] of Object.entries(open(bundle, filename))) opened.set(part, { filename, make });
    return find(name);
  }

  function open(bundle: string, filename: string): Record<string, Factory> {
    // The build leaves nothing but ASCII in them, which is read fastest this way.
    const source = contents(filename).toString("latin1");
    const cachedData = cache?.read(bundle);
    const script = new Script(source, { filename, ...(cachedData && { cachedData }) });
    if (!cachedData || script.cachedDataRejected) fresh.set(bundle, script);
    return script.runInThisContext();
  }

  function resolve(id: string): unknown {
    return id.startsWith("./") ? load(id.slice(2)) : require(id);
  }

  function keep(): void {
    if (!cache || fresh.size === 0) return;
    cache.write(new Map([...fresh].map(([name, script]) => [name, script.createCachedData()])));
  }

  return { load, keep };
}
