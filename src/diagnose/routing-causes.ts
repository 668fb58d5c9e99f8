import { placeName } from "../trace/project.ts";
import { staleHop, wrongDevice } from "./astray.ts";
import { type Cause, type Decision, decisions, decisionsUntil } from "./decision.ts";
import { deletedBelow, deletedRow } from "./deleted-rows.ts";
import { destination, unresolved } from "./destination.ts";
import { change, type Fact } from "./fact.ts";
import { holdersOf, homeOf, isByHand } from "./holder.ts";
import { blindRouter, defaultLeak, untunnelled } from "./leak.ts";
import { cardAddress } from "./mend-routes.ts";
import { overlap } from "./overlap.ts";
import { cutOff } from "./ports.ts";
import { refusedRow } from "./refused-rows.ts";
import { hopWords, routeWords } from "./row-words.ts";
import { type Loss, namespace, type Scene } from "./scene.ts";
import { silentSession } from "./sessions.ts";

/** Each looks at one decision; the first that has something to say of a place speaks for it. */
const causes: readonly Cause[] = [
  refusedRow,
  deletedRow,
  shadowedRow,
  wrongNode,
  staleHop,
  overlap,
  wrongDevice,
  silentSession,
  defaultLeak,
  untunnelled,
  blindRouter,
];

/** Rows on the way, or rows that are not there, that led a bare packet to where it was lost. */
export function routingCauses(loss: Loss): readonly Fact[] {
  const home = homeOf(loss, loss.sent.dst);
  const told = decisionsUntil(loss).flatMap((decision) => {
    for (const cause of causes) {
      const facts = cause(loss, decision, home);
      if (facts.length > 0) return facts;
    }
    return [];
  });
  return [...told, ...cutOff(loss), ...deletedBelow(loss), ...unresolved(loss), ...destination(loss, home)];
}

/** A delivered packet that took a detour over a machine that has nothing to do with it. */
export function detours(scene: Scene): readonly Fact[] {
  const home = homeOf(scene, scene.sent.dst);
  return decisions(scene).flatMap((decision) => wrongNode(scene, decision, home));
}

/** A row by hand beats the agent's own for the same packet. */
function shadowedRow(_loss: Loss, { netns, found }: Decision): readonly Fact[] {
  if (!found || !isByHand(found.route.by) || found.route.dst.length === 0) return [];
  const loser = found.losers.find(({ by, dst, type }) => !isByHand(by) && dst.length > 0 && type === "unicast");
  if (!loser) return [];
  const at = placeName(netns.name);
  const words = routeWords(found.route);
  return [
    {
      code: "ROUTE_SHADOWED",
      at,
      text: `On ${at} ${words}, by ${found.route.by}, wins over ${routeWords(loser)}, by ${loser.by}.`,
      plain: [`On ${at} a row by hand, ${words}, wins over the one that ${loser.by} wrote.`],
      look: [{ at, command: `ip route show to match ${found.route.dst}`, expect: `${words} first` }],
      mend: () => [change(at, `ip route del ${words}`)],
    },
  ];
}

/** The gateway is a host, and not the one the destination is on. */
function wrongNode(scene: Scene, { netns, found }: Decision, home: string | undefined): readonly Fact[] {
  const via = found?.nexthop?.via;
  if (!found || !via || home === undefined || netns.name === home || netns.kind === "pod") return [];
  const [holder] = holdersOf(scene, via);
  if (holder?.netns.kind !== "host" || holder.machine === home) return [];
  const at = placeName(netns.name);
  const { dst } = scene.sent;
  const owner = namespace(scene, home);
  const right = cardAddress(owner, dst.family);
  const words = routeWords(found.route);
  return [
    {
      code: "ROUTE_WRONG_NODE",
      at,
      text: `${at} has ${words}, and ${via} is ${placeName(holder.machine)}, but ${dst} belongs to ${placeName(home)}.`,
      plain: [`${at} sends the packet to ${placeName(holder.machine)}, but ${dst} belongs to ${placeName(home)}.`],
      look: [{ at, command: `ip route get ${dst}`, expect: hopWords(found.nexthop ?? {}) }],
      mend: () => [
        change(at, `ip route del ${words}`),
        ...(right ? [change(at, `ip route replace ${found.route.dst} via ${right}`)] : []),
      ],
    },
  ];
}
