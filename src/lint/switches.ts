import { Ip } from "../addr/ip.ts";
import { fibLookup } from "../kernel/fib.ts";
import type { Netns } from "../kernel/netns.ts";
import { forwards, proxies, rpFilter } from "../kernel/sysctl.ts";
import { placeName } from "../trace/project.ts";
import type { Sighting } from "./finding.ts";
import { machinePath } from "./paths.ts";
import type { Scope } from "./scope.ts";

/** Settings of single machines that every packet for a pod depends on. */
export function* switches({ kinds, routers }: Scope): Generator<Sighting> {
  for (const { netns, hosts } of kinds) {
    const count = hosts.length;
    for (const found of [forwarding(netns), strict(netns), unanswered(netns)]) if (found) yield { ...found, count };
  }
  for (const netns of routers) {
    for (const found of [forwarding(netns), strict(netns)]) if (found) yield found;
  }
}

/** Devices that packets for others come in by, and that do not pass them on. */
function forwarding(netns: Netns): Sighting | undefined {
  const at = placeName(netns.name);
  for (const family of [4, 6] as const) {
    if (!netns.addresses.some(({ ip, scope }) => ip.family === family && scope === "global")) continue;
    const closed = [...netns.links.values()].filter(
      ({ kind, name }) => kind !== "loopback" && !forwards(netns, name, family),
    );
    if (closed.length === 0 || (netns.kind === "host" && closed.length === cards(netns).length && !hasPods(netns)))
      continue;
    const devices = closed.map(({ name }) => name);
    const text = `${at} does not forward IPv${family} packets that come in by ${listed(devices)}: what is for a pod ends there.`;
    return { code: "FORWARDING_DISABLED", severity: "error", at, path: machinePath(netns.name), text };
  }
  return undefined;
}

function hasPods(netns: Netns): boolean {
  return [...netns.links.values()].some(({ kind }) => kind === "veth" || kind === "bridge");
}

function cards(netns: Netns): readonly string[] {
  return [...netns.links.values()].filter(({ kind }) => kind === "nic").map(({ name }) => name);
}

function listed(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}

/** Strict reverse path filtering where the two directions can differ at all: behind two cards or more. */
function strict(netns: Netns): Sighting | undefined {
  const checked = cards(netns).filter((dev) => rpFilter(netns, dev) === 1);
  if (checked.length === 0 || cards(netns).length < 2) return undefined;
  const at = placeName(netns.name);
  const text = `${at} has ${cards(netns).length} cards and checks the reverse path strictly on ${listed(checked)}: a packet whose answer would leave by another card is dropped without a word.`;
  return { code: "RP_FILTER_STRICT", severity: "warning", at, path: machinePath(netns.name), text };
}

const LINK_LOCAL_GATEWAY = Ip.parse("169.254.1.1") as Ip;

/**
 * Pods whose gateway is answered for by proxy, on a node that has no route to it: the kernel then keeps silent
 * (`arp_process`: a unicast route that leaves by another device).
 */
function unanswered(netns: Netns): Sighting | undefined {
  const veth = [...netns.links.values()].find(({ kind, name }) => kind === "veth" && proxies(netns, name, 4));
  const found = veth && fibLookup(netns, { dst: LINK_LOCAL_GATEWAY });
  if (!veth || (found?.route.type === "unicast" && found.nexthop?.dev !== veth.name)) return undefined;
  const at = placeName(netns.name);
  const text = `Pods on ${at} have ${LINK_LOCAL_GATEWAY} as their gateway, for which the node answers ARP only while it has a route that covers it, and it has none.`;
  const fix = "Give the node a default route; any router will do.";
  return { code: "PROXY_ARP_OFF", severity: "error", at, path: machinePath(netns.name), text, fix };
}
