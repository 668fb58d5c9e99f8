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

/**
 * Parts come in bundles beside the entry: each file is one expression, a map of parts as CommonJS functions. `bundleOf`
 * says which file holds a part; a `./` in a part leads to another, anything else to Node itself.
 */
export function parts(folder: string, bundleOf: Readonly<Record<string, string>>, cache: CodeCache | undefined): Parts {
  const factories = new Map<string, Factory>();
  const modules = new Map<string, Module>();
  const fresh = new Map<string, Script>();

  function load(name: string): unknown {
    const known = modules.get(name);
    if (known) return known.exports;
    const module: Module = { filename: join(folder, bundleOf[name] ?? name), exports: {} };
    modules.set(name, module);
    factory(name)(module.exports, resolve, module);
    return module.exports;
  }

  function factory(name: string): Factory {
    const known = factories.get(name);
    if (known) return known;
    const bundle = bundleOf[name];
    if (bundle === undefined) throw new Error(`no bundle has the part ${name}`);
    for (const [part, made] of Object.entries(open(bundle))) factories.set(part, made);
    return factory(name);
  }

  function open(bundle: string): Record<string, Factory> {
    const filename = join(folder, bundle);
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
