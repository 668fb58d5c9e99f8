import type { Ip } from "../addr/ip.ts";
import type { FibResult } from "../kernel/fib.ts";
import type { Netns } from "../kernel/netns.ts";
import { routeKey } from "../kernel/route.ts";
import { placeName } from "../trace/project.ts";
import { type Decision, routeGet } from "./decision.ts";
import { change, type Fact } from "./fact.ts";
import { prefixWords, routeWords } from "./row-words.ts";
import type { Loss } from "./scene.ts";

/** A row for the destination that was taken out, and would have been the best. */
export function deletedRow(loss: Loss, { netns, found }: Decision): readonly Fact[] {
  return deletedFor(netns, loss.sent.dst, found);
}

/** The same for the outer destination of a wrapped packet, where nothing leads to it. */
export function deletedBelow(loss: Loss): readonly Fact[] {
  const outer = loss.wrapped ? loss.ip.dst : (loss.because.ip ?? loss.sent.dst);
  const blind = loss.reason === "IP_INNOROUTES" || loss.reason === "IP_OUTNOROUTES";
  return blind && !outer.equals(loss.sent.dst) ? deletedFor(loss.netns, outer, undefined) : [];
}

/** The longest row over an address that a namespace had and has not any more; `found` is what is used instead. */
export function deletedFor(netns: Netns, ip: Ip, found: FibResult | undefined): readonly Fact[] {
  const late = netns.routes.exceptions;
  const gone = late.filter(({ op, row }, i) => {
    const again = late.slice(i + 1).some((other) => other.op === "add" && routeKey(other.row) === routeKey(row));
    const better = row.dst.length > (found?.route.dst.length ?? -1);
    return op === "del" && !again && better && row.dst.contains(ip) && row.type === "unicast";
  });
  const [longest] = gone.map(({ row }) => row).sort((a, b) => b.dst.length - a.dst.length);
  if (!longest) return [];
  const at = placeName(netns.name);
  const words = routeWords(longest);
  const instead = found ? `${routeWords(found.route)} is used instead` : "nothing else fits";
  return [
    {
      code: "ROUTE_MISSING",
      at,
      text: `${at} had ${words}, by ${longest.by}; it was deleted, and ${instead}.`,
      plain: [`The row of ${at} for ${prefixWords(longest.dst)} was deleted; ${instead}.`],
      look: routeGet(ip, at, found),
      mend: () => [change(at, `ip route add ${words}`)],
    },
  ];
}
