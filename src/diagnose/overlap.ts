import type { Route } from "../kernel/route.ts";
import { placeName } from "../trace/project.ts";
import { type Decision, routeGet } from "./decision.ts";
import { change, type Fact } from "./fact.ts";
import { holdersOf, isByHand } from "./holder.ts";
import { routeWords, signed } from "./row-words.ts";
import type { Loss } from "./scene.ts";

/** Two networks of a machine cover the destination, a card's and one of pods, and the wrong one of them wins. */
export function overlap(loss: Loss, { netns, found }: Decision): readonly Fact[] {
  if (!found) return [];
  const { route: winner } = found;
  const ofCard = ({ by, dev, dst }: Route) =>
    by === "kernel" && dst.length > 0 && netns.links.get(dev ?? "")?.kind === "nic";
  const ofPods = (row: Route) => row.dst.length > 0 && !ofCard(row) && !isByHand(row.by);
  const [holder] = holdersOf(loss, loss.sent.dst);
  const wanted = holder?.netns.kind === "pod" ? ofPods : ofCard;
  const other = wanted === ofPods ? ofCard : ofPods;
  const loser = found.losers.find(wanted);
  if (!holder || !other(winner) || !loser) return [];
  const at = placeName(netns.name);
  const address = netns.addresses.find(({ dev, ip }) => dev === winner.dev && winner.dst.contains(ip));
  return [
    {
      code: "CIDR_OVERLAP",
      at,
      text: `On ${at} ${signed(winner)} wins over ${routeWords(loser)}: the two networks share ${loss.sent.dst}, which is ${placeName(holder.netns.name)}.`,
      look: routeGet(loss.sent.dst, at, found),
      mend: () =>
        address && ofCard(winner) ? [change(at, `ip addr del ${address.ip}/${address.length} dev ${address.dev}`)] : [],
    },
  ];
}
