import { placeName } from "../trace/project.ts";
import { type Decision, routeGet } from "./decision.ts";
import { type Change, change, type Fact } from "./fact.ts";
import { holdersOf, isByHand } from "./holder.ts";
import { cardAddress } from "./mend-routes.ts";
import { prefixWords, routeWords, signed } from "./row-words.ts";
import { type Loss, namespace } from "./scene.ts";

/** A row whose gateway nobody has any more. */
export function staleHop(loss: Loss, { netns, found }: Decision, home: string | undefined): readonly Fact[] {
  const via = found?.nexthop?.via;
  if (!found || !via || !asksHere(loss, { netns, found }) || holdersOf(loss, via).length > 0) return [];
  // What an agent wrote of a machine that is there is told as that machine's wrong address.
  if (home !== undefined && !isByHand(found.route.by)) return [];
  // Pods' gateways are answered for by proxy, and tunnels ask nobody.
  if (netns.links.get(found.nexthop?.dev ?? "")?.kind !== "nic") return [];
  const at = placeName(netns.name);
  return [
    {
      code: "ROUTE_STALE",
      at,
      text: `${at} has ${signed(found.route)}, and nobody has ${via}.`,
      plain: [`The row of ${at} for ${prefixWords(found.route.dst)} leads to ${via}, and nobody has that address.`],
      look: routeGet(loss.sent.dst, at, found),
      mend: () => (home === undefined ? [] : [towardsHome(loss, { netns, found }, home)]),
    },
  ];
}

/** A row that looks for a pod on the link of a card, where pods never are. */
export function wrongDevice(loss: Loss, { netns, found }: Decision, home: string | undefined): readonly Fact[] {
  const { dst } = loss.sent;
  const dev = found?.nexthop?.dev;
  if (!found || !dev || found.nexthop?.via || !asksHere(loss, { netns, found })) return [];
  const [holder] = holdersOf(loss, dst);
  if (netns.links.get(dev)?.kind !== "nic" || holder?.netns.kind !== "pod" || home === undefined) return [];
  const at = placeName(netns.name);
  const [pod, host] = [placeName(holder.netns.name), placeName(home)];
  return [
    {
      code: "ROUTE_WRONG_DEVICE",
      at,
      text: `${at} has ${signed(found.route)}: it looks for ${dst} on the link of ${dev}, but that is ${pod}, inside ${host}.`,
      plain: [`The row of ${at} for ${prefixWords(found.route.dst)} looks for pods on the link of ${dev} itself.`],
      look: routeGet(dst, at, found),
      mend: () => [towardsHome(loss, { netns, found }, home)],
    },
  ];
}

/** Whether it was this decision after which nobody answered. */
function asksHere(loss: Loss, { netns }: Decision): boolean {
  return loss.reason === "NEIGH_FAILED" && loss.netns === netns && !loss.wrapped;
}

/** The same row with the machine that has the destination as its gateway; without the row where that is this one. */
function towardsHome(loss: Loss, { netns, found }: Decision, home: string): Change {
  const at = placeName(netns.name);
  const right = cardAddress(namespace(loss, home), loss.sent.dst.family);
  if (!found) return [];
  if (!right || home === netns.name) return change(at, `ip route del ${routeWords(found.route)}`);
  return change(at, `ip route replace ${found.route.dst} via ${right}`);
}
