import type { Netns } from "../kernel/netns.ts";
import { placeName } from "../trace/project.ts";
import { arrived, type Decision } from "./decision.ts";
import type { Fact } from "./fact.ts";
import { isUnderlay } from "./holder.ts";
import { type Loss, namespace } from "./scene.ts";

/** A route that was never learned: a session of its way is down, at this machine or at the one that would announce it. */
export function silentSession(loss: Loss, { netns, found }: Decision, home: string | undefined): readonly Fact[] {
  const { dst } = loss.sent;
  if (home === undefined || netns.name === home || netns.kind === "pod" || arrived(loss, home)) return [];
  if ((found && found.route.dst.length > 0) || isUnderlay(loss, dst)) return [];
  const owner = namespace(loss, home);
  const fact = downAt(netns, owner) ?? downAt(owner, netns);
  return fact ? [fact] : [];
}

/** The session with the other machine if there is one, else any that is down. */
function downAt(netns: Netns, other: Netns): Fact | undefined {
  const at = placeName(netns.name);
  const towards = placeName(other.name);
  const sessions = [...netns.sessions()];
  const direct = sessions.find(({ peer }) => peer === towards);
  const down = direct ?? sessions.find(({ state }) => state !== "Established");
  if (!down || down.state === "Established") return undefined;
  const { peer, state, why = state } = down;
  return {
    code: "BGP_NOT_ESTABLISHED",
    at,
    text: `${at} has no BGP with ${peer}: ${why}. So what ${peer} would announce is missing.`,
    look: [{ at, command: "birdcl show protocols", expect: `${state} for ${peer}` }],
  };
}
