import type { Network } from "../../kernel/network.ts";
import { hand } from "../../lab/helper.ts";
import { FILES } from "../../lab/layout.ts";
import { PREFIX } from "../../lab/names.ts";
import { planLab } from "../../lab/plan.ts";
import { lacking, tooLarge } from "../../lab/possible.ts";
import { unwritable, writeAnswers, writeQuestions } from "../../lab/record.ts";
import { scriptOf, word } from "../../lab/script.ts";
import { surprises } from "../../lab/surprise.ts";
import { bringUp, standing, takeDown } from "../../lab/up.ts";
import { casesBetween, type Pair, podPairs, prepare, verify } from "../../lab/verify.ts";
import { buildNetwork } from "../../modes/build.ts";
import { findEndpoint } from "../../query/endpoint.ts";
import type { Outcome, Problem } from "../../topology/problem.ts";
import type { Topology } from "../../topology/topology.ts";
import { placeName } from "../../trace/project.ts";
import { notAmong } from "../ask.ts";
import { FORMATS } from "../choices.ts";
import { complain, note, USAGE } from "../complain.ts";
import type { Flags } from "../flags.ts";
import type { Io } from "../io.ts";
import type { Run } from "../run.ts";
import { readWorld } from "../world.ts";
import { compareFolder, tell } from "./lab-folder.ts";

/** The exit status when a lab cannot be here. */
const NOT_HERE = 3;
/** As many pairs of pods as are compared when none is named. */
const MOST_PAIRS = 4;

/** `lab up|down|exec|script|prepare|verify`: the topology in this kernel or another, and where model and kernel differ. */
export const lab: Run = async ([action = "", ...rest], flags, io) => {
  if (action === "down") return down(io);
  if (action === "exec") return enter(rest, io);
  const others = [
    ...misplaced(action, flags),
    ...notAmong("--format", flags.format, FORMATS),
    ...(flags.from === undefined || rest.length === 0 ? [] : [SENT_ALREADY]),
  ];
  if (flags.from !== undefined && others.length === 0) return compareFolder(flags.from, flags, io);
  const world = await readWorld(flags, io, { places: action === "verify" || action === "prepare" ? rest : [], others });
  if (!world.ok) return complain(world.problems, io);
  const { topology, document, modes, faults } = world.value;
  if (flags.to !== undefined && modes.length > 1) return complain([ONE_LAB], io);
  let status = 0;
  for (const mode of modes) {
    const built = buildNetwork(topology, mode, faults);
    if (!built.ok) return complain(built.problems, io);
    status = Math.max(status, perform(action, rest, { topology, text: document(), network: built.value }, flags, io));
  }
  return status;
};

const ONE_LAB: Problem = { code: "usage", message: "--mode names several modes, and a folder holds the lab of one" };
const SENT_ALREADY: Problem = {
  code: "usage",
  message: "--from compares all that was sent; it takes no SRC and DST",
};

/** The actions that take each of them. */
const OWN = { from: ["verify"], to: ["verify", "prepare"], format: ["verify"] } as const;

/** Options that another action has. */
function misplaced(action: string, flags: Flags): readonly Problem[] {
  if (action === "prepare" && flags.to === undefined) {
    return [{ code: "usage", message: "lab prepare writes a folder, and none is named", hint: "add --to FOLDER" }];
  }
  return (Object.keys(OWN) as (keyof typeof OWN)[]).flatMap((option) => {
    const actions: readonly string[] = OWN[option];
    if (flags[option] === undefined || actions.includes(action)) return [];
    const message = `--${option} is no option of lab ${action}`;
    return [{ code: "usage", message, hint: `it is one of lab ${actions.join(" and ")}` }];
  });
}

interface Subject {
  readonly topology: Topology;
  readonly text: string;
  readonly network: Network;
}

function perform(action: string, rest: readonly string[], subject: Subject, flags: Flags, io: Io): number {
  const large = tooLarge(subject.network);
  if (large !== undefined) {
    note(`no lab: ${large}`, io);
    return NOT_HERE;
  }
  if (action === "script") {
    io.write(scriptOf(planLab(subject.network, PREFIX)));
    return 0;
  }
  const missing = action === "prepare" ? [] : lacking(subject.network, PREFIX);
  for (const sentence of missing) note(`no lab here: ${sentence}`, io);
  if (missing.length > 0) return NOT_HERE;
  return action === "up" ? up(subject.network, io) : ask(action, subject, rest, flags, io);
}

function up(network: Network, io: Io): number {
  const plan = planLab(network, PREFIX);
  const found = surprises(plan.steps, bringUp(plan));
  for (const { about, expected, observed } of found) note(`${about}: expected ${expected}, observed ${observed}`, io);
  for (const [place, name] of plan.names.kernel) io.write(`${name}  ${place}\n`);
  return found.length > 0 ? 1 : 0;
}

function down(io: Io): number {
  if (process.getuid?.() !== 0) {
    note("no lab here: a lab needs root", io);
    return NOT_HERE;
  }
  takeDown(PREFIX);
  return 0;
}

function enter([place = "", ...argv]: readonly string[], io: Io): number {
  const names = standing(PREFIX);
  const found = [...(names ?? [])].find(([name]) => name === place || placeName(name) === place);
  if (!found || argv.length === 0) {
    const message = !names ? "no lab is up" : !found ? `the lab has no ${place}` : "there is no command to run";
    complain([{ code: "usage", message, hint: "cni-trace lab exec PLACE -- COMMAND" }], io);
    return USAGE;
  }
  return hand(["ip", "netns", "exec", found[1], ...argv]);
}

/** Asks this kernel and compares, or writes down what another is to be asked. */
function ask(action: string, { topology, text, network }: Subject, places: readonly string[], flags: Flags, io: Io) {
  const pairs = pairsOf(topology, network, places, flags);
  if (!pairs.ok) return complain(pairs.problems, io);
  const { to } = flags;
  const problem = to === undefined ? undefined : unwritable(to);
  if (problem) return complain([problem], io);
  const cases = casesBetween(network, pairs.value);
  const source = { text, topology: topology.name, mode: network.mode, set: flags.set ?? [], fault: flags.fault ?? [] };
  if (action === "prepare" && to !== undefined) {
    const job = prepare(network, cases, PREFIX);
    writeQuestions(to, source, job);
    io.write(`as root, on Linux:  python3 ${word(`${to}/${FILES.helper}`)} run ${word(to)}\n`);
    io.write(`then, anywhere:     cni-trace lab verify --from ${word(to)}\n`);
    return 0;
  }
  const { job, answers, agreement } = verify(network, cases, PREFIX);
  if (to !== undefined) {
    writeQuestions(to, source, job);
    writeAnswers(to, answers);
  }
  return tell(agreement, flags, io);
}

/** Both ways between two places, in each family that both have; without any, some pairs of pods. */
function pairsOf(
  topology: Topology,
  network: Network,
  [src, dst]: readonly string[],
  { ipv4, ipv6 }: Flags,
): Outcome<readonly Pair[]> {
  const wanted = ([4, 6] as const).filter((family) => (family === 4 ? !ipv6 : !ipv4));
  const isWanted = ([from, to]: Pair) => from.ip.family === to.ip.family && wanted.includes(from.ip.family);
  if (src === undefined || dst === undefined) {
    return { ok: true, value: podPairs(network, MOST_PAIRS).filter(isWanted) };
  }
  const pairs: Pair[] = [];
  for (const family of wanted) {
    const from = findEndpoint(topology, network, src, family);
    const to = findEndpoint(topology, network, dst, family);
    if (!from.ok || !to.ok)
      return { ok: false, problems: [...(from.ok ? [] : from.problems), ...(to.ok ? [] : to.problems)] };
    pairs.push([from.value, to.value], [to.value, from.value]);
  }
  // One that has no address of a family is found by its other one.
  const own = pairs.filter((pair, k) => isWanted(pair) && pair[0].ip.family === wanted[k >> 1]);
  return { ok: true, value: own.filter(([sender]) => sender.netns !== undefined) };
}
