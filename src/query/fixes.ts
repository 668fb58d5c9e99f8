import { proposeFixes } from "../diagnose/fixes.ts";
import type { Network } from "../kernel/network.ts";
import { buildNetwork } from "../modes/build.ts";
import type { Mode } from "../modes/mode.ts";
import { modes } from "../modes/registry.ts";
import type { Fault, Topology } from "../topology/topology.ts";
import type { Answer, Fix } from "../trace/answer.ts";
import { type Ask, answerQuestion, questionOf } from "./answer.ts";

/** How many of each kind are offered. */
const MOST_EDITS = 3;

interface Lost {
  readonly topology: Topology;
  readonly mode: Mode;
  readonly network: Network;
  readonly ask: Ask;
  readonly answer: Answer;
}

/** Changes that make the packet and its reply arrive: each one was applied and walked. */
export function findFixes(lost: Lost): readonly Fix[] {
  const failed =
    lost.answer.forward.ttl === undefined ? lost.answer.forward : (lost.answer.reply ?? lost.answer.forward);
  const proposals = proposeFixes(lost.network, failed.trace, failed.diagnosis);
  const fixes: Fix[] = [];
  for (const { edits } of proposals) {
    if (fixes.length >= MOST_EDITS) break;
    const fix = retrace(lost, lost.mode, edits);
    if (fix) fixes.push({ ...fix, edits });
  }
  const other = otherMode(lost);
  return other ? [other, ...fixes] : fixes;
}

/** The first mode of the same family that delivers as things stand, else of the others. */
function otherMode(lost: Lost): Fix | undefined {
  const same = (mode: Mode) => (mode.family === lost.mode.family ? 0 : 1);
  const candidates = modes.filter((mode) => mode.name !== lost.mode.name && !mode.deprecated);
  for (const mode of [...candidates].sort((a, b) => same(a) - same(b))) {
    const fix = retrace(lost, mode, []);
    if (fix) return { ...fix, mode: mode.name };
  }
  return undefined;
}

function retrace({ topology, ask }: Lost, mode: Mode, edits: Fix["edits"]): Fix | undefined {
  const faults = [...(ask.faults ?? []), ...edits.map(({ at, command }) => faultOf(topology, at, command))];
  const built = buildNetwork(topology, mode, faults);
  const question = built.ok ? questionOf(topology, built.value, mode, ask) : built;
  if (!built.ok || !question.ok) return undefined;
  const { verdict, code, forward } = answerQuestion(built.value, question.value);
  if (verdict !== "REACHABLE" && verdict !== "REACHABLE_WITH_RISK") return undefined;
  return {
    edits: [],
    code,
    headerBytes: forward.headerBytes,
    ...(forward.pathMtu !== undefined && { pathMtu: forward.pathMtu }),
  };
}

function faultOf(topology: Topology, at: string, text: string): Fault {
  const kind = topology.hosts.has(at) ? "host" : topology.routers.has(at) ? "router" : "pod";
  return { text, target: { kind, name: kind === "pod" && !at.includes("/") ? `default/${at}` : at } };
}
