// node test/mutants/run.mjs [--lab] [WORD]: makes every mutant that fits the word, one at a time, and runs the tests that
// are to notice it. Ends in 1 when a mutant lives. With --lab, labs are to notice them, and the share that they do is told.
import { readFileSync } from "node:fs";
import { noticedByLabs } from "./lab/share.mjs";
import { openTests } from "./tests.mjs";

const all = JSON.parse(readFileSync(new URL("mutants.json", import.meta.url), "utf8"));
const [word = ""] = process.argv.slice(2).filter((each) => each !== "--lab");
const chosen = all.filter((mutant) => `${mutant.file} ${mutant.breaks} ${mutant.test}`.includes(word));

await (process.argv.includes("--lab") ? noticedByLabs(chosen) : killedByTests());

async function killedByTests() {
  const started = performance.now();
  const tests = await openTests();
  const lives = [];
  try {
    // A test that fails by itself notices nothing.
    for (const test of new Set(chosen.map((mutant) => mutant.test))) {
      if (await tests.fails(undefined, [test])) throw new Error(`${test} fails without a mutant`);
    }
    for (const { file, breaks, before, after, test } of chosen) {
      if (await tests.fails({ file, edit: (code) => code.replace(before, () => after) }, [test])) continue;
      lives.push(file);
      console.log(`LIVES  ${file}: ${breaks} (${test} does not notice)`);
    }
  } finally {
    await tests.close();
  }
  const killed = chosen.length - lives.length;
  console.log(`${killed} of ${chosen.length} mutants killed in ${Math.round((performance.now() - started) / 1000)} s`);
  process.exitCode = lives.length > 0 ? 1 : 0;
}
