// node test/mutants/run.mjs [WORD]: makes every mutant that fits the word, one at a time, and runs the tests that are to
// notice it. The tree is not touched: the text is replaced as it is loaded. Ends in 1 when a mutant lives.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const all = JSON.parse(readFileSync(new URL("mutants.json", import.meta.url), "utf8"));
const [word = ""] = process.argv.slice(2);
const chosen = all.filter((mutant) => `${mutant.file} ${mutant.breaks} ${mutant.test}`.includes(word));

let current;
const overlay = {
  name: "mutant",
  enforce: "pre",
  transform: (code, id) =>
    current && id.split("?")[0] === ROOT + current.file ? code.replace(current.before, () => current.after) : undefined,
};

/** Whether some test of a file fails. */
async function fails(vitest, test) {
  const specs = await vitest.globTestSpecifications([test]);
  if (specs.length === 0) throw new Error(`no test ${test}`);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specs);
  return unhandledErrors.length > 0 || testModules.some((module) => module.state() === "failed");
}

const started = performance.now();
const vitest = await createVitest(
  "test",
  { root: ROOT, watch: false, bail: 1, reporters: [{}], testTimeout: 60_000, hookTimeout: 60_000 },
  { plugins: [overlay] },
);
const lives = [];
try {
  // A test that fails by itself notices nothing.
  for (const test of new Set(chosen.map((mutant) => mutant.test))) {
    if (await fails(vitest, test)) throw new Error(`${test} fails without a mutant`);
  }
  for (const mutant of chosen) {
    current = mutant;
    vitest.invalidateFile(ROOT + mutant.file);
    if (!(await fails(vitest, mutant.test))) {
      lives.push(mutant);
      console.log(`LIVES  ${mutant.file}: ${mutant.breaks} (${mutant.test} does not notice)`);
    }
    vitest.invalidateFile(ROOT + mutant.file);
    current = undefined;
  }
} finally {
  await vitest.close();
}
const killed = chosen.length - lives.length;
console.log(`${killed} of ${chosen.length} mutants killed in ${Math.round((performance.now() - started) / 1000)} s`);
process.exitCode = lives.length > 0 ? 1 : 0;
