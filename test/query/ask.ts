import { findMode } from "../../src/modes/registry.ts";
import type { Ask } from "../../src/query/answer.ts";
import { traceQuestion } from "../../src/query/trace.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Answer } from "../../src/trace/answer.ts";

/** The answer to a question over a topology given as data: from p1 to p2, unless the question says otherwise. */
export async function ask(mode: string, document: object, question: Partial<Ask> = {}): Promise<Answer> {
  const loaded = await loadTopology({ text: JSON.stringify(document), file: "case.json" });
  const found = findMode(mode);
  if (!loaded.ok || !found.ok) throw new Error(JSON.stringify(loaded.ok ? found : loaded.problems));
  const answer = traceQuestion(loaded.value, found.value, { src: "p1", dst: "p2", fixes: false, ...question });
  if (!answer.ok) throw new Error(JSON.stringify(answer.problems));
  return answer.value;
}

/** The verdict, the code, and the findings of several walks together with their places. */
export function codesOf({ verdict, code, because }: Answer): readonly string[] {
  return [verdict, code, ...because.map((fact) => `${fact.code} at ${fact.at}`)];
}
