import { placeName } from "../trace/project.ts";
import { arrived, type Decision, gatewayWords, routeGet } from "./decision.ts";
import { change, type Fact } from "./fact.ts";
import { holdersOf, isUnderlay } from "./holder.ts";
import { teachRouters } from "./mend-routes.ts";
import { routeWords, signed } from "./row-words.ts";
import type { Loss } from "./scene.ts";

/** A node knows nothing better than its default route, or nothing, for what another machine has. */
export function defaultLeak(loss: Loss, { netns, found }: Decision, home: string | undefined): readonly Fact[] {
  const { dst } = loss.sent;
  if (netns.kind !== "host" || home === undefined || netns.name === home || arrived(loss, home)) return [];
  if ((found && found.route.dst.length > 0) || isUnderlay(loss, dst)) return [];
  const at = placeName(netns.name);
  const down = [...netns.links.values()].filter((link) => !link.up).map((link) => link.name);
  const instead = found
    ? `${routeWords(found.route)} takes the packet${gatewayWords(loss, found)}`
    : "nothing takes the packet";
  const missing: Fact = {
    code: "ROUTE_MISSING",
    at,
    text: `${at} has no row for ${dst}, which ${placeName(home)} has; ${instead}.`,
    look: routeGet(loss.sent.dst, at, found),
  };
  return [...down.map((dev) => downHere(at, dev)), missing];
}

function downHere(at: string, dev: string): Fact {
  return {
    code: "IFACE_DOWN",
    at,
    text: `${dev} on ${at} is down, and the kernel took its routes away with it.`,
    look: [{ at, command: `ip link show ${dev}`, expect: "state DOWN" }],
    mend: () => [change(at, `ip link set ${dev} up`)],
  };
}

/** A plain route to a router that does not know the destination. */
export function blindRouter(loss: Loss, { netns, found }: Decision): readonly Fact[] {
  const via = found?.nexthop?.via;
  if (!found || !via || found.route.dst.length === 0 || netns.kind !== "host") return [];
  const [holder] = holdersOf(loss, via);
  const lostThere = loss.netns.kind === "router" && loss.reason === "IP_INNOROUTES" && !loss.wrapped;
  if (holder?.netns.kind !== "router" || !lostThere) return [];
  const at = placeName(netns.name);
  const router = placeName(holder.netns.name);
  return [
    {
      code: "UNDERLAY_BLACKHOLE",
      at,
      text: `${at} has ${signed(found.route)}, and ${via} is ${router}, a router that knows no pod networks.`,
      plain: [
        `The route on ${at} looks right, but it leads to the router ${router}, and the routers know nothing of pods.`,
      ],
      look: routeGet(loss.sent.dst, at, found),
      mend: () => [teachRouters(loss)],
    },
  ];
}
