import { placeName } from "../trace/project.ts";
import { arrived, type Decision, gatewayWords, routeGet } from "./decision.ts";
import { change, type Fact } from "./fact.ts";
import { holdersOf, isUnderlay } from "./holder.ts";
import { cardAddress, teachRouters } from "./mend-routes.ts";
import { routeWords, signed } from "./row-words.ts";
import { type Loss, namespace } from "./scene.ts";

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

/** The same from a machine that has a tunnel, and takes the other one for a neighbour of its own link. */
export function untunnelled(loss: Loss, decision: Decision, home: string | undefined): readonly Fact[] {
  const { netns, found } = decision;
  const tunnel = [...netns.links.values()].find(({ kind, up }) => up && (kind === "ipip" || kind === "vxlan"));
  const peer = home === undefined ? undefined : cardAddress(namespace(loss, home), loss.sent.dst.family);
  if (!tunnel || !peer || !found || !toBlindRouter(loss, decision)) return [];
  const at = placeName(netns.name);
  const where = placeName(home ?? "");
  return [
    {
      code: "MISSING_ENCAP",
      at,
      text: `${at} sends to ${loss.sent.dst} without ${tunnel.name}, by ${signed(found.route)}, as if ${where} (${peer}) were on a subnet of its own; a router is between them.`,
      look: [
        ...routeGet(loss.sent.dst, at, found),
        { at, command: `ip route show dev ${tunnel.name}`, expect: `no ${found.route.dst}` },
      ],
      mend: () => [change(at, `ip route replace ${found.route.dst} via ${peer} dev ${tunnel.name} onlink`)],
    },
  ];
}

/** Whether a plain route led to a router that knew nothing of the destination. */
function toBlindRouter(loss: Loss, { netns, found }: Decision): boolean {
  const via = found?.nexthop?.via;
  if (!found || !via || found.route.dst.length === 0 || netns.kind !== "host") return false;
  const [holder] = holdersOf(loss, via);
  const lostThere = loss.netns.kind === "router" && loss.reason === "IP_INNOROUTES" && !loss.wrapped;
  return holder?.netns.kind === "router" && lostThere;
}

/** A plain route to a router that does not know the destination. */
export function blindRouter(loss: Loss, decision: Decision): readonly Fact[] {
  const { netns, found } = decision;
  const via = found?.nexthop?.via;
  const [holder] = via ? holdersOf(loss, via) : [];
  if (!found || !holder || !toBlindRouter(loss, decision)) return [];
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
