import type { Ip } from "../addr/ip.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Event } from "../trace/event.ts";
import { placeName } from "../trace/project.ts";
import { type Change, change, type Fact } from "./fact.ts";
import { holdersOf, homeOf, isByHand } from "./holder.ts";
import { cardAddress } from "./mend-routes.ts";
import { fdbWords, peerCommand, routeWords } from "./row-words.ts";
import { type Loss, namespace } from "./scene.ts";

/** A row by which an agent means the machine that has the destination, with the address it knows it by. */
interface Belief {
  readonly ip: Ip;
  readonly words: string;
  readonly mend: (right: Ip) => string;
}

/** Agents know the machine that has the destination by an address it does not have. */
export function misdetected(loss: Loss): readonly Fact[] {
  const home = homeOf(loss, loss.sent.dst);
  const owner = home === undefined ? undefined : namespace(loss, home);
  if (owner?.kind !== "host") return [];
  for (const { at, action } of loss.path) {
    const belief = at.netns === owner.name ? undefined : beliefIn(loss, namespace(loss, at.netns), action);
    if (!belief || owner.addresses.some(({ ip }) => ip.equals(belief.ip))) continue;
    const here = placeName(at.netns);
    const where = placeName(owner.name);
    const right = cardAddress(owner, belief.ip.family);
    const [other] = holdersOf(loss, belief.ip);
    const whose = other ? `is ${placeName(other.netns.name)}'s` : "nobody has";
    return [
      {
        code: "NODE_IP_MISDETECTED",
        at: where,
        text: `${here} knows ${where} by ${belief.ip}, which ${whose}${right ? `; ${where} has ${right}` : ""}: ${belief.words}.`,
        plain: [`The agents know ${where} by ${belief.ip}, and it does not have that address.`],
        look: [
          { at: where, command: "ip -br addr", expect: `no ${belief.ip}` },
          { at: here, command: `ip route get ${belief.ip}`, expect: "a way to somebody else, or nobody" },
        ],
        mend: () => (right ? [change(here, belief.mend(right)) satisfies Change] : []),
      },
    ];
  }
  return [];
}

function beliefIn(loss: Loss, netns: Netns, action: Event["action"]): Belief | undefined {
  switch (action.kind) {
    case "route": {
      const { route, nexthop } = action.found;
      const via = nexthop?.via;
      if (!via || netns.kind !== "host" || isByHand(route.by) || route.dst.length === 0) return undefined;
      const kind = netns.links.get(nexthop.dev ?? "")?.kind;
      // On a card the gateway may be a router on the way; in a tunnel it is the far end itself.
      const named = kind === "ipip" || (kind === "nic" && holdersOf(loss, via).length === 0);
      if (!named || !route.dst.contains(loss.sent.dst)) return undefined;
      const words = routeWords(route);
      return { ip: via, words, mend: (right) => `ip route replace ${words.replace(`via ${via}`, `via ${right}`)}` };
    }
    case "fdb": {
      const { dst: to, by, mac, dev } = action.entry;
      if (!to || isByHand(by)) return undefined;
      return {
        ip: to,
        words: fdbWords(action.entry),
        mend: (right) => `bridge fdb replace ${mac} dev ${dev} dst ${right}`,
      };
    }
    case "peer": {
      const { peer } = action;
      if (isByHand(peer.by)) return undefined;
      const mend = (right: Ip) => peerCommand({ ...peer, endpoint: right });
      return { ip: peer.endpoint, words: `peer ${peer.publicKey} endpoint ${peer.endpoint}:${peer.port}`, mend };
    }
    case "lease": {
      const { to, port, by, dst: subnet } = action.lease;
      if (isByHand(by)) return undefined;
      return {
        ip: to,
        words: `lease ${subnet} to ${to}:${port}`,
        mend: (right) => `lease add ${subnet} via ${right}:${port}`,
      };
    }
    default:
      return undefined;
  }
}
