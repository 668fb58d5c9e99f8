import type { Network } from "../kernel/network.ts";
import type { Diagnosis } from "../trace/answer.ts";
import type { Trace } from "../trace/trace.ts";
import { causesOf } from "./causes.ts";
import { deathOf } from "./death.ts";
import type { Change } from "./fact.ts";
import { lossOf, sceneOf } from "./scene.ts";

/** How many are worth trying. */
const MOST_PROPOSALS = 8;

/**
 * Changes that may make a lost packet arrive, in the operator's own commands, the most likely first: what mends the
 * earliest cause, then what mends the place of death, at last one remedy for each fact together. They are guesses from
 * rows; whoever offers one applies it and walks the packet again.
 */
export function proposeFixes(
  network: Network,
  trace: Trace,
  { verdict }: Pick<Diagnosis, "verdict">,
): readonly { readonly edits: Change }[] {
  const loss = verdict === "REACHABLE" ? undefined : lossOf(sceneOf(network, trace));
  if (!loss) return [];
  const death = deathOf(loss);
  const each = [...causesOf(loss, death), death].map(({ mend }) => (mend?.() ?? []).filter(({ length }) => length > 0));
  const together = unique(each.flatMap(([first]) => first ?? []));
  const proposals = [...each.flat(), ...(together.length > 1 ? [together] : [])];
  const keys = proposals.map((edits) => JSON.stringify(edits));
  return proposals
    .filter((_, i) => keys.indexOf(keys[i] ?? "") === i)
    .slice(0, MOST_PROPOSALS)
    .map((edits) => ({ edits }));
}

function unique(edits: Change): Change {
  const key = ({ at, command }: Change[number]) => `${at}: ${command}`;
  return edits.filter((edit, i) => edits.findIndex((other) => key(other) === key(edit)) === i);
}
