import { Prefix } from "../addr/prefix.ts";
import type { Refused } from "../kernel/refused.ts";
import type { Route } from "../kernel/route.ts";
import type { Writer } from "../kernel/row.ts";
import { placeName } from "../trace/project.ts";
import { arrived, type Decision, gatewayWords, routeGet } from "./decision.ts";
import type { Fact, Look } from "./fact.ts";
import { teachRouters } from "./mend-routes.ts";
import { routeWords } from "./row-words.ts";
import type { Loss } from "./scene.ts";

/** A row that was asked for and refused, and would have been the best. */
export function refusedRow(loss: Loss, { netns, found }: Decision, home: string | undefined): readonly Fact[] {
  if (arrived(loss, home)) return [];
  const { dst } = loss.sent;
  for (const refused of netns.refused(netns.peers.byIp(dst))) {
    const row = refused.asked.table === "route" ? refused.asked.row : undefined;
    if (!row?.dst.contains(dst) || row.dst.length <= (found?.route.dst.length ?? -1)) continue;
    return [refusal(loss, { netns, ...(found && { found }) }, refused, row)];
  }
  return [];
}

function refusal(loss: Loss, { netns, found }: Decision, refused: Refused, row: Route): Fact {
  const at = placeName(netns.name);
  const offLink = /gateway|host/i.test(refused.text) && (row.via !== undefined || row.nexthops !== undefined);
  const cards = netns.addresses.filter(({ dev }) => netns.links.get(dev)?.kind === "nic");
  const links = cards.map(({ dev, ip, length }) => `${dev} ${Prefix.of(ip, length)}`).join(", ");
  const why = offLink ? `: ${row.via} is on no link of ${at} (${links})` : "";
  const instead = found
    ? `So ${routeWords(found.route)} takes the packet${gatewayWords(loss, found)}.`
    : "Nothing else there fits.";
  return {
    code: offLink ? "NEXTHOP_NOT_ONLINK" : "ROUTE_REFUSED",
    at,
    text: `"${refused.text}"${why}`,
    refused,
    plain: [
      offLink
        ? `${refused.by} on ${at} wants a plain route by ${row.via}, but that address is on no link of ${at}, and the kernel refuses it.`
        : `The kernel of ${at} refused the route that ${refused.by} asked for: ${refused.text}.`,
      instead,
    ],
    look: [...routeGet(loss.sent.dst, at, found), ...logOf(refused.by, at, refused)],
    mend: () => [teachRouters(loss)],
  };
}

/** Where the agents that complain write. */
const LOGS: Partial<Record<Writer, string>> = {
  flanneld: "kubectl -n kube-flannel logs -l app=flannel",
  felix: "kubectl -n calico-system logs -l k8s-app=calico-node",
  bird: "kubectl -n calico-system logs -l k8s-app=calico-node",
};

function logOf(by: Writer, at: string, { errno, text }: Refused): readonly Look[] {
  const command = LOGS[by];
  const said = errno === "ENETUNREACH" ? "network is unreachable, once" : text;
  return command === undefined ? [] : [{ at, command, expect: said }];
}
