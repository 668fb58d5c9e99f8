// Runs tests over the source with one place of it changed. The tree is not touched: the text is replaced as it is loaded.
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Opens a runner; `fails(mutant, tests)` tells whether some test notices, and without a mutant whether some test fails.
 * `options` are vitest's.
 */
export async function openTests(options = {}) {
  let current;
  const overlay = {
    name: "mutant",
    enforce: "pre",
    transform: (code, id) => (current && id.split("?")[0] === ROOT + current.file ? current.edit(code) : undefined),
  };
  const vitest = await createVitest(
    "test",
    {
      ...{
        root: ROOT,
        watch: false,
        bail: 1,
        maxWorkers: 1,
        reporters: [{}],
        testTimeout: 60_000,
        hookTimeout: 60_000,
      },
      ...options,
    },
    { plugins: [overlay] },
  );
  return {
    close: () => vitest.close(),
    async fails(mutant, tests) {
      current = mutant;
      if (mutant) vitest.invalidateFile(ROOT + mutant.file);
      try {
        const specs = await vitest.globTestSpecifications(tests);
        if (specs.length === 0) throw new Error(`no test ${tests.join(", ")}`);
        const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specs);
        // What comes back holds every module that ever ran, with the state it was left in.
        const asked = new Set(specs.map(({ moduleId }) => moduleId));
        const broken = testModules.filter((module) => asked.has(module.moduleId) && module.state() === "failed");
        if (!mutant) for (const { moduleId } of broken) console.log(`FAILS  ${moduleId}`);
        return unhandledErrors.length > 0 || broken.length > 0;
      } finally {
        current = undefined;
        if (mutant) vitest.invalidateFile(ROOT + mutant.file);
      }
    },
  };
}
