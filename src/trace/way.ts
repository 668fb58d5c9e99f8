import type { Answer, Direction, FabricNeed } from "./answer.ts";
import type { Path } from "./steps.ts";
import type { Trace } from "./trace.ts";

/** A walk of an answer, with a name for it where an answer has more than a packet and its reply. */
export interface NamedTrace {
  readonly trace: Trace;
  readonly name?: string;
}

/** Every walk of an answer in order: packets and their replies, and with --all-branches those over other branches. */
export function tracesOf({ forward, reply, flow, allBranches }: Answer): readonly NamedTrace[] {
  const sent = flow
    ? flow.flatMap((packet) => [
        { trace: packet.forward.trace, name: `packet ${packet.number} of ${flow.length}` },
        ...(packet.reply ? [{ trace: packet.reply.trace, name: `reply ${packet.number} of ${flow.length}` }] : []),
      ])
    : [{ trace: forward.trace }, ...(reply ? [{ trace: reply.trace }] : [])];
  return allBranches ? [...sent, ...otherWays(forward, "way"), ...otherWays(reply, "reply way")] : sent;
}

function otherWays(direction: Direction | undefined, name: string): readonly NamedTrace[] {
  const walked = direction?.branches?.walked ?? [];
  return walked.slice(1).map(({ trace }, i) => ({ trace, name: `${name} ${i + 2} of ${walked.length}` }));
}

/** Whether a reply visits the places of the way there, backwards. */
export function isWayBack(there: Path, back: Path): boolean {
  const names = there.places.map((place) => place.netns).reverse();
  return back.places.length === names.length && back.places.every((place, i) => place.netns === names[i]);
}

/** What an answer ends with: of several packets the last, once everything is learned. */
export function settled(answer: Answer): Answer {
  const last = answer.flow?.at(-1);
  if (!last) return answer;
  const { reply: _, ...rest } = answer;
  const { forward, reply, senderSees } = last;
  return { ...rest, forward, ...(reply && { reply }), senderSees };
}

/** Where processes other than the two at the ends took the packet out of the kernel and put it back. */
export function detours(
  path: Path,
): readonly { readonly process: string; readonly places: readonly string[]; readonly crossings: number }[] {
  const byProcess = new Map<string, { places: string[]; crossings: number }>();
  for (const place of path.places) {
    for (const { crossing, process } of place.steps) {
      if (!crossing || process === undefined) continue;
      const known = byProcess.get(process) ?? { places: [], crossings: 0 };
      byProcess.set(process, known);
      known.crossings++;
      if (!known.places.includes(place.name)) known.places.push(place.name);
    }
  }
  return [...byProcess].map(([process, { places, crossings }]) => ({ process, places, crossings }));
}

/** Something the fabric must carry, with the pairs of neighbours it passes between; `both` when the reply needs it too. */
export interface FabricLeg {
  readonly what: string;
  readonly pairs: readonly { readonly from: string; readonly to: string; readonly both: boolean }[];
}

/** What fabrics must carry for a question and its answer, one entry for each kind of frame. */
export function fabricLegs(forward: Direction, reply: Direction | undefined): readonly FabricLeg[] {
  const legs = new Map<string, FabricNeed[]>();
  for (const need of [...forward.fabric, ...(reply?.fabric ?? [])]) {
    legs.set(need.what, [...(legs.get(need.what) ?? []), need]);
  }
  return [...legs].map(([what, needs]) => ({ what, pairs: paired(needs) }));
}

function paired(needs: readonly FabricNeed[]): FabricLeg["pairs"] {
  const pairs: { from: string; to: string; both: boolean }[] = [];
  for (const { from, to } of needs) {
    const back = pairs.find((pair) => pair.from === to && pair.to === from);
    if (back) back.both = true;
    else if (!pairs.some((pair) => pair.from === from && pair.to === to)) pairs.push({ from, to, both: false });
  }
  return pairs;
}

/** Who took how much off the TTL of the packet itself: kernels that forwarded it, and processes by name. */
export function ttlSpent(path: Path): { readonly kernels: readonly string[]; readonly processes: readonly string[] } {
  const kernels: string[] = [];
  const processes: string[] = [];
  let before: number | undefined;
  for (const place of path.places) {
    for (const { ttl, event, process } of place.steps) {
      const now = ttl.at(-1);
      if (now === undefined || event.action.kind === "arp" || event.action.kind === "handshake") continue;
      const who = event.action.kind === "lease" ? event.action.lease.process : process;
      for (let left = before ?? now; left > now; left--) {
        if (who === undefined) kernels.push(place.name);
        else processes.push(who);
      }
      before = now;
    }
  }
  return { kernels, processes };
}
