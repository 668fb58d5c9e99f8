// node test/mutants/survey.mjs [COUNT] [SEED] [ROOM...]: draws so many edits from each of three rooms by a seed, makes one at a time,
// and asks the room's own tests. Prints those that live, and the share that is killed. By hand: it takes its time.
import { readdirSync, readFileSync } from "node:fs";
import { editsOf } from "./operators.mjs";
import { openTests, ROOT } from "./tests.mjs";

/** Which tests judge a room: those of its own, and of what is told by it. None makes a network namespace. */
const ROOMS = {
  modes: ["test/modes/"],
  dataplane: ["test/dataplane/[!k]", "test/dataplane/kernel-[!l]", "test/truth/", "test/query/flow"],
  diagnose: ["test/diagnose/", "test/cli/questions"],
};

const [count = "50", seed = "1", ...rooms] = process.argv.slice(2);
const random = drawn(Number(seed));
const tests = await openTests();
const totals = { killed: 0, made: 0 };
try {
  for (const room of rooms.length > 0 ? rooms : Object.keys(ROOMS)) {
    const judges = judgesOf(ROOMS[room]);
    if (await tests.fails(undefined, judges)) throw new Error(`the tests of ${room} fail without a mutant`);
    const chosen = sample(mutantsOf(room), Number(count));
    let killed = 0;
    for (const mutant of chosen) {
      if (await tests.fails(mutant, judges)) killed++;
      else console.log(`LIVES  ${mutant.where}  ${mutant.what}\n         ${mutant.before}\n       → ${mutant.after}`);
    }
    console.log(`${room}: ${killed} of ${chosen.length} killed`);
    totals.killed += killed;
    totals.made += chosen.length;
  }
} finally {
  await tests.close();
}
console.log(`${totals.killed} of ${totals.made} killed, ${Math.round((100 * totals.killed) / totals.made)} %`);

/** Every edit of every file of a room. */
function mutantsOf(room) {
  const files = readdirSync(`${ROOT}src/${room}`).map((name) => `src/${room}/${name}`);
  return files.flatMap((file) => {
    const text = readFileSync(ROOT + file, "utf8");
    return editsOf(text).map(({ what, start, end, after }) => ({
      file,
      what,
      where: `${file}:${text.slice(0, start).split("\n").length}`,
      before: brief(text.slice(start, end)),
      after: brief(after),
      edit: (code) => code.slice(0, start) + after + code.slice(end),
    }));
  });
}

function brief(text) {
  const line = text.replace(/\s+/g, " ");
  return line.length > 100 ? `${line.slice(0, 100)} …` : line;
}

/** Test files by the beginnings of their paths, where `[!x]` is any letter but x. */
function judgesOf(filters) {
  const files = readdirSync(`${ROOT}test`, { recursive: true, encoding: "utf8" }).map((file) => `test/${file}`);
  const patterns = filters.map((filter) => new RegExp(`^${filter.replace("[!", "[^")}`));
  return files.filter((file) => file.endsWith(".test.ts") && patterns.some((pattern) => pattern.test(file)));
}

function sample(all, size) {
  const rest = [...all];
  const taken = [];
  while (taken.length < size && rest.length > 0) taken.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return taken;
}

/** mulberry32: the same seed, the same numbers. */
function drawn(from) {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
