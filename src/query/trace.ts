import { buildNetwork } from "../modes/build.ts";
import type { Mode } from "../modes/mode.ts";
import type { Outcome } from "../topology/problem.ts";
import type { Topology } from "../topology/topology.ts";
import type { Answer } from "../trace/answer.ts";
import { eventsOf } from "../trace/trace.ts";
import { type Ask, answerQuestion, questionOf } from "./answer.ts";
import { findFixes } from "./fixes.ts";

/** Answers `trace SRC DST`: builds the network, walks the packet and its reply, says why and what would mend it. */
export function traceQuestion(topology: Topology, mode: Mode, ask: Ask): Outcome<Answer> {
  const built = buildNetwork(topology, mode, ask.faults ?? []);
  if (!built.ok) return built;
  const asked = questionOf(topology, built.value, mode, ask);
  if (!asked.ok) return asked;
  const answer = answerQuestion(built.value, asked.value, ask);
  const lost = answer.verdict === "UNREACHABLE" || answer.verdict === "AMBIGUOUS";
  const fixes = lost && ask.fixes !== false ? findFixes({ topology, mode, network: built.value, ask, answer }) : [];
  return { ok: true, value: { ...answer, fixes, assumptions: [...assumptions(topology, answer)] } };
}

function* assumptions(topology: Topology, answer: Answer): Generator<string> {
  const assumed = eventsOf(answer.forward.trace, "deliver").some(({ action: { socket } }) =>
    typeof socket === "string" ? socket === "assumed" : socket.assumed,
  );
  if (assumed) {
    const { dst, protocol, dport } = answer.question;
    yield `${dst.name} listens on ${protocol}/${dport} (say listen: in the topology)`;
  }
  for (const { what, supply } of topology.assumptions) yield `${what} (${supply})`;
}
