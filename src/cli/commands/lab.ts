import type { Network } from "../../kernel/network.ts";
import { hand } from "../../lab/helper.ts";
import { PREFIX } from "../../lab/names.ts";
import { planLab } from "../../lab/plan.ts";
import { lacking } from "../../lab/possible.ts";
import { agreementText, disagreementsOf } from "../../lab/report.ts";
import { scriptOf } from "../../lab/script.ts";
import { bringUp, standing, takeDown } from "../../lab/up.ts";
import { podPairs, verify } from "../../lab/verify.ts";
import { buildNetwork } from "../../modes/build.ts";
import { findEndpoint } from "../../query/endpoint.ts";
import type { Outcome } from "../../topology/problem.ts";
import type { Topology } from "../../topology/topology.ts";
import type { Endpoint } from "../../trace/answer.ts";
import { placeName } from "../../trace/project.ts";
import { complain, note, USAGE } from "../complain.ts";
import type { Flags } from "../flags.ts";
import type { Io } from "../io.ts";
import type { Run } from "../run.ts";
import { readWorld } from "../world.ts";

/** The exit status when a lab cannot be here. */
const NOT_HERE = 3;
/** As many pairs of pods as are compared when none is named. */
const MOST_PAIRS = 4;

/** `lab up|down|exec|script|verify`: the topology in this kernel, and where model and kernel differ. */
export const lab: Run = async ([action = "", ...rest], flags, io) => {
  if (action === "down") return down(io);
  if (action === "exec") return enter(rest, io);
  const world = await readWorld(flags, io, { places: action === "verify" ? rest : [], others: [] });
  if (!world.ok) return complain(world.problems, io);
  const { topology, modes, faults } = world.value;
  let status = 0;
  for (const mode of modes) {
    const built = buildNetwork(topology, mode, faults);
    if (!built.ok) return complain(built.problems, io);
    status = Math.max(status, perform(action, rest, { topology, network: built.value }, flags, io));
  }
  return status;
};

interface Subject {
  readonly topology: Topology;
  readonly network: Network;
}

function perform(action: string, rest: readonly string[], subject: Subject, flags: Flags, io: Io): number {
  if (action === "script") {
    io.write(scriptOf(planLab(subject.network, PREFIX)));
    return 0;
  }
  const missing = lacking(subject.network, PREFIX);
  for (const sentence of missing) note(`no lab here: ${sentence}`, io);
  if (missing.length > 0) return NOT_HERE;
  return action === "up" ? up(subject.network, io) : compare(subject, rest, flags, io);
}

function up(network: Network, io: Io): number {
  const plan = planLab(network, PREFIX);
  const surprises = bringUp(plan);
  for (const sentence of plan.missing) note(`not built: ${sentence}`, io);
  for (const { place, command, expected, observed } of surprises) {
    note(`${place}: ${command}: expected ${expected}, observed ${observed}`, io);
  }
  for (const [place, name] of plan.names.kernel) io.write(`${name}  ${place}\n`);
  return surprises.length > 0 ? 1 : 0;
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

function compare({ topology, network }: Subject, places: readonly string[], flags: Flags, io: Io): number {
  const pairs = pairsOf(topology, network, places);
  if (!pairs.ok) return complain(pairs.problems, io);
  const agreement = verify(network, pairs.value, { prefix: PREFIX });
  io.write(
    flags.format === "json" ? `${JSON.stringify({ schemaVersion: "1.0", ...agreement })}\n` : agreementText(agreement),
  );
  return disagreementsOf(agreement).length > 0 ? 1 : 0;
}

/** Both ways between two places; without any, some pairs of pods. */
function pairsOf(
  topology: Topology,
  network: Network,
  [src, dst]: readonly string[],
): Outcome<readonly (readonly [Endpoint, Endpoint])[]> {
  if (src === undefined || dst === undefined) return { ok: true, value: podPairs(network, MOST_PAIRS) };
  const from = findEndpoint(topology, network, src, 4);
  const to = findEndpoint(topology, network, dst, 4);
  if (!from.ok || !to.ok)
    return { ok: false, problems: [...(from.ok ? [] : from.problems), ...(to.ok ? [] : to.problems)] };
  const there = [from.value, to.value] as const;
  const back = [to.value, from.value] as const;
  return { ok: true, value: [there, back].filter(([sender]) => sender.netns !== undefined) };
}
